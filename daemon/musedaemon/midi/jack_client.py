"""The one place that touches JACK-Client: a client with one MIDI port, whose frames are followed by our clock.

JACK-Client is optional and has no type stubs. Its callback waits for the interpreter's lock, and a client that is late
in a period loses what it wrote or would have heard in it: use this in a process that does nothing else.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from enum import Enum
from typing import Any

from musedaemon.errors import PortError
from musedaemon.midi.frame_clock import FrameClock, FrameCount, FrameReading, ReadingNews

try:
    import jack  # type: ignore[import-untyped]
except (ImportError, OSError) as error:  # OSError: it finds no libjack
    raise PortError(f"JACK-Client cannot be loaded ({error}); install musedaemon[jack] and JACK.") from error

_READ_EVERY_S = 0.01
_READ_WITHIN_S = 5.0
_LEAVES_WITHIN_S = 0.7
"""A port that is gone is to be told within a second, and what hangs here is in the way of the next one's."""
_POLL_S = 0.002
_OTHER_COUNT_S = 0.25
"""A leap of the frames by more, that is none of the machine's clock, is that from one device's count to another's."""


class Direction(Enum):
    """Which way a port's messages go."""

    IN = "in"
    OUT = "out"


class JackClient:
    """A client of JACK's with one port. One thread opens, connects and closes; JACK's own does the rest.

    On that `begin` is called first; then, once a period and as soon as the port is open, `process`, with the frame at
    which the period begins (see `FrameCount`) and how many it has: as little as can be, and what it raises ends all.
    `on_reading` hears what is worth telling of the frames by `time.perf_counter`, and the rate; `on_gone`, on any
    thread, why the port is of no use any more; `on_late`, on another thread of JACK's, that some client came too late.
    """

    def __init__(
        self,
        port_name: str,
        begin: Callable[[], object],
        process: Callable[[int, int], None],
        on_reading: Callable[[FrameReading, int], None],
        on_gone: Callable[[str], None],
        on_late: Callable[[], None] | None = None,
    ) -> None:
        jack.set_error_function(_say_nothing)
        jack.set_info_function(_say_nothing)
        try:
            self._client: Any = jack.Client(port_name.replace(" ", "-"), no_start_server=True)
        except jack.JackError as error:
            raise PortError(f"JACK does not answer ({error}); start JACK and try again.") from error
        self.rate: int = self._client.samplerate
        """Frames a second."""
        self.periods = 0
        """How many have been served."""
        self._name = port_name
        self._begin = begin
        self._process = process
        self._on_reading = on_reading
        self._on_gone = on_gone
        self._port: Any | None = None
        self._clock = FrameClock(self.rate)
        self._frames = FrameCount()
        self._news = ReadingNews()
        self._next_start = 0
        self._since_read = 0
        if on_late is not None:
            self._client.set_xrun_callback(lambda _usecs: on_late())
        self._client.set_shutdown_callback(self._shut_down)
        self._client.set_process_callback(self._serve)

    def open(self, direction: Direction) -> None:
        """Let others see the port. PortError, and the server is left, where it takes none or stands still."""
        try:
            self._client.activate()
            # Only now: a port of a client that is not active yet is seen by others, and refuses them.
            ports = self._client.midi_inports if direction is Direction.IN else self._client.midi_outports
            self._port = ports.register(self._name)
        except jack.JackError as error:
            self.close()
            raise PortError(f"JACK takes no port of ours ({error}); start JACK and try again.") from error
        # Until then nobody can tell the time of a message.
        self.wait(lambda: self._clock.is_read, time.monotonic() + _READ_WITHIN_S)
        if not self._clock.is_read:
            self.close()
            raise PortError("JACK stands still; end the program that holds it up, or start JACK again.")

    @property
    def period(self) -> int:
        """How many frames a period has now."""
        return int(self._client.blocksize)

    def connect(self, name: str) -> None:
        """Connect the port to the one of that full name. PortError, and the server is left, where it refuses."""
        assert self._port is not None
        ends = (name, self._port) if self._port.is_input else (self._port, name)
        try:
            self._client.connect(*ends)
        except jack.JackError as error:
            self.close()  # one that just ends makes all others late in a period
            raise PortError(f'JACK does not connect to "{name}" ({error}); look at `musedaemon ports`.') from error

    def wait(self, is_so: Callable[[], bool], deadline: float) -> None:
        """Return when it is so, or at the deadline (`time.monotonic`). Not on a thread of JACK's."""
        while not is_so() and time.monotonic() < deadline:
            time.sleep(_POLL_S)

    def close(self) -> None:
        """Leave the server. Where that takes long, for the server is gone or stands still, this process ends."""
        with _ended_by_the_system_after(_LEAVES_WITHIN_S):
            with suppress(jack.JackError):
                self._client.deactivate()
            self._client.close()

    def near(self, frame: int) -> int:
        """The whole number of a frame that is told in 32 bits. Any thread."""
        return self._frames.near(frame)

    def clear(self) -> None:
        """In `process`, before anything is written: nothing is left of the period before."""
        assert self._port is not None
        self._port.clear_buffer()

    def write(self, offset: int, data: bytes) -> bool:
        """In `process`: let a message leave so many frames into the period; whether there was room."""
        assert self._port is not None
        try:
            self._port.write_midi_event(offset, data)
        except jack.JackError:
            return False
        return True

    def incoming(self) -> Iterator[tuple[int, bytes]]:
        """In `process`: what came in this period, in order, each so many frames into it."""
        assert self._port is not None
        for offset, data in self._port.incoming_midi_events():
            yield offset, bytes(data)

    @property
    def connections(self) -> int:
        """In `process`: to how many ports ours is connected."""
        assert self._port is not None
        return int(self._port.number_of_connections)

    @property
    def lost(self) -> int:
        """In `process`: how many messages of this period JACK had no room for."""
        assert self._port is not None
        return int(self._port.lost_midi_events)

    def is_late(self, frames: int) -> bool:
        """In `process`: whether this period, of so many frames, is over already."""
        return bool(self._client.frames_since_cycle_start >= frames)

    def _shut_down(self, _status: object, reason: str) -> None:
        """On a thread of JACK's: the server has ended, or has had enough of us."""
        self._on_gone(reason or "it has ended")

    def _serve(self, frames: int) -> None:
        """On JACK's own thread. What it raised, JACK would call it no more."""
        try:
            if not self.periods:
                self._begin()
            start = self._first_frame()
            self._next_start = start + frames
            self._since_read += frames
            if not self._clock.is_read or self._since_read >= self.rate * _READ_EVERY_S:
                self._read(start)
            if self._port is not None:
                self._process(start, frames)
        except Exception as error:
            self._on_gone(f"{error!r}, please report it")
        self.periods += 1

    def _first_frame(self) -> int:
        """Of this period. PipeWire's JACK goes by one device or another, each with a count of its own: ours goes on."""
        start = self._frames.count(self._client.last_frame_time)
        if abs(start - self._next_start) > self.rate * _OTHER_COUNT_S and self._clock.is_read:
            by_machine = round(self._clock.reading().frame_at(time.perf_counter()))
            if abs(start - by_machine) > self.rate * _OTHER_COUNT_S:
                self._frames.go_on_at(by_machine)
                return by_machine
        return start

    def _read(self, start: int) -> None:
        """When this period began. JACK's own estimate of a frame's time is smoothed, and after a stall off by 10 ms."""
        self._since_read = 0
        self._clock.observe(time.perf_counter(), start)
        reading = self._clock.reading()
        if self._news.is_news(reading):
            self._on_reading(reading, self.rate)


@contextmanager
def _ended_by_the_system_after(seconds: float) -> Iterator[None]:
    """End this process where the body takes longer. On the main thread, like all that may close.

    libjack can wait for ever for a server that is gone (jack2 issue 395), and when it ends a thread that is in our
    callback, that takes Python's lock with it: no thread of Python's could end us then. Windows has no such alarm.
    """
    if not hasattr(signal, "setitimer"):
        yield
        return
    before, _ = signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, before)


def _say_nothing(_text: str) -> None:
    """What JACK prints it also raises."""
