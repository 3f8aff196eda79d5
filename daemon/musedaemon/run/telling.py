"""How a process that owns a port of JACK's tells the daemon what it has to tell: without ever waiting.

Most of it is told on JACK's own thread, and while that waits, JACK waits with all its clients. A daemon that is stopped
reads nothing, and its pipe is full in ten minutes.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress

from musedaemon.midi.frame_clock import FrameReading
from musedaemon.midi.message_pipe import MessagePipe
from musedaemon.midi.port_words import REFUSED, words_of_reading

_FOR_EVER_S = float("inf")


class Daemon:
    """The way to the daemon. One thread of JACK's; before the port is open and after it is closed the main thread."""

    def __init__(self, descriptor: int, trouble: str, on_shed: Callable[[], None]) -> None:
        """`trouble` is what to tell where the process ends by itself, its reason behind it.

        `on_shed` hears of each message that is left out because too many wait for a daemon that reads none.
        """
        self._pipe = MessagePipe(descriptor, on_shed, _FOR_EVER_S)
        self._trouble = trouble

    def hand_over(self, stamp: float, data: bytes) -> None:
        """A message. Where so many wait that note-offs would be lost this process ends, so that all keys are let go."""
        try:
            self._pipe.put(data, stamp)
        except TimeoutError:
            self.end("musedaemon has read none of them for long")
        except OSError:
            return  # the daemon is gone, and this process ends, too

    def tell(self, *words: object) -> None:
        """Words. A daemon that is gone need not hear them."""
        with suppress(OSError):
            self._pipe.tell(*words)

    def tell_reading(self, reading: FrameReading, rate: int) -> None:
        """What is known of JACK's frames."""
        self.tell(*words_of_reading(reading, rate))

    def end(self, reason: str) -> None:
        """End this process at once, on any thread: to close a client whose server is gone can hang or crash."""
        self.tell(REFUSED, f"{self._trouble} ({reason}); start it, and musedaemon, again.")
        os._exit(1)
