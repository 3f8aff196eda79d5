"""The one abstraction of time: seconds since a session began, real or virtual."""

from __future__ import annotations

import time
from typing import Protocol


class Clock(Protocol):
    """Seconds, never going back. Any thread may ask."""

    def now(self) -> float:
        """Seconds since the session began."""


class Stopwatch:
    """Real time, monotonic, from 0 at its making, or at `start` on `time.perf_counter`, which all processes share."""

    def __init__(self, start: float | None = None) -> None:
        self._start = time.perf_counter() if start is None else start

    def now(self) -> float:
        """Seconds since it began."""
        return time.perf_counter() - self._start
