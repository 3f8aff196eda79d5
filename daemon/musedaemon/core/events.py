"""What comes in: MIDI messages as the core sees them, each with the time it was heard.

`at` is in seconds on the driver's clock; channels are 0 to 15. `note_on` with velocity 0 never gets here: it is a
`NoteOff` at the border (MIDI 1.0 Detailed Specification, channel voice messages).
"""

from __future__ import annotations

from typing import NamedTuple


class NoteOn(NamedTuple):
    """A key went down; `velocity` is 1 to 127."""

    at: float
    channel: int
    pitch: int
    velocity: int


class NoteOff(NamedTuple):
    """A key came up."""

    at: float
    channel: int
    pitch: int
    velocity: int = 64


class ControlChange(NamedTuple):
    """A controller moved, channel mode messages (120 to 127) included."""

    at: float
    channel: int
    control: int
    value: int


class Other(NamedTuple):
    """Any other message, as its bytes: pitch bend, program change, SysEx, clock."""

    at: float
    data: bytes


MidiEvent = NoteOn | NoteOff | ControlChange | Other

SUSTAIN = 64
SOSTENUTO = 66
HOLD_2 = 69
HOLDING = frozenset((SUSTAIN, SOSTENUTO, HOLD_2))
"""The pedals that let notes sound on after their note-offs."""
ALL_SOUND_OFF = 120
RESET_CONTROLLERS = 121
ALL_NOTES_OFF = 123
SUSTAIN_DOWN = 64
"""A value of a pedal from here on means that it is down."""
CHANNEL_SILENCES = frozenset((ALL_SOUND_OFF, *range(ALL_NOTES_OFF, 128)))
"""Channel mode messages after which nothing sounds: 120, and 123 to 127, which all imply All Notes Off."""
