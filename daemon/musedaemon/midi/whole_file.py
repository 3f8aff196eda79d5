"""Files that are written whole or not at all: to a temporary name beside, then `os.replace`."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path

from musedaemon.errors import MidiFileError


def write_whole(path: Path, data: bytes) -> None:
    """Put `data` at `path`, replacing a file of that name; MidiFileError (and nothing changed) if it cannot be.

    A link at `path` is replaced by the file; what it pointed to stays as it was.
    """
    try:
        _refuse_target(path)
        temporary = _create_beside(path, data)
        try:
            temporary.replace(path)
        except OSError:
            temporary.unlink(missing_ok=True)
            raise
    except (OSError, ValueError) as error:
        raise _refusal(path, error) from error


def check_writable(path: Path) -> None:
    """MidiFileError if `write_whole` could not write here now; leaves nothing behind."""
    try:
        _refuse_target(path)
        _create_beside(path, b"").unlink()
    except (OSError, ValueError) as error:
        raise _refusal(path, error) from error


def _refuse_target(path: Path) -> None:
    if not path.parent.is_dir():
        raise MidiFileError(f"{path} cannot be written: there is no folder {path.parent}; make it first.")
    if path.is_dir():
        raise MidiFileError(f"{path} is a folder; name a .mid file in it.")
    if path.exists() and not path.is_file():
        raise MidiFileError(f"{path} is no regular file; name a .mid file.")
    if path.is_file() and not os.access(path, os.W_OK):
        raise MidiFileError(f"{path} is write-protected; name another file, or allow writing it.")


def _create_beside(path: Path, data: bytes) -> Path:
    """A new file in the same folder that holds `data`, safe on the disk. OSError leaves none."""
    temporary = path.with_name(f".{path.name[:100]}.{secrets.token_hex(4)}.part")
    try:
        with temporary.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        with suppress(OSError):
            temporary.unlink()
        raise
    return temporary


def _refusal(path: Path, error: OSError | ValueError) -> MidiFileError:
    reason = str((isinstance(error, OSError) and error.strerror) or error).lower()
    return MidiFileError(f"{path} cannot be written ({reason}); name a file in a folder you can write to.")
