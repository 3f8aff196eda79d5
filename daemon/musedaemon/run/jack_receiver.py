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
from contextlib import suppress
from functools import partial

from musedaemon.errors import PortError
from musedaemon.midi.frame_clock import FrameReading
from musedaemon.midi.jack_input import JackInput
from musedaemon.midi.message_pipe import MessagePipe
from musedaemon.midi.port_words import LOST, REFUSED, SERVING, words_of_reading
from musedaemon.midi.record_stream import first_words
from musedaemon.run.priority import jack_thread_precedence, precedence, system_precedence
from musedaemon.run.sending import outlive_daemon

_FOR_EVER_S = float("inf")
_CHUNK = 4_096


class Daemon:
    """The way to the daemon, which never makes JACK wait: a daemon that was stopped hears all but notes that began.

    One thread of JACK's; before the port is open and after it is closed the main thread.
    """

    def __init__(self, descriptor: int) -> None:
        self._pipe = MessagePipe(descriptor, partial(self.lose, 1), _FOR_EVER_S)
        self._untold = 0

    def hand_over(self, frame: float, data: bytes) -> None:
        """A message that came in. One that is gone need not hear it: this process ends, too."""
        with suppress(OSError):
            self._pipe.put(data, frame)

    def tell(self, *words: object) -> None:
        """Words."""
        with suppress(OSError):
            self._pipe.tell(*words)

    def tell_reading(self, reading: FrameReading, rate: int) -> None:
        """What is known of JACK's frames."""
        self.tell(*words_of_reading(reading, rate))
        if self._untold:
            self.tell(LOST, self._untold)
            self._untold = 0

    def lose(self, messages: int) -> None:
        """So many messages were lost: told with the next reading, for this may be called in the midst of telling."""
        self._untold += messages

    def end(self, reason: str) -> None:
        """At once, from whatever thread: to close a client whose server is gone can hang or crash."""
        self.tell(REFUSED, f"JACK hands over no more notes ({reason}); start it, and musedaemon, again.")
        os._exit(1)


def main(heard_at: int, told_at: int) -> int:
    """The life of the process, which hears the daemon and tells it there (descriptors)."""
    outlive_daemon()
    words = first_words(heard_at)
    if not words:
        return 0
    realtime, port_name, *sources = words
    daemon = Daemon(told_at)
    try:
        begin = jack_thread_precedence(realtime).ask
        port = JackInput(port_name, begin, daemon.hand_over, daemon.tell_reading, daemon.lose, daemon.end)
        for source in sources:
            port.connect(source)
    except PortError as error:
        daemon.tell(REFUSED, error)
        return 1
    daemon.tell(SERVING)
    gc.freeze()
    with precedence(system_precedence(realtime)):
        while os.read(heard_at, _CHUNK):
            continue
    port.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.stdin.fileno(), sys.stdout.fileno()))
