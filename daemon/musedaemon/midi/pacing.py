"""Bursts spread out for an output whose buffer is small: what it has no room for it would drop in silence."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import NamedTuple

from musedaemon.midi.ports import OutputPort

_OVERHEAD = 4
"""rtmidi puts the length before each message in JACK's ring (bytes)."""


class Pace(NamedTuple):
    """`room` bytes may leave at once, `rate` bytes a second after that, and no message of more than `longest`."""

    room: float
    rate: float
    longest: int


NO_PACE = Pace(float("inf"), float("inf"), 2**32)


class Bucket:
    """Says how long each message has to wait (seconds). Pure: it is told the time, which never runs backwards."""

    def __init__(self, pace: Pace) -> None:
        self._pace = pace
        self._free_at = float("-inf")

    def wait(self, size: int, now: float) -> float:
        """A message of so many bytes is to leave; how long it has to wait. Messages keep their order."""
        full_s = self._pace.room / self._pace.rate if self._pace.rate < float("inf") else 0.0
        begins = max(self._free_at, now - full_s)
        self._free_at = begins + (size + _OVERHEAD) / self._pace.rate
        return max(self._free_at - now, 0.0)


class PacedOutput:
    """Sends to an output at its pace; `on_lost` hears the length of what is too long for it. One thread."""

    def __init__(self, output: OutputPort, pace: Pace, on_lost: Callable[[int], None]) -> None:
        self._output = output
        self._longest = pace.longest
        self._bucket = Bucket(pace)
        self._on_lost = on_lost

    def send(self, data: bytes, at: float) -> None:
        """Send one whole message as soon as its turn comes; such outputs know no other time than now."""
        if len(data) > self._longest:
            self._on_lost(len(data))
            return
        wait = self._bucket.wait(len(data), time.perf_counter())
        if wait > 0.0:
            time.sleep(wait)
        self._output.send(data, at)
