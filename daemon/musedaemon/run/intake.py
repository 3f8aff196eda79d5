"""What comes in at a port, on its way to the player thread: taken apart, decoded, and bounded.

A player that cannot keep up with a flood loses note-ons, never the ends of notes nor the clock; that is told.
"""

from __future__ import annotations

from collections.abc import Callable
from queue import Queue

from musedaemon.core.commands import Heard
from musedaemon.core.events import MidiEvent
from musedaemon.midi import wire
from musedaemon.midi.byte_stream import ByteStream
from musedaemon.midi.shedding import Gate
from musedaemon.midi.tally import Tally
from musedaemon.run.threads import ForEngine

PLAYER_SHEDS_FROM = 512
"""With so many messages waiting for the player thread note-ons are left out: 0.1 s of a flood."""
ENGINE_SHEDS_FROM = 256
"""With so many waiting for the engine it hears of no more note-ons, a step of the model each. Thru passes them on."""
MOST_WAITING = 16_384


def everything(_event: MidiEvent) -> bool:
    """Of a port on which music is played."""
    return True


class Intake:
    """A `Receive`: takes a message's bytes and the second they came, on the port's thread."""

    def __init__(
        self,
        put: Callable[[MidiEvent], None],
        waiting: Callable[[], int],
        now: Callable[[], float],
        wanted: Callable[[MidiEvent], bool] = everything,
    ) -> None:
        """`waiting` tells how many the player has not taken yet; `now` is in seconds. The rest is not `wanted`."""
        self._put = put
        self._wanted = wanted
        self._waiting = waiting
        self._stream = ByteStream()
        shed = Tally("messages that came in were left out: more than can be played", now)
        self._gate = Gate(PLAYER_SHEDS_FROM, MOST_WAITING, shed.count)

    def __call__(self, data: bytes, at: float) -> None:
        """A message, or what a port takes for one."""
        for message in self._stream.messages(data):
            event = wire.decode(message, at)
            if event is not None and self._wanted(event) and self._gate.admits(event, self._waiting()):
                self._put(event)


class BoundedReports(Queue[ForEngine]):
    """An engine's inbox that leaves out what a musician plays where that is more than the engine can think about.

    The player thread alone puts reports.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        """`now` is in seconds."""
        super().__init__()
        shed = Tally("messages were passed on unheard: more than the model can follow", now)
        self._gate = Gate(ENGINE_SHEDS_FROM, MOST_WAITING, shed.count)

    def put(self, item: ForEngine, block: bool = True, timeout: float | None = None) -> None:
        """Put it in, or leave it out. Never blocks."""
        if not isinstance(item, Heard) or self._gate.admits(item.event, self.qsize()):
            super().put(item, block, timeout)
