"""How an integration stays let in: pairs of tokens, where they are kept, and how they are renewed."""
