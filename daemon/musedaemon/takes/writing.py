"""What a session plays, written as journals, whatever becomes of the disk. On the thread of takes alone."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from musedaemon.core.beat_grid import Meter
from musedaemon.takes.folder import JournalFile, journal_beside, new_journal
from musedaemon.takes.journal import Entry, Scene, heading, line
from musedaemon.whole_file import reason

_MOST_UNWRITTEN = 50_000
"""So many lines wait at most for a disk that takes none."""
_SYNC_S = 1.0

OpenJournal = Callable[[Sequence[str]], JournalFile]
"""Opens a journal that begins with these lines. OSError where it cannot, and then nothing is there."""


class Keeping(Protocol):
    """Makes .mid files of journals, elsewhere."""

    def begun(self, journal: Path) -> None:
        """A journal is being written."""

    def over(self, journal: Path) -> None:
        """A journal is written to its end."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where takes go: `open_journal` opens the journal of one that begins now, with its first lines."""

    open_journal: OpenJournal
    meter: Meter


def dated(folder: Path, addition: str = "") -> OpenJournal:
    """Takes named by the date and time of now; `addition` ends the names."""
    return lambda lines: new_journal(folder, datetime.now().astimezone(), lines, addition)


def named(target: Path) -> OpenJournal:
    """The one take that is to be this file; it never takes the place of another one's."""
    return lambda lines: journal_beside(target, lines)


class Writing:
    """One take after the other. `warn` hears one sentence when the disk takes no more, and one when it does again."""

    def __init__(self, place: Place, keeping: Keeping, warn: Callable[[str], None]) -> None:
        self._place = place
        self._keeping = keeping
        self._warn = warn
        self._file: JournalFile | None = None
        self._began: float | None = None
        self._scene = Scene()
        self._unwritten: deque[str] = deque(maxlen=_MOST_UNWRITTEN)
        self._unsynced_since: float | None = None
        self._trouble = ""
        self.lost = ""
        """Why the latest take that is over lacks what was played last, in the system's words; "" where it is whole."""

    @property
    def is_on(self) -> bool:
        """Whether a take is being written."""
        return self._began is not None

    def begin(self, at: float, scene: Scene) -> None:
        """A take begins at that second of the session."""
        self._began = at
        self._scene = scene

    def add(self, entry: Entry) -> None:
        """This belongs to it; written by `advance`."""
        assert self._began is not None
        self._unwritten.append(line(entry, self._began))

    def advance(self, now: float) -> None:
        """Write what has come, and have it safe on the disk once a second."""
        try:
            self._write(now)
        except OSError as error:
            self._tell_failure(error)

    def end(self, now: float) -> None:
        """The take is over."""
        self._unsynced_since = float("-inf") if self._unsynced_since is not None or self._unwritten else None
        self.advance(now)
        self.lost = self._trouble if self._unwritten else ""
        if self._file is not None:
            self._file.close()
            self._keeping.over(self._file.path)
        self._file = self._began = self._unsynced_since = None
        self._unwritten.clear()

    def _open(self, lines: Sequence[str]) -> JournalFile:
        file = self._place.open_journal(lines)
        self._file = file
        self._keeping.begun(file.path)
        return file

    def _again(self, gone: JournalFile) -> JournalFile:
        """Another journal, with what was in the one that somebody has removed."""
        file = self._place.open_journal(gone.lines())
        gone.close()
        self._keeping.over(gone.path)
        self._keeping.begun(file.path)
        self._file = file
        self._tell_success()
        return file

    def _write(self, now: float) -> None:
        if self._began is None:
            return
        file = self._file or self._open(heading(self._place.meter, self._scene, self._began))
        if file.is_gone:
            file = self._again(file)
            self._unsynced_since = now
        if self._unwritten:
            file.append(self._unwritten)
            self._unwritten.clear()
            self._tell_success()
            self._unsynced_since = now if self._unsynced_since is None else self._unsynced_since
        if self._unsynced_since is not None and now - self._unsynced_since >= _SYNC_S:
            file.sync()
            self._unsynced_since = None

    def _tell_failure(self, error: OSError) -> None:
        if not self._trouble:
            missing = isinstance(error, FileNotFoundError | NotADirectoryError)
            advice = "bring its folder back" if missing else "make room, what was written is safe"
            self._warn(f"what is played is not written any more ({reason(error)}); {advice}")
        self._trouble = reason(error)

    def _tell_success(self) -> None:
        if self._trouble:
            self._warn("what is played is written again")
        self._trouble = ""
