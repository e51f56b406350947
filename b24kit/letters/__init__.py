"""What a letter is: who really wrote it, whether a person did, and where it stands in its thread."""
