"""The outlet: what sounds, and the messages by which it begins and ends.

Every note-on that leaves has one note-off, and none leaves before a message of its channel and pitch that the port has
already (DESIGN 2).
"""

from __future__ import annotations

from typing import NamedTuple

from musedaemon.core.events import MidiEvent, NoteOff, NoteOn
from musedaemon.core.ledger import Ledger, Sounding


class Outgoing(NamedTuple):
    """A message to send. `serial` names our note, None for what is passed thru.

    The event's `at` is when it is to sound, `not_before` when it is to leave (seconds); past, at once.
    """

    event: MidiEvent
    serial: int | None
    not_before: float = 0.0


class Outlet:
    """Owned by the player. A strike of ours is named by its serial, one of the musician's by a number below zero."""

    def __init__(self, offset: float) -> None:
        """How much earlier than it is to sound a message of ours leaves (seconds)."""
        self._offset = offset
        self._ledger = Ledger()
        self._leaving: dict[tuple[int, int], float] = {}

    def __len__(self) -> int:
        return len(self._ledger)

    def sounding(self) -> list[Sounding]:
        """All that sounds, in the order of channel and pitch."""
        return self._ledger.sounding()

    def strike(self, event: NoteOn, strike: int, leaves: float, now: float) -> list[Outgoing]:
        """A note-on, to leave then (seconds); what sounds on its channel and pitch ends first."""
        before = self._ledger.owner(event.channel, event.pitch)
        sounding = [] if before is None else [Sounding(event.channel, event.pitch, before)]
        ended = self.release(sounding, leaves, now)
        self._ledger.strike(event.channel, event.pitch, strike)
        return [*ended, self._outgoing(event, _serial(strike), leaves, now)]

    def end(self, event: NoteOff, strike: int, leaves: float, now: float) -> list[Outgoing]:
        """The note-off of a strike, to leave then (seconds); nothing where that does not sound any more."""
        if not self._ledger.release(event.channel, event.pitch, strike):
            return []
        return [self._outgoing(event, _serial(strike), leaves, now)]

    def release(self, notes: list[Sounding], leaves: float, now: float) -> list[Outgoing]:
        """A note-off for each. Ours sounds as much later as its note-on did."""
        released = []
        for channel, pitch, strike in notes:
            self._ledger.release(channel, pitch, strike)
            at = max(leaves, self._leaving.get((channel, pitch), 0.0)) + (self._offset if strike >= 0 else 0.0)
            released.append(self._outgoing(NoteOff(at, channel, pitch), _serial(strike), leaves, now))
        return released

    def _outgoing(self, event: NoteOn | NoteOff, serial: int | None, leaves: float, now: float) -> Outgoing:
        """The message, to leave then, but never before one of its channel and pitch that the port has already."""
        place = event.channel, event.pitch
        leaves = max(leaves, self._leaving.get(place, 0.0))
        if leaves <= now:
            return Outgoing(event, serial)
        self._leaving[place] = leaves
        return Outgoing(event, serial, leaves)


def _serial(strike: int) -> int | None:
    """Our note's serial, None for a strike of the musician's."""
    return strike if strike >= 0 else None
