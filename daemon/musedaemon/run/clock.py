"""The one abstraction of time: seconds since a session began, real or virtual."""

from __future__ import annotations

import time
from typing import Protocol


class Clock(Protocol):
    """Seconds, never going back. Any thread may ask."""

    def now(self) -> float:
        """Seconds since the session began."""


class Stopwatch:
    """Real time, monotonic, from 0 at its making."""

    def __init__(self) -> None:
        self._start = time.perf_counter()

    def now(self) -> float:
        """Seconds since it was made."""
        return time.perf_counter() - self._start
