"""musedaemon: a MIDI improvisation partner that listens note by note and answers in time."""

__version__ = "0.1.0"
