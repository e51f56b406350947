"""From piles to clients: stuck leads become contacts with their letters, or go to the archive, each with a reason."""
