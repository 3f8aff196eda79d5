"""What an evaluation tells while it goes on: lines on standard output, and a bar below them on a terminal."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn


class Telling:
    """Use it in a `with` block, on one thread."""

    def __init__(self) -> None:
        columns = (TextColumn("{task.percentage:>3.0f}%"), BarColumn(bar_width=24), TextColumn("{task.description}"))
        self._on_terminal = sys.stdout.isatty()
        self._bar = Progress(*columns, console=Console(), transient=True, disable=not self._on_terminal)
        self._task = self._bar.add_task("reading", total=1.0)

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._bar.stop()

    def say(self, text: str) -> None:
        """Lines that stay."""
        if self._on_terminal:
            self._bar.console.print(text, markup=False, highlight=False, soft_wrap=True)
        else:
            print(text, flush=True)

    def show(self, done: float, what: str) -> None:
        """How far `what` is, 0 to 1."""
        self._bar.update(self._task, completed=done, description=what)
