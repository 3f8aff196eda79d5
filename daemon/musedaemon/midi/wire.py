"""Bytes on the wire <-> the core's events (MIDI 1.0 Detailed Specification, tables of status and system messages).

Pure and fast enough for a port's callback. `decode` never raises: what is no whole MIDI message is None.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never

from musedaemon.core.events import ControlChange, MidiEvent, NoteOff, NoteOn, Other

NOTE_OFF = 0x80
NOTE_ON = 0x90
CONTROL_CHANGE = 0xB0
PROGRAM_CHANGE = 0xC0
CHANNEL_PRESSURE = 0xD0
SYSEX = 0xF0
SYSEX_END = 0xF7
FIRST_REAL_TIME = 0xF8

_TWO_BYTE_KINDS = (PROGRAM_CHANGE, CHANNEL_PRESSURE)
_SYSTEM_LENGTHS = {0xF1: 2, 0xF2: 3, 0xF3: 2}
"""System common messages with data; every other one, the undefined too, is one byte."""


def decode(data: Sequence[int], at: float) -> MidiEvent | None:
    """The event that one message's bytes say, heard `at` seconds; None unless they are exactly one whole message.

    Never raises, whatever the numbers. A note-on with velocity 0 is a `NoteOff`; all but notes and controls is `Other`.
    """
    if not is_message(data):
        return None
    status = data[0]
    kind, channel = status & 0xF0, status & 0x0F
    if kind == NOTE_ON and data[2] > 0:
        return NoteOn(at, channel, data[1], data[2])
    if kind == NOTE_ON:
        return NoteOff(at, channel, data[1])
    if kind == NOTE_OFF:
        return NoteOff(at, channel, data[1], data[2])
    if kind == CONTROL_CHANGE:
        return ControlChange(at, channel, data[1], data[2])
    return Other(at, bytes(data))


def encode(event: MidiEvent) -> bytes:
    """The bytes of one event. ValueError if a field is out of range: no port checks what it is given to send."""
    match event:
        case NoteOn(_, channel, pitch, velocity):
            data = bytes((NOTE_ON + channel, pitch, velocity))
        case NoteOff(_, channel, pitch, velocity):
            data = bytes((NOTE_OFF + channel, pitch, velocity))
        case ControlChange(_, channel, control, value):
            data = bytes((CONTROL_CHANGE + channel, control, value))
        case Other(_, data):
            pass
        case _:
            assert_never(event)
    if not is_message(data) or not (isinstance(event, Other) or 0 <= event.channel <= 15):
        raise ValueError(f"not a MIDI message: {event!r}")
    return data


def is_message(data: Sequence[int]) -> bool:
    """Whether these numbers are one whole MIDI message, running status not allowed."""
    if not data or not 0x80 <= data[0] <= 0xFF:
        return False
    if data[0] == SYSEX:
        return len(data) >= 2 and data[-1] == SYSEX_END and _are_data(data[1:-1])
    return len(data) == length_of(data[0]) and _are_data(data[1:])


def length_of(status: int) -> int | None:
    """How many bytes a message of this status has; None for SysEx of any length and its end, which is no message."""
    if status >= SYSEX:
        return None if status in (SYSEX, SYSEX_END) else _SYSTEM_LENGTHS.get(status, 1)
    return 2 if status & 0xF0 in _TWO_BYTE_KINDS else 3


def _are_data(values: Sequence[int]) -> bool:
    if isinstance(values, bytes):
        return values.isascii()  # below 0x80, and quick for a SysEx of any length
    return all(0 <= value <= 0x7F for value in values)
