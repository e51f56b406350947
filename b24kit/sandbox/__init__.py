"""Fake portals that behave as the vendors' documents say, over real HTTP; they share no code with the connectors."""
