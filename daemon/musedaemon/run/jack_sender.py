"""A process of its own that sends to JACK: its callback never waits for the model, and it outlives what it serves.

    python -m musedaemon.run.jack_sender

The first it is told are words: auto|off PORT-NAME [FULL-NAME-TO-CONNECT-TO].

What it is sent, and what it does in the end, says `run/sending.py`; the time of a message is the frame it leaves at. It
also tells JACK's rate and period, what it knows of its frames, and why it ends. `auto` asks for real-time priority.
"""

from __future__ import annotations

import gc
import os
import sys
from functools import partial

from musedaemon.errors import PortError
from musedaemon.midi.frame_clock import FrameReading
from musedaemon.midi.jack_output import JackOutput
from musedaemon.midi.port_words import LOST, PERIOD, REFUSED, SERVING, words_of_reading
from musedaemon.midi.record_stream import first_words
from musedaemon.run.priority import jack_thread_precedence, precedence, system_precedence
from musedaemon.run.sending import outlive_daemon, serve, tell

_CLOSES_IN_S = 2.0


def _end(reason: str) -> None:
    """At once, from whatever thread: to close a client whose server is gone can hang or crash."""
    tell(REFUSED, f"JACK takes no more notes ({reason}); start it, and musedaemon, again.")
    os._exit(1)


def _tell_reading(reading: FrameReading, rate: int) -> None:
    tell(*words_of_reading(reading, rate))


def main(descriptor: int) -> int:
    """The life of the process, which hears the daemon there."""
    outlive_daemon()
    words = first_words(descriptor)
    if not words:
        return 0
    realtime, port_name, *targets = words
    try:
        begin = jack_thread_precedence(realtime).ask
        output = JackOutput(port_name, begin, partial(tell, PERIOD), _tell_reading, partial(tell, LOST), _end)
        for target in targets:
            output.connect(target)
    except PortError as error:
        tell(REFUSED, error)
        return 1
    tell(SERVING)
    gc.freeze()
    with precedence(system_precedence(realtime)):
        serve(output.send, descriptor)
    output.close(_CLOSES_IN_S)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.stdin.fileno()))
