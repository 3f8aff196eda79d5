"""An output whose messages leave at their exact frame inside JACK's period.

A client that is late in a period loses what it wrote in it: use this in a process that does nothing else
(`run/jack_sender.py`). Where it is late all the same, or a client that hears it, the ends of notes are sent again: a
note may be missing, but none hangs.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from musedaemon.midi.ends_again import EndsAgain
from musedaemon.midi.frame_clock import FrameReading
from musedaemon.midi.frame_queue import FrameQueue
from musedaemon.midi.jack_client import Direction, JackClient

_NEXT_PERIOD = 0
"""The frame of messages that leave at the start of the next period."""
_NO_FRAME = -1
_PERIODS_TO_BE_HEARD = 3
_MOST_WAITING = 4_096
_STANDS_STILL_S = 3.0
"""So long the server may take nothing, with so much waiting for it."""


class JackOutput:
    """A client of JACK with one output. One thread sends and closes; JACK's own takes what is due, once a period.

    On JACK's thread `begin` is called first. `on_period` hears the rate and the length of the period (frames), and
    there of every other one. There `on_listener` hears once that somebody is connected; `on_reading` what is worth
    telling of the frames by `time.perf_counter`, and the rate; `on_lost` the length (bytes) of a message that no period
    has room for; and `on_gone` why nothing leaves any more (there, or on the thread that sends).
    """

    def __init__(
        self,
        port_name: str,
        begin: Callable[[], object],
        on_period: Callable[[int, int], None],
        on_listener: Callable[[], None],
        on_reading: Callable[[FrameReading, int], None],
        on_lost: Callable[[int], None],
        on_gone: Callable[[str], None],
    ) -> None:
        self._on_period = on_period
        self._on_listener = on_listener
        self._has_listener = False
        self._on_lost = on_lost
        self._on_gone = on_gone
        self._period = 0
        self._waiting = FrameQueue()
        self._expected: int | None = None
        self._again = EndsAgain()
        self._lateness_told = self._lateness_heard = 0
        self._client = JackClient(port_name, begin, self._process, on_reading, on_gone, self._hear_lateness)
        self._client.open(Direction.OUT)
        on_period(self._client.rate, self._client.period)

    def connect(self, name: str) -> None:
        """Connect it to the port of that full name."""
        self._client.connect(name)

    def send(self, data: bytes, frame: float) -> None:
        """Let one whole message leave at a frame (JACK's, in 32 bits), or with the next period if it is past, or 0.

        Waits where very many wait already, so that whoever writes to this process notices and sheds.
        """
        if len(self._waiting) >= _MOST_WAITING:
            self._client.wait(lambda: len(self._waiting) < _MOST_WAITING, time.monotonic() + _STANDS_STILL_S)
            if len(self._waiting) >= _MOST_WAITING:
                self._on_gone("it has stood still for seconds")
        self._waiting.put(self._client.near(int(frame)) if frame else _NEXT_PERIOD, data)

    def close(self, patience_s: float) -> None:
        """Let all leave and be heard, then close; waits no longer than so many seconds."""
        deadline = time.monotonic() + patience_s
        self._client.wait(lambda: not self._waiting, deadline)
        heard = self._client.periods + _PERIODS_TO_BE_HEARD
        self._client.wait(lambda: self._client.periods >= heard, deadline)
        self._client.close()

    def _process(self, start: int, frames: int) -> None:
        """On JACK's own thread, once a period."""
        self._client.clear()
        if not self._has_listener and self._client.connections:
            self._has_listener = True
            self._on_listener()
        self._end_again()
        if self._waiting or self._waiting.releases_written:
            self._fill(start, frames)
        if frames != self._period:
            self._period = frames
            self._on_period(self._client.rate, frames)

    def _hear_lateness(self) -> None:
        """On a thread of JACK's: some client came too late in a period, also one that hears us."""
        self._lateness_told += 1

    def _end_again(self) -> None:
        """What a client that was late may not have heard."""
        if self._lateness_told != self._lateness_heard:
            self._lateness_heard = self._lateness_told
            self._again.was_late(time.perf_counter())
        if self._again.waits:
            for data in self._again.due(time.perf_counter()):
                self._waiting.put_first(data)

    def _fill(self, start: int, frames: int) -> None:
        """Write this period, and what the last one ended again if it may not have been heard.

        JACK hands on the period before in place of one that is not ready when its time is over.
        """
        waiting = self._waiting
        if self._expected is not None and start != self._expected:
            waiting.lost_period()
        for lost in waiting.write_until(self._write, start, frames):
            self._on_lost(len(lost))
        self._expected = None
        if waiting.releases_written:
            self._expected = _NO_FRAME if self._client.is_late(frames) else start + frames

    def _write(self, offset: int, data: bytes) -> bool:
        """Whether the period has room for it."""
        if not self._client.write(offset, data):
            return False
        self._again.wrote(data, time.perf_counter())
        return True
