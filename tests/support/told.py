"""A reporter that remembers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from musedaemon.run.reporting import Minute, Silent, TurnSummary


class Told(Silent):
    """A `Reporter` for tests."""

    def __init__(self) -> None:
        self.turns: list[TurnSummary] = []
        self.minutes: list[Minute] = []
        self.takes: list[Path] = []
        self.warnings: list[str] = []
        self.reloads: list[tuple[list[str], list[str]]] = []

    def turn(self, summary: TurnSummary) -> None:
        self.turns.append(summary)

    def reloaded(self, changed: Sequence[str], waiting: Sequence[str]) -> None:
        self.reloads.append((list(changed), list(waiting)))

    def minute(self, minute: Minute) -> None:
        self.minutes.append(minute)

    def kept(self, path: Path) -> None:
        self.takes.append(path)

    def warning(self, text: str) -> None:
        self.warnings.append(text)
