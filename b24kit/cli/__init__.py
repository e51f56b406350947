"""The command line: one file a group of verbs; `context.py` is the composition root."""
