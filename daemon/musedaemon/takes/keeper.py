"""A process of its own that makes .mid files of journals: it costs the music nothing, and outlives what it serves.

    python -m musedaemon.takes.keeper

On its standard input come lines of JSON, `[word, path]`: a journal has begun, a journal is over, a folder may hold
journals of sessions that were cut short. While a journal grows, its .mid file is written anew, each second at first and
less often the longer that takes. At the end of the input, also when the daemon was killed, every journal is finished.
On its standard output it tells `[word, path, reason]` of each one. It ignores the signals that end its parent.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, Queue

from musedaemon.errors import MidiFileError
from musedaemon.run.sending import outlive_daemon
from musedaemon.takes.folder import drop_empty, dropped, is_left, journals_left, read_lines, target_of
from musedaemon.takes.journal import take_of

BEGUN, OVER, LOOK_IN = "begun", "over", "look in"
WRITTEN, FOUND, FAILED = "written", "found", "failed"
"""What it tells: a take is a .mid file; one that was left over is; one could not be written, and its journal stays."""

_EVERY_S = 1.0
_SHARE = 20
"""A take is written anew after so many times as long as that took the last time."""
_NICE = 10

Tell = Callable[[str, Path, str], None]


@dataclass(slots=True)
class _Growing:
    """A journal that is being written: its size when it was last made a .mid file, and when it will be again."""

    size: int
    due: float


class Keeper:
    """Knows the journals that grow. One thread; `now` in seconds."""

    def __init__(self, tell: Tell, now: Callable[[], float]) -> None:
        self._tell = tell
        self._now = now
        self._growing: dict[Path, _Growing] = {}

    def receive(self, word: str, path: Path) -> None:
        """Take one line of the daemon's."""
        if word == BEGUN:
            self._growing[path] = _Growing(0, self._now() + _EVERY_S)
        elif word == OVER:
            self._growing.pop(path, None)
            self._finish(path, WRITTEN)
        elif word == LOOK_IN:
            for left in journals_left(path):
                self._finish(left, FOUND)

    def next_deadline(self) -> float:
        """When `advance` has something to do (seconds), infinity when never."""
        return min((growing.due for growing in self._growing.values()), default=float("inf"))

    def advance(self) -> None:
        """Write anew what has grown and is due."""
        for path, growing in self._growing.items():
            began = self._now()
            if growing.due > began:
                continue
            size = _size(path)
            if size != growing.size and not write_take(path):
                growing.size = size
            growing.due = self._now() + max(_EVERY_S, _SHARE * (self._now() - began))

    def end(self) -> None:
        """Finish every journal that is not over: whoever wrote it is gone."""
        for path in list(self._growing):
            self.receive(OVER, path)

    def _finish(self, journal: Path, word: str) -> None:
        size = _size(journal)
        if size < 0:  # a look into its folder came between its end and the word of it
            return
        if size == 0:
            if is_left(journal):
                drop_empty(journal)
            return
        if problem := write_take(journal):
            self._tell(FAILED, journal, problem)
            return
        if not is_left(journal) or not dropped(journal):  # another's that had begun just when we looked
            return
        self._tell(word, target_of(journal), "")


def write_take(journal: Path) -> str:
    """Make a .mid file of a journal, over what was made of it before; returns what was wrong, "" if all was well."""
    try:
        take = take_of(read_lines(journal))
        if take is None:
            return f"{journal} is no take of musedaemon's; move it away"
        take.record.write(target_of(journal), take.bpm)
    except (OSError, MidiFileError) as error:
        problem = str(error).rstrip(".")
        return (
            f"{problem}; what was played is in {journal}, and becomes a .mid file when a session is next written there"
        )
    return ""


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return -1


def _tell(word: str, path: Path, reason: str) -> None:
    """One line for the parent; a parent that is gone need not hear it."""
    try:
        os.write(sys.stdout.fileno(), json.dumps([word, str(path), reason]).encode() + b"\n")
    except OSError:
        return


def _listen(inbox: Queue[tuple[str, Path] | None]) -> None:
    """On a thread of its own, to the end of the input."""
    for line in sys.stdin.buffer:
        word, path = json.loads(line)
        inbox.put((word, Path(path)))
    inbox.put(None)


def _next(inbox: Queue[tuple[str, Path] | None], deadline: float) -> tuple[str, Path] | None:
    """Raises Empty when the deadline comes first."""
    if deadline == float("inf"):
        return inbox.get()
    return inbox.get(timeout=max(deadline - time.monotonic(), 0.0))


def main() -> int:
    """The life of the process."""
    outlive_daemon()
    if hasattr(os, "nice"):
        os.nice(_NICE)
    inbox: Queue[tuple[str, Path] | None] = Queue()
    threading.Thread(target=_listen, args=(inbox,), name="musedaemon keeper", daemon=True).start()
    keeper = Keeper(_tell, time.monotonic)
    while True:
        try:
            told = _next(inbox, keeper.next_deadline())
        except Empty:
            keeper.advance()
            continue
        if told is None:
            keeper.end()
            return 0
        keeper.receive(*told)


if __name__ == "__main__":
    sys.exit(main())
