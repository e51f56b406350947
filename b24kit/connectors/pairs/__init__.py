"""Pairs of tokens of any vendor's OAuth, and the places that keep one for all processes and machines."""
