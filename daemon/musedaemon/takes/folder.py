"""The folder takes are written to: names by date and time, nothing written through a link, nothing overwritten."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from types import ModuleType

from musedaemon.config.schema import is_midi_file
from musedaemon.errors import ConfigError
from musedaemon.whole_file import advice, check_writable, reason

fcntl: ModuleType | None
try:
    import fcntl
except ImportError:  # Windows, where an open file cannot be removed anyway
    fcntl = None

_NO_LINKS = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
_MOST_NAMES = 1000
_LONGEST_JOURNAL = 1 << 28

EMPTY_FILE = bytes.fromhex("4d546864 00000006 0001 0001 01e0 4d54726b 00000004 00ff2f00")
"""A Standard MIDI File with nothing in it: what a take is until its first second is over."""


def check_folder(name: str) -> Path:
    """The folder of that name, which may have to be made yet. ConfigError says why nothing could be written there.

    Leaves nothing behind.
    """
    path = Path(name)
    if is_midi_file(name):
        raise ConfigError(f"{name} is a file, and takes go to a folder; name one, or use --out for a single file.")
    with _told_of(name):
        is_to_be_made = not path.exists() and path.parent.is_dir()
        if not is_to_be_made and not path.is_dir():
            raise ConfigError(f"{path} is no folder for takes; name one, or make the folder it is to be in.")
        check_writable((path.parent if is_to_be_made else path) / "take.mid")
    return path


def ready_folder(name: str) -> Path:
    """The folder of that name, made if it is missing. ConfigError as `check_folder`."""
    path = check_folder(name)
    with _told_of(name):
        path.mkdir(mode=0o700, exist_ok=True)
        return path.resolve(strict=True)


@contextlib.contextmanager
def _told_of(name: str) -> Iterator[None]:
    """ConfigError in place of the system's errors."""
    try:
        yield
    except (OSError, ValueError) as error:
        todo = advice(error, "name another folder")
        raise ConfigError(f"Takes cannot be written to {name} ({reason(error)}); {todo}.") from None


def journal_of(target: Path) -> Path:
    """Where the journal of a .mid file lies."""
    return target.with_name(f".{target.name}.take")


def target_of(journal: Path) -> Path:
    """The .mid file a journal is to become."""
    return journal.with_name(journal.name.removeprefix(".").removesuffix(".take"))


def new_take(folder: Path, when: datetime, addition: str = "") -> Path:
    """Reserve a name for a take that began then: an empty .mid file that was not there before, nor a journal of that
    name. OSError if it fails.
    """
    first = folder / f"{when.strftime('%Y-%m-%d_%H-%M-%S')}{addition}.mid"
    for target in _numbered(first):
        if os.path.lexists(journal_of(target)):
            continue
        try:
            _write_new(target, EMPTY_FILE)
        except FileExistsError:
            continue
        return target
    raise FileExistsError(f"{first.name} and a thousand like it are there")


def free_name(target: Path) -> Path:
    """This file, or where it or its journal is there one beside it, with the first number that is free. ConfigError."""
    for free in _numbered(target):
        if not os.path.lexists(free) and not os.path.lexists(journal_of(free)):
            _refuse_too_long(free)
            return free
    raise ConfigError(f"{target} and a thousand like it are there; name another file.")


def _refuse_too_long(target: Path) -> None:
    """A journal's name is longer than its file's, and it is needed with the first note."""
    try:
        os.lstat(journal_of(target))
    except FileNotFoundError:
        return
    except OSError as error:
        raise ConfigError(
            f"{target} cannot be written as it is played ({reason(error)}); name a file with a shorter name."
        ) from error


def journal_beside(target: Path, lines: Sequence[str]) -> JournalFile:
    """The journal of a take that goes to this file, or as `free_name`, which another session may have taken meanwhile.

    It begins with these lines. OSError if it fails.
    """
    for free in _numbered(target):
        if not os.path.lexists(free):
            with contextlib.suppress(FileExistsError):
                return JournalFile(journal_of(free), lines)
    raise FileExistsError(f"{target.name} and a thousand like it are there")


def left_beside(target: Path) -> list[Path]:
    """The journals of sessions that were cut short while they wrote this file, or one beside it with a number."""
    return [journal for journal in map(journal_of, _numbered(target)) if os.path.lexists(journal) and is_left(journal)]


