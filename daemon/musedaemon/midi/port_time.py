"""In which times a process that owns a port and the daemon speak of messages: stamps, for short."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol

from musedaemon.midi.frame_clock import FrameReading


class PortTime(Protocol):
    """Turns the seconds of a session into a process's stamps, and back. Any thread. `teller` is that process."""

    def stamp_of(self, teller: object, second: float) -> float:
        """The stamp of a second, greater than 0."""

    def second_of(self, teller: object, stamp: float) -> float:
        """The second of a stamp."""

    def follow(self, teller: object, reading: FrameReading, rate: float) -> None:
        """A process has told this of a sound server that counts so many frames a second."""

    def forget(self, teller: object) -> None:
        """That process has ended."""

    def start_over(self) -> None:
        """That sound server is gone; another one counts anew."""


class MachineTime:
    """Stamps are seconds of `time.perf_counter`, which all processes share. `now` is the session's clock."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._began = _difference(time.perf_counter, now)

    def stamp_of(self, teller: object, second: float) -> float:
        """The stamp of a second."""
        return second + self._began

    def second_of(self, teller: object, stamp: float) -> float:
        """The second of a stamp."""
        return stamp - self._began

    def follow(self, teller: object, reading: FrameReading, rate: float) -> None:
        """No sound server counts here."""

    def forget(self, teller: object) -> None:
        """Nobody was followed."""

    def start_over(self) -> None:
        """The machine's time goes on."""


def _difference(one: Callable[[], float], other: Callable[[], float]) -> float:
    """How far one clock is ahead of the other (seconds): of some readings the one that took least."""
    readings = [(one(), other(), one()) for _ in range(9)]
    before, between, after = min(readings, key=lambda reading: reading[2] - reading[0])
    return (before + after) / 2 - between
