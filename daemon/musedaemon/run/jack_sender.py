"""A process of its own that sends to JACK: its callback never waits for the model, and it outlives what it serves.

    python -m musedaemon.run.jack_sender

The first it is told are words: auto|off PORT-NAME [FULL-NAME-TO-CONNECT-TO].

What it is sent, and what it does in the end, says `run/sending.py`; the time of a message is the frame it leaves at. It
also tells JACK's rate and period, that somebody listens, what it knows of its frames, and why it ends. `auto` asks for
real-time priority.
"""

from __future__ import annotations

import gc
import sys
from functools import partial

from musedaemon.errors import PortError
from musedaemon.midi.jack_output import JackOutput
from musedaemon.midi.port_words import LISTENED, LOST, PERIOD, REFUSED, SERVING
from musedaemon.midi.record_stream import first_words
from musedaemon.run.priority import jack_thread_precedence, precedence, system_precedence
from musedaemon.run.sending import outlive_daemon, serve
from musedaemon.run.telling import Daemon

_CLOSES_IN_S = 2.0


def main(heard_at: int, told_at: int) -> int:
    """The life of the process, which hears the daemon and tells it there (descriptors)."""
    outlive_daemon()
    words = first_words(heard_at)
    if not words:
        return 0
    realtime, port_name, *targets = words
    daemon = Daemon(told_at, "JACK takes no more notes", _nothing)
    try:
        daemon.tell(LISTENED, 0)
        output = JackOutput(
            port_name,
            begin=jack_thread_precedence(realtime).ask,
            on_period=partial(daemon.tell, PERIOD),
            on_listener=partial(daemon.tell, LISTENED, 1),
            on_reading=daemon.tell_reading,
            on_lost=partial(daemon.tell, LOST),
            on_gone=daemon.end,
        )
        for target in targets:
            output.connect(target)
    except PortError as error:
        daemon.tell(REFUSED, error)
        return 1
    daemon.tell(SERVING)
    gc.freeze()
    with precedence(system_precedence(realtime)):
        serve(output.send, heard_at)
    output.close(_CLOSES_IN_S)
    return 0


def _nothing() -> None:
    """Words are never left out."""


if __name__ == "__main__":
    sys.exit(main(sys.stdin.fileno(), sys.stdout.fileno()))
