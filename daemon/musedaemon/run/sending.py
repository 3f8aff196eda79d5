"""What the processes that send for the daemon have in common (`run/guardian.py`, `run/jack_sender.py`).

Messages come on standard input (see `midi/message_pipe.py`) until its end, which is the daemon's, whatever ended it;
then what still sounds is released: nothing after an orderly end. On standard output they tell how it goes.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator

from musedaemon.core.events import ControlChange, NoteOff, NoteOn
from musedaemon.core.pedals import Pedals
from musedaemon.midi import wire
from musedaemon.midi.message_pipe import HEADER, words_of

_CHUNK = 65_536


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
        begins = 0
        while len(held) - begins >= HEADER.size:
            at, length = HEADER.unpack_from(held, begins)
            ends = begins + HEADER.size + length
            if len(held) < ends:
                break
            yield at, held[begins + HEADER.size : ends]
            begins = ends
        held = held[begins:]


def first_words(descriptor: int) -> list[str]:
    """What the daemon tells first; nothing where it has ended before."""
    record = _exactly(descriptor, HEADER.size)
    message = _exactly(descriptor, HEADER.unpack(record)[1]) if record else b""
    return words_of(message) if message else []


def _exactly(descriptor: int, size: int) -> bytes:
    """So many bytes; nothing where the stream ends before."""
    read = b""
    while len(read) < size:
        chunk = os.read(descriptor, size - len(read))
        if not chunk:
            return b""
        read += chunk
    return read


def serve(send: Callable[[bytes, float], None], descriptor: int) -> None:
    """Send what comes, at its time, to the end of the stream; then release what sounds."""
    sounding, latest = Sounding(), 0.0
    for at, data in messages(descriptor):
        send(data, at)
        sounding.follow(data)
        latest = max(latest, at)
    for data in sounding.releases():
        send(data, latest)


def outlive_daemon() -> None:
    """Ignore what a terminal, a shell or a service manager ends the daemon with: its end is the end of the stream."""
    for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGUSR1"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)


def tell(word: str, *what: object) -> None:
    """One line for the daemon; one that is gone need not hear it."""
    try:
        os.write(sys.stdout.fileno(), " ".join([word, *map(str, what)]).encode() + b"\n")
    except OSError:
        return
