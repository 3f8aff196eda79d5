"""Files that others made, read whole within bounds: a pipe never blocks, a device never ends, no file fills the memory.

No libraries but Python's own: the daemon, training and export all read with it.
"""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

MEGABYTE = 1_000_000

_OPEN = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)


class UnfitFileError(OSError):
    """What lies there is no plain file, or is larger than any that makes sense; `strerror` says which."""


def read_plain(path: Path, most_bytes: int) -> bytes:
    """The bytes of a regular file of at most `most_bytes`, links followed. OSError, its `strerror` for the user, if
    it is none or cannot be read. Any thread.
    """
    _refuse_unless_plain(_status(path))
    descriptor = os.open(path, _OPEN)
    with os.fdopen(descriptor, "rb") as file:
        # Once more, of what was really opened: the path may lead elsewhere by now.
        _refuse_unless_plain(os.fstat(descriptor))
        data = file.read(most_bytes + 1)
    if len(data) > most_bytes:
        raise UnfitFileError(errno.EFBIG, f"it is larger than {_size(most_bytes)}")
    return data


def _status(path: Path) -> os.stat_result:
    try:
        return path.stat()
    except ValueError as error:  # a zero byte inside
        raise UnfitFileError(errno.EINVAL, "no file can have such a name") from error


def _refuse_unless_plain(status: os.stat_result) -> None:
    if stat.S_ISDIR(status.st_mode):
        raise UnfitFileError(errno.EISDIR, "it is a folder")
    if not stat.S_ISREG(status.st_mode):
        raise UnfitFileError(errno.EINVAL, "it is no regular file")


def _size(size: int) -> str:
    return f"{size // MEGABYTE} MB" if size >= MEGABYTE else f"{size:,} bytes"
