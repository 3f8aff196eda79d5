"""What a run tells while it goes on: a progress bar on a terminal, plain lines elsewhere, and
`metrics.jsonl` always."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from musedaemon_training.files import write_text

LINE_EVERY_S = 30.0


class Standing(NamedTuple):
    """How a run goes: `done` from 0 to 1, bits a note by field, notes a second, the share of time spent waiting for
    batches, and the seconds that are left."""

    done: float
    bits: Mapping[str, float]
    speed: float
    waiting: float
    seconds_left: float

    def line(self) -> str:
        """For a log."""
        speed = f"{self.speed:,.0f} notes/s, {100 * self.waiting:.0f}% waiting"
        return f"{100 * self.done:5.1f}% {bits_text(self.bits)} | {speed} | {span_text(self.seconds_left)} left"

    def short(self) -> str:
        """For a terminal of 80 columns, beside a bar."""
        fields = " ".join(f"{name} {self.bits[field]:.2f}" for name, field in _SHORT_NAMES.items())
        return f"{fields} {self.speed / 1000:.1f}k notes/s {span_text(self.seconds_left)} left"


_SHORT_NAMES = {"shift": "shift", "pitch": "pitch", "dur": "duration", "vel": "velocity"}


class Display(Protocol):
    """Shows how far a run is."""

    def show(self, standing: Standing) -> None:
        """Where the run stands now."""

    def read(self, done: int, total: int) -> None:
        """How many of the files are read."""

    def say(self, line: str) -> None:
        """A line that stays."""

    def close(self) -> None:
        """Leave the terminal as it was."""


class Bar:
    """A progress bar that is drawn over and over."""

    def __init__(self) -> None:
        columns = (TextColumn("{task.percentage:>3.0f}%"), BarColumn(bar_width=8), TextColumn("{task.description}"))
        self._progress = Progress(*columns, console=Console(), auto_refresh=False)
        self._task = self._progress.add_task("", total=1.0)
        self._progress.start()

    def show(self, standing: Standing) -> None:
        """Redraw."""
        self._progress.update(self._task, completed=standing.done, description=standing.short(), refresh=True)

    def read(self, done: int, total: int) -> None:
        """Redraw."""
        self._progress.update(self._task, completed=done / total, description=reading_text(done, total), refresh=True)

    def say(self, line: str) -> None:
        """Print above the bar."""
        self._progress.console.print(line, markup=False, highlight=False)

    def close(self) -> None:
        """Stop drawing."""
        self._progress.stop()


class Lines:
    """For a log file: a line now and then."""

    def __init__(self) -> None:
        self._shown = -LINE_EVERY_S
        # A short reading needs no line.
        self._read = time.monotonic()

    def show(self, standing: Standing) -> None:
        """Print, if the last line is old enough."""
        if time.monotonic() - self._shown >= LINE_EVERY_S:
            self._shown = time.monotonic()
            self.say(standing.line())

    def read(self, done: int, total: int) -> None:
        """Print, if the last line is old enough."""
        if time.monotonic() - self._read >= LINE_EVERY_S:
            self._read = time.monotonic()
            self.say(reading_text(done, total))

    def say(self, line: str) -> None:
        """Print. A reader that goes away (`| head`) ends the lines, not the training."""
        try:
            print(line, flush=True)
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())

    def close(self) -> None:
        """Nothing to put away."""


class Nothing:
    """For the processes of a run that are not its first."""

    def show(self, standing: Standing) -> None:
        """Nothing."""

    def read(self, done: int, total: int) -> None:
        """Nothing."""

    def say(self, line: str) -> None:
        """Nothing."""

    def close(self) -> None:
        """Nothing."""


def display() -> Display:
    """The display that suits standard output."""
    return Bar() if sys.stdout.isatty() else Lines()


def reading_text(done: int, total: int) -> str:
    """How far reading is, for people."""
    return f"reading: {done:,} of {total:,} files"


def bits_text(bits: Mapping[str, float]) -> str:
    """Bits a note by field, their sum without velocity, and the total that training brings down and that the best
    checkpoint has least of, for people."""
    fields = " ".join(f"{name} {bits[name]:.2f}" for name in ("shift", "pitch", "duration", "velocity"))
    return f"{fields} | sum {bits['sum']:.3f} | total {bits['total']:.4f}"


def span_text(seconds: float) -> str:
    """A length of time for people: 3 h 05 min, 12 min, 40 s."""
    minutes, rest = divmod(round(max(seconds, 0.0)), 60)
    hours, minutes_left = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes_left:02d} min"
    return f"{minutes} min" if minutes else f"{rest} s"


class Metrics:
    """`metrics.jsonl`: one JSON object a line, written through at once, appended to when a run is resumed. Without a
    path nothing is written; a `listener` is told the same."""

    def __init__(self, path: Path | None, listener: Callable[[Mapping[str, Any]], None] | None = None) -> None:
        self._path, self._listener = path, listener

    def write(self, values: Mapping[str, Any]) -> None:
        """Append one object."""
        if self._path is None:
            return
        rounded = {name: round(value, 6) if isinstance(value, float) else value for name, value in values.items()}
        with self._path.open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(rounded) + "\n")
        if self._listener is not None:
            self._listener(values)

    def cut_after(self, step: int) -> None:
        """Forget what was written after the step that a run is resumed from."""
        if self._path is None or not self._path.exists():
            return
        written = self._path.read_text(encoding="utf-8").splitlines()
        lines = [line for line in written if _is_until(line, step)]
        write_text(self._path, "".join(f"{line}\n" for line in lines))


def _is_until(line: str, step: int) -> bool:
    """Whether a line of metrics is whole and of this step or before; a run that was killed may leave half a line."""
    try:
        return bool(json.loads(line)["step"] <= step)
    except (ValueError, KeyError, TypeError):
        return False
