"""What a session tells to programs: a JSON object a line, on stderr (RFC 8259), as log collectors take it."""

from __future__ import annotations

import json
import sys
import threading
import traceback
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from musedaemon.cli.lines import Writable
from musedaemon.core.modes import Mode
from musedaemon.run.reporting import ClockChange, ClockPhase, Minute, PortState, SessionSummary, TurnSummary

_LEVELS = ("debug", "info", "warning", "error")
_LOWEST = {"quiet": "error", "normal": "info", "verbose": "debug"}


class JsonReport:
    """A `Reporter`. Every line has `time` (UTC), `level` and `event`; the other keys are the event's own.

    `level` is that of `config.log`; `beginning` are further keys of the event that tells that it has begun. A reader
    that goes away ends the lines, not the music.
    """

    def __init__(self, level: str, err: Writable | None = None, **beginning: str | None) -> None:
        self._beginning = beginning
        self._lowest = _LEVELS.index(_LOWEST[level])
        self._err = err if err is not None else sys.stderr
        self._one_at_a_time = threading.Lock()

    def started(self, input_name: str, output_name: str, model: str, seed: int) -> None:
        """What is connected."""
        self._tell("info", "started", input=input_name, output=output_name, model=model, seed=seed, **self._beginning)

    def turn(self, summary: TurnSummary) -> None:
        """A turn."""
        self._tell("info", "turn", **asdict(summary))

    def reloaded(self, changed: Sequence[str], waiting: Sequence[str]) -> None:
        """Which settings count from now on, and which from the next start on."""
        self._tell("warning" if waiting else "info", "reloaded", changed=list(changed), waiting=list(waiting))

    def port(self, name: str, state: PortState) -> None:
        """What became of a port."""
        self._tell("info", "port", name=name, state=state.name.lower())

    def minute(self, minute: Minute) -> None:
        """A minute, also one in which nothing happened."""
        self._tell("info", "minute", **asdict(minute))

    def clock(self, change: ClockChange) -> None:
        """What became of the clock."""
        level = "warning" if change.phase is ClockPhase.LOST else "info"
        where = {} if change.port is None else {"port": change.port}
        self._tell(level, "clock", clock=change.clock, state=change.phase.value, bpm=change.bpm, **where)

    def mode(self, mode: Mode) -> None:
        """What the partner does from now on."""
        self._tell("info", "mode", mode=mode.value)

    def panicked(self) -> None:
        """A panic."""
        self._tell("info", "panic")

    def finished(self, summary: SessionSummary) -> None:
        """The sum."""
        written = None if summary.written is None else str(summary.written)
        self._tell("info", "finished", **{**asdict(summary), "written": written})

    def kept(self, path: Path) -> None:
        """A take."""
        self._tell("info", "take", path=str(path))

    def answer(self, text: str) -> None:
        """What was typed is answered, also where little is told."""
        self._write("info", "answer", text=text)

    def warning(self, text: str) -> None:
        """Something went wrong."""
        self._tell("warning", "warning", text=text)

    def detail(self, text: str) -> None:
        """What only -v shows."""
        self._tell("debug", "detail", text=text)

    def refused(self, text: str) -> None:
        """The session ends by what the user can mend."""
        self._tell("error", "refused", text=text)

    def crashed(self, error: BaseException) -> None:
        """The session ends by a mistake of ours."""
        self._tell("error", "crashed", text=repr(error), traceback="".join(traceback.format_exception(error)))

    def _tell(self, level: str, event: str, **what: object) -> None:
        if _LEVELS.index(level) >= self._lowest:
            self._write(level, event, **what)

    def _write(self, level: str, event: str, **what: object) -> None:
        if self._err is None:
            return
        time = datetime.now(UTC).isoformat(timespec="milliseconds")
        line = json.dumps({"time": time, "level": level, "event": event, **what})
        with self._one_at_a_time:
            try:
                self._err.write(line + "\n")
                self._err.flush()
            except (OSError, ValueError):  # the reader is gone, the disk is full, the stream is closed
                return
