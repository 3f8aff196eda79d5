"""What is so at a keyboard, and need not be in a file or a recording: a key is down once, and comes up at last."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from musedaemon.core.events import ControlChange, MidiEvent, NoteOff, NoteOn
from musedaemon.core.pedals import Pedals

Key = tuple[int, int]
"""Channel and pitch."""


def one_key_each(events: Iterable[MidiEvent]) -> list[MidiEvent]:
    """The events with keys that several tracks hold at once made one: struck once at a time, up when the last lets go.

    A key struck again while it is down comes up first.
    """
    struck: dict[Key, list[float]] = {}
    played: list[MidiEvent] = []
    for event in events:
        match event:
            case NoteOn(at, channel, pitch, _):
                onsets = struck.setdefault((channel, pitch), [])
                if onsets and onsets[-1] < at:
                    played.append(NoteOff(at, channel, pitch))
                if not onsets or onsets[-1] < at:
                    played.append(event)
                onsets.append(at)
            case NoteOff(_, channel, pitch, _):
                onsets = struck.get((channel, pitch), [])
                if len(onsets) == 1:
                    played.append(event)
                if onsets:
                    onsets.pop()
            case _:
                played.append(event)
    return played


def letting_go(events: Sequence[MidiEvent], at: float | None = None) -> list[MidiEvent]:
    """What was forgotten at the end: note-offs for keys still down, pedals up; `at` seconds, or with the last event."""
    keys: dict[Key, None] = {}
    pedals = Pedals()
    for event in events:
        match event:
            case NoteOn():
                keys[event.channel, event.pitch] = None
            case NoteOff():
                keys.pop((event.channel, event.pitch), None)
            case ControlChange():
                pedals.follow(event)
            case _:
                pass
    end = at if at is not None else events[-1].at if events else 0.0
    return [*(NoteOff(end, channel, pitch) for channel, pitch in keys), *pedals.releases(end)]


def begun_here(events: Iterable[MidiEvent]) -> list[MidiEvent]:
    """The events without the note-offs of keys that went down before the first of them."""
    down: dict[Key, int] = {}
    kept: list[MidiEvent] = []
    for event in events:
        match event:
            case NoteOn(_, channel, pitch):
                down[channel, pitch] = down.get((channel, pitch), 0) + 1
            case NoteOff(_, channel, pitch) if not down.get((channel, pitch)):
                continue
            case NoteOff(_, channel, pitch):
                down[channel, pitch] -= 1
        kept.append(event)
    return kept
