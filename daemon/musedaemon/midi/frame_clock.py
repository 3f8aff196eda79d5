"""A sound server's frames by this machine's clock, and its count of them, which is told in 32 bits. Pure."""

from __future__ import annotations

from typing import NamedTuple

_WRAP = 2**32
"""JACK counts frames in 32 bits: a day at 48 kHz."""
_STEADY_S = 1.0
"""What is observed is averaged over so long."""
_DAMPING = 2.0
"""How much slower the other clock's error of rate is learnt: from 1 on nothing swings, 2 leaves little to overshoot."""
_LEAP_S = 0.002
_LEAPS_BELIEVED = 3
"""So far off, so often in a row, the server has lost or skipped a period; less often, we were interrupted."""


def frames_between(later: float, earlier: float) -> float:
    """How many frames lie between two that are told in 32 bits, less than half a day apart; either may be the later."""
    return (later - earlier + _WRAP / 2) % _WRAP - _WRAP / 2


class FrameCount:
    """Whole numbers of frames that are told in 32 bits: each is the one nearest to the last that was counted.

    The first one counted lies 2**32 past 0, so that none near it is 0 or less, which mean other things (`FrameQueue`).
    One thread counts, and then any asks for what is `near`.
    """

    def __init__(self) -> None:
        self._counted: int | None = None
        self._ahead = 0

    def count(self, told: int) -> int:
        """The whole number of a frame that the server tells, from which those to come are not far."""
        self._counted = self.near(told + self._ahead)
        return self._counted

    def go_on_at(self, frame: int) -> None:
        """The frame told last is that one: the server's own count has leapt, and ours goes on."""
        assert self._counted is not None
        self._ahead += frame - self._counted
        self._counted = frame

    def near(self, frame: int) -> int:
        """The whole number of a frame."""
        counted = self._counted
        return frame + _WRAP if counted is None else counted + int(frames_between(frame, counted))


class FrameReading(NamedTuple):
    """At second `at` it was `frame`, with its fraction, and `pace` frames pass a second."""

    at: float
    frame: float
    pace: float

    def frame_at(self, at: float) -> float:
        """The frame at another second."""
        return self.frame + (at - self.at) * self.pace


class _Line(NamedTuple):
    """Frame 0 seems to have been at second `began`, as seen `at` a second; it moves by `drift` seconds a second."""

    began: float
    drift: float
    at: float

    def began_seen(self, at: float) -> float:
        return self.began + self.drift * (at - self.at)


class FrameClock:
    """Follows a server's frames by what is observed of both clocks, averaged so that equal steps stay equal.

    A delay-locked loop of second order, as in F. Adriaensen, "Using a DLL to filter time" (2005): it also learns by how
    much the rates differ. An average alone would lag by that: JACK's dummy driver is 250 millionths fast, for it counts
    its period in whole microseconds. One thread.
    """

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._line: _Line | None = None
        self._observed = 0
        self._leaps = 0

    @property
    def is_read(self) -> bool:
        """Whether anything was observed."""
        return self._line is not None

    def observe(self, seconds: float, frame: int) -> None:
        """At this second it was this frame (a whole number, see `FrameCount`)."""
        began, line = seconds - frame / self._rate, self._line
        error = 0.0 if line is None else began - line.began_seen(seconds)
        self._leaps = self._leaps + 1 if abs(error) > _LEAP_S else 0
        if 0 < self._leaps < _LEAPS_BELIEVED:
            return
        if line is None or self._leaps:
            self._line = _Line(began, line.drift if line else 0.0, seconds)
            self._observed, self._leaps = 1, 0
        else:
            self._observed += 1
            self._line = self._followed(line, error, seconds)

    def _followed(self, line: _Line, error: float, seconds: float) -> _Line:
        """At first the mean of all that was observed, then the loop."""
        passed = max(seconds - line.at, 0.0)
        share = min(passed / _STEADY_S, 1.0)
        began = line.began_seen(seconds)
        if 1 / self._observed > share:
            return _Line(began + error / self._observed, line.drift, seconds)
        drift = line.drift + error * share / (_STEADY_S * (2 * _DAMPING) ** 2)
        return _Line(began + error * share, drift, seconds)

    def reading(self) -> FrameReading:
        """What it knows, at the second of what was observed last. Something must have been observed."""
        line = self._line
        assert line is not None
        return FrameReading(line.at, (line.at - line.began) * self._rate, (1.0 - line.drift) * self._rate)


_TOLD_EVERY_S = 1.0
_UNNOTICED_S = 0.0001


class ReadingNews:
    """Which readings are worth telling: one a second, and those that the last one told foretold wrongly."""

    def __init__(self) -> None:
        self._told: FrameReading | None = None

    def is_news(self, reading: FrameReading) -> bool:
        """Whether to tell it; then it counts as told."""
        told = self._told
        if told and reading.at - told.at < _TOLD_EVERY_S:
            off = frames_between(told.frame_at(reading.at), reading.frame)
            if abs(off) <= _UNNOTICED_S * reading.pace:
                return False
        self._told = reading
        return True
