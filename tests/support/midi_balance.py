"""Counts notes in a recording: what a hanging note would show."""

from __future__ import annotations

from collections.abc import Iterable


def unbalanced(messages: Iterable[bytes]) -> dict[tuple[int, int], int]:
    """Note-ons less note-offs by (channel, pitch), where they are not equal; a note-on of velocity 0 is an off."""
    count: dict[tuple[int, int], int] = {}
    for data in messages:
        kind = data[0] & 0xF0
        if kind in (0x80, 0x90):
            place = (data[0] & 0x0F, data[1])
            starts = kind == 0x90 and data[2] > 0
            count[place] = count.get(place, 0) + (1 if starts else -1)
    return {place: notes for place, notes in count.items() if notes}


def note_ons(messages: Iterable[bytes]) -> list[bytes]:
    """The note-ons, in order."""
    return [data for data in messages if data[0] & 0xF0 == 0x90 and data[2] > 0]
