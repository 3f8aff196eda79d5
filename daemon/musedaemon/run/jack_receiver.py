"""A process of its own that listens to JACK: its callback never waits for the model, nor does JACK for it.

    python -m musedaemon.run.jack_receiver

The first it is told are words: auto|off PORT-NAME [FULL-NAME-TO-LISTEN-TO]. It lives until its standard input ends.

On standard output (see `midi/record_stream.py`) it hands over each message with its frame, and tells what it knows of
JACK's frames, how many messages were lost, and why it ends. `auto` asks for real-time priority.
"""

from __future__ import annotations

import gc
import os
import sys

from musedaemon.errors import PortError
from musedaemon.midi.frame_clock import FrameReading
from musedaemon.midi.jack_input import JackInput
from musedaemon.midi.port_words import MISSED, REFUSED, SERVING
from musedaemon.midi.record_stream import first_words
from musedaemon.run.priority import jack_thread_precedence, precedence, system_precedence
from musedaemon.run.sending import Sounding, outlive_daemon
from musedaemon.run.telling import Daemon

_CHUNK = 4_096


class Ear:
    """What is heard, on its way to the daemon. Where something was not, all that is held is let go: its end may have
    been in it, and a key that is held for ever is worse than one let go too soon. On JACK's thread.
    """

    def __init__(self, told_at: int) -> None:
        self.daemon = Daemon(told_at, "JACK hands over no more notes", self._count)
        self._held = Sounding()
        self._lost = 0
        self._missed_ms = 0.0

    def hear(self, frame: float, data: bytes) -> None:
        """A message."""
        self._held.follow(data)
        self.daemon.hand_over(frame, data)

    def miss(self, frame: float, messages: int, seconds: float) -> None:
        """Before this frame so many messages were lost, and JACK's time passed unheard."""
        self._lost += messages
        self._missed_ms += 1000.0 * seconds
        for data in self._held.releases():
            self.daemon.hand_over(frame, data)
        self._held = Sounding()

    def tell_reading(self, reading: FrameReading, rate: int) -> None:
        """What is known of JACK's frames, and what was missed."""
        self.daemon.tell_reading(reading, rate)
        if self._lost or self._missed_ms:
            self.daemon.tell(MISSED, self._lost, round(self._missed_ms))
            self._lost, self._missed_ms = 0, 0.0

    def _count(self) -> None:
        """A message was left out. Told with the next reading: this may be called in the midst of telling."""
        self._lost += 1


def main(heard_at: int, told_at: int) -> int:
    """The life of the process, which hears the daemon and tells it there (descriptors)."""
    outlive_daemon()
    words = first_words(heard_at)
    if not words:
        return 0
    realtime, port_name, *sources = words
    ear = Ear(told_at)
    try:
        begin = jack_thread_precedence(realtime).ask
        port = JackInput(port_name, begin, ear.hear, ear.tell_reading, ear.miss, ear.daemon.end)
        for source in sources:
            port.connect(source)
    except PortError as error:
        ear.daemon.tell(REFUSED, error)
        return 1
    ear.daemon.tell(SERVING)
    gc.freeze()
    with precedence(system_precedence(realtime)):
        while os.read(heard_at, _CHUNK):
            continue
    port.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.stdin.fileno(), sys.stdout.fileno()))
