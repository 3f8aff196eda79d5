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
_SAME_COUNT_S = 0.05
"""Nearer than this where nothing stands still, two processes count alike, and a frame has one second for both."""


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

    Frames are those of JACK, told in 32 bits: by one process's count, which goes on where JACK's own leaps from one
    device's to another's. One that was started after that counts otherwise.
    """

    def __init__(self, clock: LedClock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._leader: object = None
        self._anchors: dict[object, _Anchor] = {}
        self._latest: _Anchor | None = None
        self._starts_over = False

    def follow(self, teller: object, reading: FrameReading, rate: float) -> None:
        """A process has told this of a server that counts so many frames a second, by `time.perf_counter`."""
        with self._lock:
            if self._leader is None:
                self._leader = teller
            leads = teller is self._leader
            second = self._second(teller, reading, leads)
            self._anchors[teller] = anchor = _Anchor(reading.frame, second, rate)
            if leads:
                self._latest, self._starts_over = anchor, False
                self._clock.lead(reading.at, second, reading.pace / rate)

    def _second(self, teller: object, reading: FrameReading, leads: bool) -> float:
        """The second of the frame that was read: as before, as the leader has it, or the clock's own."""
        expected = self._clock.at(reading.at)
        own, latest = self._anchors.get(teller), None if self._starts_over else self._latest
        known = [(own, _OTHER_SERVER_S), (latest, _OTHER_SERVER_S if leads else _SAME_COUNT_S)]
        for anchor, most in known if leads else reversed(known):
            if anchor and abs(anchor.second_of(reading.frame) - expected) <= most:
                return anchor.second_of(reading.frame)
        return expected

    def forget(self, teller: object) -> None:
        """That process has ended; another may lead."""
        with self._lock:
            self._anchors.pop(teller, None)
            if self._leader is teller:
                self._leader = None

    def start_over(self) -> None:
        """The server is gone: whoever tells something next tells of another one, whose frames go on from then."""
        with self._lock:
            self._anchors.clear()
            self._leader, self._starts_over = None, True

    def second_of(self, teller: object, frame: float) -> float:
        """The second of a frame that this process counts. Something must have been told before."""
        return self._anchor_of(teller).second_of(frame)

    def stamp_of(self, teller: object, second: float) -> float:
        """The frame of a second as this process counts, never 0, which is no time. Something must have been told."""
        anchor = self._anchor_of(teller)
        return max(float(round(anchor.frame + (second - anchor.second) * anchor.rate) % 2**32), 1.0)

    def _anchor_of(self, teller: object) -> _Anchor:
        """What is known of its frames, or was of the last ones: its server may be gone already."""
        anchor = self._anchors.get(teller) or self._latest
        assert anchor is not None
        return anchor
