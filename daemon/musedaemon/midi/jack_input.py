"""An input that tells of each message at which frame of JACK's it was sent.

A client that is late in a period hears nothing of it, and keeps JACK waiting meanwhile: use this in a process that does
nothing else (`run/jack_receiver.py`).
"""

from __future__ import annotations

from collections.abc import Callable

from musedaemon.midi.frame_clock import FrameReading
from musedaemon.midi.jack_client import Direction, JackClient

_MISSED_S = 0.03
"""Less than that passes unheard on busy machines, and a note-off hardly ever comes just then."""


class JackInput:
    """A client of JACK with one input. One thread opens, connects and closes it.

    On JACK's own thread `begin` is called first. There `on_message` hears of the whole period's messages, one after the
    other, each with the whole number of its frame (see `FrameCount`); `on_reading` what is worth telling of the frames
    by `time.perf_counter`, and the rate; `on_missed` before which frame something was not heard, how many messages JACK
    had no room for, and how many seconds it did not wait for us; and `on_gone`, on any thread, why nothing is heard any
    more.
    """

    def __init__(
        self,
        port_name: str,
        begin: Callable[[], object],
        on_message: Callable[[float, bytes], None],
        on_reading: Callable[[FrameReading, int], None],
        on_missed: Callable[[float, int, float], None],
        on_gone: Callable[[str], None],
    ) -> None:
        self._on_message = on_message
        self._on_missed = on_missed
        self._next_start: int | None = None
        self._client = JackClient(port_name, begin, self._process, on_reading, on_gone)
        self._client.open(Direction.IN)

    def connect(self, name: str) -> None:
        """Listen to the port of that full name."""
        self._client.connect(name)

    def close(self) -> None:
        """Hear no more."""
        self._client.close()

    def _process(self, start: int, frames: int) -> None:
        """On JACK's own thread, once a period."""
        unheard_s = 0.0 if self._next_start is None else (start - self._next_start) / self._client.rate
        self._next_start = start + frames
        if unheard_s > _MISSED_S:
            self._on_missed(float(start), 0, unheard_s)
        for offset, data in self._client.incoming():
            self._on_message(float(start + offset), data)
        if lost := self._client.lost:
            self._on_missed(float(self._next_start), lost, 0.0)
