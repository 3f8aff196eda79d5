"""Writing so that a cut never leaves half a file or half a folder behind."""

from __future__ import annotations

import contextlib
import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from musedaemon.whole_file import whole_file


def write_text(path: Path, text: str) -> None:
    """Replace a text file at once."""
    with whole_file(path) as part:
        part.write_text(text, encoding="utf-8")


def write_json(path: Path, value: Any) -> None:
    """Replace a JSON file at once."""
    write_text(path, json.dumps(value, indent=1) + "\n")


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Inside the block, no other process of this machine is inside a block with the same path: it waits. The lock
    goes with its process, however that ends."""
    with path.open("a+b") as stream:
        if sys.platform == "win32":
            import msvcrt

            stream.seek(0)
            while True:
                # It gives up by itself after ten seconds.
                with contextlib.suppress(OSError):
                    msvcrt.locking(stream.fileno(), msvcrt.LK_LOCK, 1)
                    break
        else:
            import fcntl

            fcntl.flock(stream, fcntl.LOCK_EX)
        yield


@contextlib.contextmanager
def whole_folder(folder: Path) -> Iterator[Path]:
    """A new folder to write into, which takes the place of `folder` at the end of the block, and vanishes
    when that fails."""
    part = folder.with_name(folder.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    try:
        yield part
        old = _kept(folder)
        if folder.exists():
            shutil.rmtree(old, ignore_errors=True)
            folder.rename(old)
        part.rename(folder)
        shutil.rmtree(old, ignore_errors=True)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def whole_or_kept(folder: Path) -> Path:
    """The folder, or the one it was to replace if the process died between the two renames."""
    return folder if folder.exists() or not _kept(folder).exists() else _kept(folder)


def _kept(folder: Path) -> Path:
    return folder.with_name(folder.name + ".old")
