"""A process of its own that sends to JACK: its callback never waits for the model, and it outlives what it serves.

    python -m musedaemon.run.jack_sender auto|off PORT-NAME [FULL-NAME-TO-CONNECT-TO]

On its standard input come messages (see `midi/jack_ports.py`), until the end of it; then it releases what still sounds:
nothing after an orderly end, the notes of a daemon that was killed. On its standard output it tells JACK's rate and
period (frames), and why it ends. It ignores the signals that end its parent. `auto` asks for real-time priority.
"""

from __future__ import annotations

import gc
import os
import signal
import sys
import time
from collections.abc import Iterator
from functools import partial

from musedaemon.core.events import ControlChange, NoteOff, NoteOn
from musedaemon.core.pedals import Pedals
from musedaemon.errors import PortError
from musedaemon.midi import wire
from musedaemon.midi.jack_output import JackOutput
from musedaemon.midi.jack_ports import HEADER, LOST, PERIOD, REFUSED, SERVING
from musedaemon.run.priority import precedence, system_precedence

_CHUNK = 65_536
_CLOSES_IN_S = 2.0


class Sounding:
    """What the messages sent so far leave sounding: notes and pedals."""

    def __init__(self) -> None:
        self._notes: dict[tuple[int, int], None] = {}
        self._pedals = Pedals()

    def follow(self, data: bytes) -> None:
        """A message was sent."""
        match wire.decode(data, 0.0):
            case NoteOn(_, channel, pitch):
                self._notes[channel, pitch] = None
            case NoteOff(_, channel, pitch):
                self._notes.pop((channel, pitch), None)
            case ControlChange() as event:
                self._pedals.follow(event)

    def releases(self) -> list[bytes]:
        """The messages that end it."""
        pedals = [wire.encode(up) for up in self._pedals.releases(0.0)]
        return [*pedals, *(wire.encode(NoteOff(0.0, channel, pitch)) for channel, pitch in self._notes)]


def messages(descriptor: int) -> Iterator[tuple[float, bytes]]:
    """Each message (seconds it is to leave at, bytes) as soon as it is there, to the end of the stream."""
    held = b""
    while chunk := os.read(descriptor, _CHUNK):
        held += chunk
        while len(held) >= HEADER.size:
            at, length = HEADER.unpack_from(held)
            if len(held) < HEADER.size + length:
                break
            yield at, held[HEADER.size : HEADER.size + length]
            held = held[HEADER.size + length :]


def _tell(word: str, *what: object) -> None:
    """One line for the parent; a parent that is gone need not hear it."""
    try:
        os.write(sys.stdout.fileno(), " ".join([word, *map(str, what)]).encode() + b"\n")
    except OSError:
        return


def _serve(output: JackOutput, descriptor: int) -> None:
    sounding, latest = Sounding(), 0.0
    for at, data in messages(descriptor):
        output.send(data, at)
        sounding.follow(data)
        latest = max(latest, at)
    for data in sounding.releases():
        output.send(data, latest)


def _end(reason: str) -> None:
    """At once, from whatever thread: to close a client whose server is gone can hang or crash."""
    _tell(REFUSED, f"JACK takes no more notes ({reason}); start it, and musedaemon, again.")
    os._exit(1)


def main(arguments: list[str]) -> int:
    """The life of the process."""
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    realtime, port_name, *targets = arguments
    try:
        output = JackOutput(port_name, time.perf_counter, partial(_tell, PERIOD), partial(_tell, LOST), _end)
        for target in targets:
            output.connect(target)
    except PortError as error:
        _tell(REFUSED, error)
        return 1
    _tell(SERVING)
    gc.freeze()
    with precedence(system_precedence(realtime)):
        _serve(output, sys.stdin.fileno())
    output.close(_CLOSES_IN_S)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
