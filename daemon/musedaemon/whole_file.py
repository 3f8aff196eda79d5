"""Files that are written whole or not at all: under a new name beside, then `os.replace`.

Links are never followed: one at the target is refused (as open's O_NOFOLLOW does), and the new name is one that did
not exist. No libraries but Python's own: the daemon, training and export all write with it.
"""

from __future__ import annotations

import errno
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_LONGEST_NAME = 100
"""Of the name that a part is called after: file systems stop at 255 bytes."""
_FULL = {errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)}
"""A disk, a limit or a quota takes no more."""


class UnfitTargetError(OSError):
    """Nothing can be written under this name; `strerror` is the reason, `advice` what to do."""

    def __init__(self, reason: str, advice: str) -> None:
        super().__init__(0, reason)
        self.advice = advice


def advice(error: OSError | ValueError, otherwise: str) -> str:
    """What to do where writing failed: for a full disk and a name that nothing can be written under their own, else
    `otherwise`. For the end of a sentence, after a semicolon."""
    if isinstance(error, UnfitTargetError):
        return error.advice
    return "free some space there" if isinstance(error, OSError) and error.errno in _FULL else otherwise


def reason(error: Exception) -> str:
    """Why it failed, in the system's words, as they stand in a sentence."""
    told = (isinstance(error, OSError) and error.strerror) or str(error)
    return str(told).lower().rstrip(".")


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """A new, empty file beside `path`, which takes its place at the end of the block, safe on the disk, and vanishes
    if the block or that fails. OSError (UnfitTargetError where it has an advice), and nothing has changed.

    A link that was laid there meanwhile is replaced, and what it leads to stays as it was.
    """
    refuse_target(path)
    part = _new_beside(path)
    try:
        yield part
        _sync(part)
        part.replace(path)
    finally:
        with suppress(OSError):
            part.unlink()


def write_whole(path: Path, data: bytes) -> None:
    """Put `data` at `path`, replacing a file of that name; OSError as `whole_file`."""
    with whole_file(path) as part:
        part.write_bytes(data)


def check_writable(path: Path) -> None:
    """OSError if `whole_file` could not write here now; leaves nothing behind."""
    refuse_target(path)
    _new_beside(path).unlink()


def refuse_target(path: Path) -> None:
    """UnfitTargetError if this is no name that a file could be written under."""
    if path.is_symlink():
        raise UnfitTargetError("it is a link to another file", "name the file itself")
    if not path.parent.is_dir():
        raise UnfitTargetError(f"there is no folder {path.parent}", "make it first")
    if path.is_dir():
        raise UnfitTargetError("it is a folder", "name a file in it")
    if path.exists() and not path.is_file():
        raise UnfitTargetError("it is no regular file", "name another")
    if path.is_file() and not os.access(path, os.W_OK):
        raise UnfitTargetError("it is write-protected", "name another file, or allow writing it")


def _new_beside(path: Path) -> Path:
    part = path.with_name(f".{path.name[:_LONGEST_NAME]}.{secrets.token_hex(4)}.part")
    part.touch(exist_ok=False)
    return part


def _sync(path: Path) -> None:
    with path.open("r+b") as file:
        os.fsync(file.fileno())
