"""What may be left out where more comes than can be dealt with. Pure.

The end of a note, a pedal that comes up, all that silences, and the clock are never left out: without them something
hangs or runs away. Note-ons, and all that only colours them, are.
"""

from __future__ import annotations

from collections.abc import Callable

from musedaemon.core.events import (
    CHANNEL_SILENCES,
    HOLDING,
    SUSTAIN_DOWN,
    ControlChange,
    MidiEvent,
    NoteOff,
    NoteOn,
    Other,
)
from musedaemon.midi import wire

_KEPT = frozenset((0xF2, 0xF8, 0xFA, 0xFB, 0xFC, 0xFF))
"""Song Position, the clock, and System Reset (MIDI 1.0, system messages)."""


def is_vital(event: MidiEvent) -> bool:
    """Whether something would hang or run away without it."""
    match event:
        case NoteOff():
            return True
        case ControlChange(control=control, value=value):
            return control in CHANNEL_SILENCES or (control in HOLDING and value < SUSTAIN_DOWN)
        case Other(data=data):
            return data[0] in _KEPT
    return False


def may_be_shed(data: bytes) -> bool:
    """Whether one whole message's bytes may be left out."""
    event = wire.decode(data, 0.0)
    return event is None or not is_vital(event)


class Gate:
    """The way into a queue that someone may be slow to empty: what is let in never grows without bound.

    With `shed_from` items waiting what may be shed is, and so are note-offs of notes that were. With `most` waiting
    (minutes of a clock) only the ends of notes that were let in still are: at most one for each key there is.
    `on_shed` hears of each event that is left out. One thread.
    """

    def __init__(self, shed_from: int, most: int, on_shed: Callable[[], None]) -> None:
        self._shed_from = shed_from
        self._most = most
        self._on_shed = on_shed
        self._let_in: set[tuple[int, int]] = set()

    def admits(self, event: MidiEvent, waiting: int) -> bool:
        """Whether it may go in, with so many waiting there."""
        let_in = self._admits(event, waiting)
        if not let_in:
            self._on_shed()
        return let_in

    def _admits(self, event: MidiEvent, waiting: int) -> bool:
        match event:
            case NoteOn(channel=channel, pitch=pitch) if waiting < self._shed_from:
                self._let_in.add((channel, pitch))
                return True
            case NoteOff(channel=channel, pitch=pitch) if (channel, pitch) in self._let_in:
                self._let_in.discard((channel, pitch))
                return True
            case NoteOff():
                return waiting < self._shed_from
        return waiting < (self._most if is_vital(event) else self._shed_from)
