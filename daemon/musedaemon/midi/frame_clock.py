"""Seconds of our clock and frames of a sound server's, each told in terms of the other. Pure."""

from __future__ import annotations

_WRAP = 2**32
"""JACK counts frames in 32 bits: a day at 48 kHz."""
_STEADY_S = 5.0
"""Averaged over so long: a clock that is 100 millionths wrong is followed at a steady half of a millisecond."""
_LEAP_S = 0.002
_LEAPS_BELIEVED = 3
"""So far off, so often in a row, the server has lost or skipped a period; less often, we were interrupted."""


class FrameClock:
    """Follows a server's frames by what is observed of both clocks, averaged so that equal steps stay equal.

    `count` and `observe` on one thread, `frame_at` on any.
    """

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._counted = 0
        self._began: float | None = None
        self._observed_at = 0.0
        self._observed = 0
        self._leaps = 0

    def count(self, frame: int) -> int:
        """The whole number of a frame that is told in 32 bits: the one nearest to the last one told."""
        self._counted += (frame - self._counted + _WRAP // 2) % _WRAP - _WRAP // 2
        return self._counted

    def observe(self, seconds: float, frame: int) -> None:
        """At this second it was this frame (a whole number, see `count`)."""
        began = seconds - frame / self._rate
        self._leaps = self._leaps + 1 if self._began is not None and abs(began - self._began) > _LEAP_S else 0
        if 0 < self._leaps < _LEAPS_BELIEVED:
            return
        if self._began is None or self._leaps:
            self._began, self._observed, self._leaps = began, 0, 0
        self._observed += 1
        share = max(1 / self._observed, min((seconds - self._observed_at) / _STEADY_S, 1.0))
        self._began += (began - self._began) * share
        self._observed_at = seconds

    def frame_at(self, seconds: float) -> int:
        """The frame at this second; 0, long past, as long as nothing was observed."""
        began = self._began
        return 0 if began is None else max(round((seconds - began) * self._rate), 0)
