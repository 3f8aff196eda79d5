"""What the daemon's other processes have in common, above all the senders (`run/guardian.py`, `run/jack_sender.py`).

Messages come on standard input (see `midi/record_stream.py`) until its end, which is the daemon's, whatever ended it;
then what still sounds is released: nothing after an orderly end. On standard output they tell how it goes.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable

from musedaemon.core.events import ControlChange, NoteOff, NoteOn
from musedaemon.core.pedals import Pedals
from musedaemon.midi import wire
from musedaemon.midi.record_stream import AT_ONCE, WORDS, as_message, as_record, records


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


def serve(send: Callable[[bytes, float], None], descriptor: int) -> None:
    """Send what comes, at what `send` takes for its time, to the end of the stream; then release what sounds.

    At once, but what `send` still keeps of that channel and pitch leaves before (`FrameQueue`).
    """
    sounding = Sounding()
    for at, data in records(descriptor):
        send(data, at)
        sounding.follow(data)
    for data in sounding.releases():
        send(data, AT_ONCE)


def outlive_daemon() -> None:
    """Ignore what the daemon is ended with or asked for something: a terminal sends it to all its processes, `systemctl
    kill` to all of a service. Its end is the end of the stream.
    """
    for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGUSR1", "SIGUSR2"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)


def tell(*words: object) -> None:
    """Words for the daemon; one that is gone need not hear them. Any thread: they are short, and written whole."""
    try:
        os.write(sys.stdout.fileno(), as_record(WORDS, as_message(words)))
    except OSError:
        return
