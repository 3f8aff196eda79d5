"""One tree of exceptions: everything a user can cause is a `MusedaemonError` with one clear sentence."""

from __future__ import annotations


class MusedaemonError(Exception):
    """The root. `str(error)` is one sentence for the user that says what to do next; `exit_status` is the process's."""

    exit_status = 2


class ConfigError(MusedaemonError):
    """A configuration file or a command-line option cannot be used."""


class PortError(MusedaemonError):
    """A MIDI port is unknown, ambiguous, or cannot be opened."""


class PortAbsentError(PortError):
    """A MIDI port, or the MIDI system itself, is not there; it may come."""


class MidiFileError(MusedaemonError):
    """A .mid file cannot be read or written."""


class ModelError(MusedaemonError):
    """A model file cannot be used: truncated, of another encoding version, or with external data."""


class TrainingError(MusedaemonError):
    """Training or evaluation cannot start or go on: no data, a checkpoint of another shape, a bad option."""


class ExportError(MusedaemonError):
    """An export is refused: torch and onnxruntime disagree, or the target cannot be written."""
