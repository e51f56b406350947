"""The vocabulary: frozen records, the five writes and the Portal protocol, in no vendor's words."""
