"""Takes of a session in real time: what is played goes through a queue to a thread of its own, which writes it down."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from enum import Enum, auto
from pathlib import Path
from queue import Empty, SimpleQueue

from musedaemon.core.commands import ClockMoved, HandedOver, Heard, Report, Signalled, TempoFound
from musedaemon.core.outlet import Outgoing
from musedaemon.core.signals import Wish
from musedaemon.errors import MidiFileError
from musedaemon.run.clock import Clock
from musedaemon.run.reporting import Reporter
from musedaemon.takes.desk import Desk, TakeSettings
from musedaemon.takes.folder import target_of
from musedaemon.takes.journal import Sounded
from musedaemon.takes.keeping import KeeperProcess

_BATCH_S = 0.25
"""What is played is written so often while a take is on."""
_MOST_WAITING = 200_000
"""So much waits at most for a thread that hangs in a disk: what comes then is left out."""


class _Ask(Enum):
    KEEP = auto()
    STOP = auto()


_Item = Heard | ClockMoved | HandedOver | list[Outgoing] | _Ask


@contextmanager
def recorded(settings: TakeSettings, clock: Clock, reporter: Reporter) -> Iterator[Takes | None]:
    """What the body plays is written down while it plays, and is in .mid files when it ends. None where it is not.

    MidiFileError where the one file that the session was to go to could not be written, or not to its end.
    """
    if not settings.folders and settings.single is None:
        yield None
        return
    takes = Takes(settings, clock, reporter.kept, reporter.warning)
    try:
        yield takes
    finally:
        takes.close()
    if takes.failure:
        raise MidiFileError(f"{takes.failure}.")


class Takes:
    """A `Record` that is written down. Made, started and closed on the main thread; any thread may tell it."""

    def __init__(
        self, settings: TakeSettings, clock: Clock, kept: Callable[[Path], None], warn: Callable[[str], None]
    ) -> None:
        self._inbox: SimpleQueue[_Item] = SimpleQueue()
        self._hurry = threading.Event()
        self._clock = clock
        self._due = 0.0
        self._single = settings.single
        self._tell_kept = kept
        self._warn = warn
        self.written: Path | None = None
        """The file that the whole session went to, once it is there."""
        self.failure = ""
        """Why it could not be written whole."""
        self._keeper = KeeperProcess(self._kept, self._failed)
        for left in settings.left:
            self._keeper.over(left)
        self._desk = Desk(settings, self._keeper, warn)
        for folder in settings.folders:
            self._keeper.look_in(folder)
        self._thread = threading.Thread(target=self._run, name="musedaemon takes")
        self._thread.start()

    def report(self, report: Report) -> None:
        """The player reports; on its thread, for which a put into a queue is all it costs."""
        if isinstance(report, Heard | ClockMoved):
            self._put(report)
        elif isinstance(report, Signalled) and report.wish is Wish.KEEP:
            self.keep()

    def sent(self, messages: Sequence[Outgoing]) -> None:
        """Messages have left."""
        ours = [message for message in messages if message.serial is not None]
        if ours:
            self._put(ours)

    def handed_over(self, turn: HandedOver) -> None:
        """A call is over and its tempo known."""
        self._put(turn)

    def tempo_found(self, found: TempoFound) -> None:
        """The tempo was found in playing that is not over. A journal knows tempi from where they hold, no turns."""
        self._put(HandedOver(found.at, found.at, found.bpm))

    def keep(self) -> None:
        """Keep the last minutes. From any thread."""
        self._inbox.put(_Ask.KEEP)

    def close(self) -> None:
        """Write what is left, and wait until it is all in .mid files; what takes very long is finished by itself."""
        self._inbox.put(_Ask.STOP)
        self._hurry.set()
        self._thread.join()
        if not self._keeper.close():
            self._warn("what was played is still being written; a process of its own finishes it")

    def _kept(self, path: Path) -> None:
        if path == self._single:
            self.written = path
        else:
            self._tell_kept(path)

    def _failed(self, journal: Path, reason: str) -> None:
        if self._single and target_of(journal) == self._single:
            self.failure = reason
        else:
            self._warn(reason)

    def _put(self, item: _Item) -> None:
        if self._inbox.qsize() < _MOST_WAITING:
            self._inbox.put(item)

    def _run(self) -> None:
        """The life of the thread: asleep while nothing is played."""
        item = self._inbox.get()
        while item is not _Ask.STOP:
            self._take(item)
            item = self._next()
        self._desk.end(self._clock.now())
        if self._single and (reason := self._desk.lost):
            self.failure = f"{self._single} lacks what was played last ({reason}); mend that before the next session"

    def _take(self, item: _Item) -> None:
        now = self._clock.now()
        match item:
            case _Ask():
                self._desk.keep(now)
            case list():
                for message in item:
                    self._desk.receive(Sounded(message.event))
            case _:
                self._desk.receive(item)
        if now >= self._due:
            self._desk.advance(now)
            self._due = now + _BATCH_S

    def _next(self) -> _Item:
        while self._desk.is_on:
            try:
                return self._inbox.get_nowait()
            except Empty:
                self._desk.advance(self._clock.now())
                self._hurry.wait(_BATCH_S)
        return self._inbox.get()
