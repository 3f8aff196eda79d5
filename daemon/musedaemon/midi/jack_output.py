"""The one place that touches JACK-Client: an output whose messages leave at their exact frame inside JACK's period.

JACK-Client is optional and has no type stubs. Its callback waits for the interpreter's lock, and a client that is late
in a period loses what it wrote in it: use this in a process that does nothing else (`run/jack_sender.py`). Where it is
late all the same, or a client that hears it, the ends of notes are sent again: a note may be missing, but none hangs.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from musedaemon.errors import PortError
from musedaemon.midi.ends_again import EndsAgain
from musedaemon.midi.frame_clock import FrameClock
from musedaemon.midi.frame_queue import FrameQueue

try:
    import jack  # type: ignore[import-untyped]
except (ImportError, OSError) as error:  # OSError: it finds no libjack
    raise PortError(f"JACK-Client cannot be loaded ({error}); install musedaemon[jack] and JACK.") from error

_AT_ONCE = 0
"""The frame of messages that leave at the start of the next period."""
_NO_FRAME = -1
_READ_EVERY_S = 0.01
_READ_WITHIN_S = 1.0
_PERIODS_TO_BE_HEARD = 3
_POLL_S = 0.002
_MOST_WAITING = 4_096
_STANDS_STILL_S = 3.0
"""So long the server may take nothing, with so much waiting for it."""


class JackOutput:
    """A client of JACK with one output. One thread sends and closes; JACK's own takes what is due, once a period.

    `now` is the clock of the times that messages are to leave at (seconds). `on_period` hears the rate and the length
    of the period (frames), and on a thread of JACK's of every other one; there `on_lost` hears the length (bytes) of a
    message that no period has room for, and `on_gone` why nothing leaves any more (there, or on the thread that sends).
    """

    def __init__(
        self,
        port_name: str,
        now: Callable[[], float],
        on_period: Callable[[int, int], None],
        on_lost: Callable[[int], None],
        on_gone: Callable[[str], None],
    ) -> None:
        jack.set_error_function(_say_nothing)
        jack.set_info_function(_say_nothing)
        try:
            self._client: Any = jack.Client(port_name.replace(" ", "-"), no_start_server=True)
        except jack.JackError as error:
            raise PortError(f"JACK does not answer ({error}); start JACK and try again.") from error
        self._out: Any | None = None
        self._rate: int = self._client.samplerate
        self._now = now
        self._on_period = on_period
        self._on_lost = on_lost
        self._on_gone = on_gone
        self._period: int = self._client.blocksize
        self._clock = FrameClock(self._rate)
        self._waiting = FrameQueue()
        self._served = 0
        self._expected: int | None = None
        self._since_read = 0
        self._again = EndsAgain()
        self._lateness_told = self._lateness_heard = 0
        self._client.set_xrun_callback(self._hear_lateness)
        self._client.set_shutdown_callback(self._shut_down)
        self._client.set_process_callback(self._process)
        self._client.activate()
        # Only now: a port of a client that is not active yet is seen by others, and refuses them.
        self._out = self._client.midi_outports.register(port_name)
        # Before that, what is to leave later would leave at once.
        self._wait(lambda: self._clock.is_read, time.monotonic() + _READ_WITHIN_S)
        on_period(self._rate, self._period)

    def connect(self, name: str) -> None:
        """Connect it to the port of that full name."""
        try:
            self._client.connect(self._out, name)
        except jack.JackError as error:
            raise PortError(f'JACK does not connect to "{name}" ({error}); look at `musedaemon ports`.') from error

    def send(self, data: bytes, at: float) -> None:
        """Let one whole message leave `at` (seconds), or with the next period where that is past.

        Waits where very many wait already, so that whoever writes to this process notices and sheds.
        """
        if len(self._waiting) >= _MOST_WAITING:
            self._wait(lambda: len(self._waiting) < _MOST_WAITING, time.monotonic() + _STANDS_STILL_S)
            if len(self._waiting) >= _MOST_WAITING:
                self._on_gone("it has stood still for seconds")
        frame = self._clock.frame_at(at) if at > 0.0 else _AT_ONCE
        self._waiting.put(frame, data)

    def close(self, patience_s: float) -> None:
        """Let all leave and be heard, then close; waits no longer than so many seconds."""
        deadline = time.monotonic() + patience_s
        self._wait(lambda: not self._waiting, deadline)
        heard = self._served + _PERIODS_TO_BE_HEARD
        self._wait(lambda: self._served >= heard, deadline)
        self._client.deactivate()
        self._client.close()

    def _wait(self, is_so: Callable[[], bool], deadline: float) -> None:
        while not is_so() and time.monotonic() < deadline:
            time.sleep(_POLL_S)

    def _shut_down(self, _status: object, reason: str) -> None:
        """On a thread of JACK's: the server has ended, or has had enough of us."""
        self._on_gone(reason or "it has ended")

    def _process(self, frames: int) -> None:
        """On JACK's own thread, once a period: as little as can be. What it raised, JACK would call it no more."""
        try:
            self._since_read += frames
            if self._since_read >= self._rate * _READ_EVERY_S:
                self._read_clocks()
            if self._out is not None:
                self._out.clear_buffer()
                self._end_again()
                if self._waiting or self._waiting.releases_written:
                    self._fill(frames)
            if frames != self._period:
                self._period = frames
                self._on_period(self._rate, frames)
        except Exception as error:
            self._on_gone(f"{error!r}, please report it")
        self._served += 1

    def _hear_lateness(self, _usecs: float) -> None:
        """On a thread of JACK's: some client came too late in a period, also one that hears us."""
        self._lateness_told += 1

    def _end_again(self) -> None:
        """What a client that was late may not have heard."""
        if self._lateness_told != self._lateness_heard:
            self._lateness_heard = self._lateness_told
            self._again.was_late(self._now())
        if self._again.waits:
            for data in self._again.due(self._now()):
                self._waiting.put_first(data)

    def _fill(self, frames: int) -> None:
        """Write this period, and what the last one ended again if it may not have been heard.

        JACK hands on the period before in place of one that is not ready when its time is over.
        """
        waiting, start = self._waiting, self._clock.count(self._client.last_frame_time)
        if self._expected is not None and start != self._expected:
            waiting.lost_period()
        for lost in waiting.write_until(self._write, start, frames):
            self._on_lost(len(lost))
        self._expected = None
        if waiting.releases_written:
            late = self._client.frames_since_cycle_start >= frames
            self._expected = _NO_FRAME if late else start + frames

    def _read_clocks(self) -> None:
        """When this period began. JACK's own estimate of a frame's time is smoothed, and after a stall off by 10 ms."""
        self._since_read = 0
        self._clock.observe(self._now(), self._clock.count(self._client.last_frame_time))

    def _write(self, offset: int, data: bytes) -> bool:
        """Whether the period has room for it."""
        assert self._out is not None
        try:
            self._out.write_midi_event(offset, data)
        except jack.JackError:
            return False
        self._again.wrote(data, self._now())
        return True


def _say_nothing(_text: str) -> None:
    """What JACK prints it also raises."""
