"""A client's folder: settings that can live in git, and secrets that cannot."""
