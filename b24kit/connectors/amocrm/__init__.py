"""The amoCRM side of the wire; Kommo is the same API under another host."""
