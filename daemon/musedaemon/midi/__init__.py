"""The MIDI border: bytes, files and ports on one side, the core's events on the other."""
