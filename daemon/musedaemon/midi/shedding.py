"""What may be left out where more comes than can be dealt with. Pure.

The end of a note, a pedal that comes up, all that silences, and the clock are never left out: without them something
hangs or runs away. Note-ons, and all that only colours them, are.
"""

from __future__ import annotations

from musedaemon.core.events import CHANNEL_SILENCES, HOLDING, SUSTAIN_DOWN, ControlChange, MidiEvent, NoteOff, Other
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
