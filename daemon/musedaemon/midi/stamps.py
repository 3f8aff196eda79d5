"""When a message really came in: the MIDI system's own times, told by our clock. Pure.

A callback in Python waits for the interpreter's lock before it can look at a clock: for milliseconds when a model is
at work. The MIDI system looks at its own before that, and tells how long after the one before each message came. These
distances add up to exact times on a clock whose zero is not known; it is found from the message that waited least.
"""

from __future__ import annotations

_WINDOW_S = 5.0
"""The one that waited least is sought among those of the last one or two windows: two clocks drift apart."""
_LONGEST_WAIT_S = 0.5
"""Nobody waits so long: a clock stood still, or leapt."""


class Stamps:
    """`stamp` every message of one port in the order in which they come, on one thread."""

    def __init__(self) -> None:
        self._system_at = 0.0  # by the system's clock, from the first message, or since it was doubted last
        self._least = self._least_before = float("inf")
        self._window_ends = float("-inf")
        self._latest = float("-inf")

    def stamp(self, arrived: float, since_last: float) -> float:
        """When the message came (seconds on our clock), never after `arrived` nor before the one before it.

        `arrived`: our clock, as soon as we could look. `since_last`: how long after the one before it came (seconds),
        by the system; the first one's counts for nothing.
        """
        self._system_at += since_last
        behind = arrived - self._system_at
        if not abs(behind - min(self._least, self._least_before)) < _LONGEST_WAIT_S:
            self._system_at, behind = 0.0, arrived
            self._least = self._least_before = float("inf")
        self._turn_window(arrived)
        self._least = min(self._least, behind)
        self._latest = max(self._system_at + min(self._least, self._least_before), self._latest)
        return self._latest

    def _turn_window(self, arrived: float) -> None:
        if arrived < self._window_ends:
            return
        recent = arrived < self._window_ends + _WINDOW_S
        self._least_before = self._least if recent else float("inf")
        self._least, self._window_ends = float("inf"), arrived + _WINDOW_S
