"""JACK's frames as the seconds of a session. Pure, but for a lock.

Whoever hears us over JACK, and whoever sends us a clock, counts JACK's frames: where the server stands still or drifts
against the machine's clock, all of them do alike. So a session over JACK goes by them too. A frame has the same second
as long as the server lives, and what comes in or leaves jitters by no more than a frame.
"""

from __future__ import annotations

import threading
from typing import NamedTuple, Protocol

from musedaemon.midi.frame_clock import FrameReading, frames_between

_OTHER_SERVER_S = 2.0
"""Frames so far from where they are expected are taken for another server's: the clock is not to wait for so long."""


class LedClock(Protocol):
    """The clock of a session, as far as JACK leads it. Any thread."""

    def at(self, moment: float) -> float:
        """The second of a moment of `time.perf_counter`."""

    def lead(self, moment: float, second: float, pace: float) -> None:
        """At this moment it is that second, and `pace` seconds pass a second. It never goes back, but may wait."""


class _Anchor(NamedTuple):
    """This frame is at that second."""

    frame: float
    second: float
    rate: float

    def second_of(self, frame: float) -> float:
        return self.second + frames_between(frame, self.frame) / self.rate


class JackTime:
    """Told by the processes that are clients of JACK's, one of which leads the session's clock. Any thread.

    Frames are those of JACK, told in 32 bits.
    """

    def __init__(self, clock: LedClock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._leader: object = None
        self._anchor: _Anchor | None = None
        self._starts_over = False

    def follow(self, teller: object, reading: FrameReading, rate: float) -> None:
        """A process has told this of a server that counts so many frames a second, by `time.perf_counter`."""
        with self._lock:
            if self._leader is None:
                self._leader = teller
            if self._leader is not teller:
                return
            expected = self._clock.at(reading.at)
            second = self._anchor.second_of(reading.frame) if self._anchor else expected
            if self._starts_over or abs(second - expected) > _OTHER_SERVER_S:
                second = expected
            self._starts_over = False
            self._anchor = _Anchor(reading.frame, second, rate)
            self._clock.lead(reading.at, second, reading.pace / rate)

    def forget(self, teller: object) -> None:
        """That process has ended; another may lead."""
        with self._lock:
            if self._leader is teller:
                self._leader = None

    def start_over(self) -> None:
        """The server is gone: whoever tells something next tells of another one, whose frames go on from then."""
        with self._lock:
            self._leader, self._starts_over = None, True

    def second_of(self, frame: float) -> float:
        """The second of a frame. Something must have been told before."""
        assert self._anchor is not None
        return self._anchor.second_of(frame)

    def stamp_of(self, second: float) -> float:
        """The frame of a second, never 0, which is no time. Something must have been told before."""
        anchor = self._anchor
        assert anchor is not None
        return max(float(round(anchor.frame + (second - anchor.second) * anchor.rate) % 2**32), 1.0)
