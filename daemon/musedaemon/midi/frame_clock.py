"""Seconds of our clock and frames of a sound server's, each told in terms of the other. Pure."""

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
    its period in whole microseconds. `count` and `observe` on one thread, `frame_at` on any.
    """

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._counted = 0
        self._line: _Line | None = None
        self._observed = 0
        self._leaps = 0

    @property
    def is_read(self) -> bool:
        """Whether anything was observed."""
        return self._line is not None

    def count(self, frame: int) -> int:
        """The whole number of a frame that is told in 32 bits: the one nearest to the last one told."""
        self._counted += (frame - self._counted + _WRAP // 2) % _WRAP - _WRAP // 2
        return self._counted

    def observe(self, seconds: float, frame: int) -> None:
        """At this second it was this frame (a whole number, see `count`)."""
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

    def frame_at(self, seconds: float) -> int:
        """The frame at this second; 0, long past, as long as nothing was observed."""
        line = self._line
        return 0 if line is None else max(round((seconds - line.began_seen(seconds)) * self._rate), 0)
