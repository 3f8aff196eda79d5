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


def without_ends_again(messages: Iterable[tuple[int, bytes]]) -> list[tuple[int, bytes]]:
    """Frames and messages without the note-offs of notes that have ended, and the lifts of pedals that are up.

    Over JACK what ends is sent again where a client was late in a period. What never began stays in.
    """
    is_down: dict[tuple[int, ...], bool] = {}
    kept = []
    for frame, data in messages:
        place, goes_down = _end_of(data)
        if place and not goes_down and is_down.get(place) is False:
            continue
        if place and (goes_down or place in is_down):
            is_down[place] = goes_down
        kept.append((frame, data))
    return kept


def _end_of(data: bytes) -> tuple[tuple[int, ...], bool]:
    """The key or pedal that a message moves, empty for any other; and whether it goes down."""
    kind, channel = data[0] & 0xF0, data[0] & 0x0F
    if kind in (0x80, 0x90):
        return (channel, data[1]), kind == 0x90 and data[2] > 0
    if kind == 0xB0 and data[1] in (64, 66, 69):
        return (channel, 0xB0, data[1]), data[2] >= 64
    return (), False