def _numbered(target: Path) -> Iterator[Path]:
    yield target
    for number in range(2, _MOST_NAMES):
        yield target.with_name(f"{target.stem}_{number}{target.suffix}")


def new_journal(folder: Path, when: datetime, lines: Sequence[str], addition: str = "") -> JournalFile:
    """The journal of a new take there, as `new_take`, that begins with these lines."""
    target = new_take(folder, when, addition)
    try:
        return JournalFile(journal_of(target), lines)
    except OSError:
        target.unlink(missing_ok=True)
        raise


def drop_empty(journal: Path) -> None:
    """A session was cut short before anything was in this journal: it goes, and so does the empty file it was for."""
    target = target_of(journal)
    with contextlib.suppress(OSError):
        if not target.is_symlink() and target.stat().st_size == len(EMPTY_FILE) and target.read_bytes() == EMPTY_FILE:
            target.unlink()
    dropped(journal)


def dropped(journal: Path) -> bool:
    """Remove a journal; False where it stays, as an open one does on Windows: somebody writes it."""
    try:
        journal.unlink(missing_ok=True)
    except OSError:
        return False
    return True


def _write_new(path: Path, data: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NO_LINKS, 0o666)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
    except OSError:
        path.unlink(missing_ok=True)
        raise


class JournalFile:
    """A new file that only grows, and belongs to this process while it is open. OSError where it cannot.

    What could not be written whole is not there at all: nor is the file, without the lines it begins with.
    """

    def __init__(self, path: Path, lines: Sequence[str]) -> None:
        self.path = path
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_APPEND | _NO_LINKS, 0o666)
        self._length = 0
        try:
            if not _own(self._descriptor):
                raise BlockingIOError(errno.EAGAIN, "it is in use")
            self.append(lines)
        except OSError:
            os.close(self._descriptor)
            path.unlink(missing_ok=True)
            raise

    @property
    def is_gone(self) -> bool:
        """Whether somebody has removed it, or moved its folder away. It can still be read."""
        return not os.path.lexists(self.path)

    def lines(self) -> list[str]:
        """All that is in it."""
        os.lseek(self._descriptor, 0, os.SEEK_SET)
        with os.fdopen(os.dup(self._descriptor), "rb") as file:
            return file.read().decode("ascii").splitlines()

    def append(self, lines: Sequence[str]) -> None:
        """Write these lines; the system has them when it returns, whatever becomes of this process."""
        data = "".join(f"{line}\n" for line in lines).encode("ascii")
        try:
            rest = memoryview(data)
            while rest:
                rest = rest[os.write(self._descriptor, rest) :]
        except OSError:
            with contextlib.suppress(OSError):
                os.ftruncate(self._descriptor, self._length)
            raise
        self._length += len(data)

    def sync(self) -> None:
        """Have it on the disk, also if the power fails."""
        os.fsync(self._descriptor)

    def close(self) -> None:
        """Give it to whoever makes a .mid file of it."""
        os.close(self._descriptor)


def journals_left(folder: Path) -> list[Path]:
    """The journals in a folder that nobody is writing any more: those of a session that was cut short."""
    return [path for path in sorted(folder.glob(".*.mid.take")) if is_left(path)]


def is_left(path: Path) -> bool:
    """Whether nobody is writing this journal any more."""
    try:
        with open_journal(path) as descriptor:
            return _own(descriptor)
    except OSError:
        return False


def read_lines(path: Path) -> list[str]:
    """The whole lines of a journal, without one cut short at the end. OSError if it cannot be read or is not ours."""
    with open_journal(path) as descriptor, os.fdopen(os.dup(descriptor), "rb") as file:
        return file.read(_LONGEST_JOURNAL).decode("ascii", errors="replace").split("\n")[:-1]


@contextlib.contextmanager
def open_journal(path: Path) -> Iterator[int]:
    """A descriptor to read by. OSError for a link and for what is another user's: anybody may have put it there."""
    descriptor = os.open(path, os.O_RDONLY | _NO_LINKS | getattr(os, "O_NONBLOCK", 0))
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode) or (hasattr(os, "geteuid") and found.st_uid != os.geteuid()):
            raise PermissionError(f"{path} is not yours")
        yield descriptor
    finally:
        os.close(descriptor)


def _own(descriptor: int) -> bool:
    """Whether nobody else has the file; then it is ours until it is closed."""
    if fcntl is None:
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
