"""The one abstraction of time: seconds since a session began, real or virtual."""

from __future__ import annotations

import time
from typing import NamedTuple, Protocol


class Clock(Protocol):
    """Seconds, never going back. Any thread may ask."""

    def now(self) -> float:
        """Seconds since the session began."""


class _Line(NamedTuple):
    """At a moment of `time.perf_counter` it is `second`, and `pace` seconds pass a second; never before `earliest`."""

    moment: float
    second: float
    pace: float
    earliest: float


class SessionClock:
    """Real time, monotonic, from 0 at its making, or at `start` on `time.perf_counter`, which all processes share.

    It is this machine's time until something else leads it, a sound server that others go by as well. Any thread.
    """

    def __init__(self, start: float | None = None) -> None:
        self._line = _Line(time.perf_counter() if start is None else start, 0.0, 1.0, float("-inf"))

    def now(self) -> float:
        """Seconds since it began."""
        line = self._line
        return max(line.second + (time.perf_counter() - line.moment) * line.pace, line.earliest)

    def at(self, moment: float) -> float:
        """The second of a moment of `time.perf_counter`, as far as is known now; a later one may have been told."""
        line = self._line
        return line.second + (moment - line.moment) * line.pace

    def reckoned(self) -> float:
        """This moment's second: where it waits, that is one it has told before. For comparing it to other clocks."""
        return self.at(time.perf_counter())

    def lead(self, moment: float, second: float, pace: float) -> None:
        """At this moment it is that second, and `pace` seconds pass a second. One thread at a time.

        Where that is less than it has told already, it waits there.
        """
        self._line = _Line(moment, second, pace, self.now())
