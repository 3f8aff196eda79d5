"""An input that tells of each message at which frame of JACK's it was sent.

A client that is late in a period hears nothing of it, and keeps JACK waiting meanwhile: use this in a process that does
nothing else (`run/jack_receiver.py`).
"""

from __future__ import annotations

from collections.abc import Callable

from musedaemon.midi.frame_clock import FrameReading
from musedaemon.midi.jack_client import Direction, JackClient


class JackInput:
    """A client of JACK with one input. One thread opens, connects and closes it.

    On JACK's own thread `begin` is called first. There `on_message` hears of the whole period's messages, one after the
    other, each with its frame (JACK's, in 32 bits); `on_reading` what is worth telling of the frames by
    `time.perf_counter`, and the rate; `on_lost` how many messages JACK had no room for; and `on_gone`, on any thread,
    why nothing is heard any more.
    """

    def __init__(
        self,
        port_name: str,
        begin: Callable[[], object],
        on_message: Callable[[float, bytes], None],
        on_reading: Callable[[FrameReading, int], None],
        on_lost: Callable[[int], None],
        on_gone: Callable[[str], None],
    ) -> None:
        self._on_message = on_message
        self._on_lost = on_lost
        self._client = JackClient(port_name, begin, self._process, on_reading, on_gone)
        self._client.open(Direction.IN)

    def connect(self, name: str) -> None:
        """Listen to the port of that full name."""
        self._client.connect(name)

    def close(self) -> None:
        """Hear no more."""
        self._client.close()

    def _process(self, start: int, _frames: int) -> None:
        """On JACK's own thread, once a period."""
        for offset, data in self._client.incoming():
            self._on_message(float(start + offset), data)
        if lost := self._client.lost:
            self._on_lost(lost)
