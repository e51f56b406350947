"""The vocabulary: frozen records, the six writes and the Portal protocol, in no vendor's words."""
