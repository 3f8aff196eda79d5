"""Takes: what is played, written to a folder as it is played, a .mid file a jam."""
