"""What a pianist might play for a long time, made from a seed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from random import Random

from musedaemon.core.events import SUSTAIN, ControlChange, MidiEvent, NoteOff, NoteOn
from musedaemon.midi import wire

NOTES_A_SECOND = 30.0
_LEFT, _RIGHT = range(33, 60), range(60, 97)
_AGAIN_S = 0.08
"""No key is struck again sooner after it came up."""


def dense_playing(notes: int, seed: int = 0) -> list[MidiEvent]:
    """Two hands all over the keyboard, chords and runs, the pedal going: so many notes, 30 a second."""
    rng = Random(seed)
    free_at: dict[int, float] = {}
    events: list[tuple[float, int, MidiEvent]] = []
    at, value = 0.0, 0
    for index in range(notes):
        at += rng.choice((0.002, 2 / NOTES_A_SECOND - 0.002)) * rng.uniform(0.9, 1.1)
        hand = _LEFT if index % 3 == 0 else _RIGHT
        pitch = rng.choice([key for key in hand if free_at.get(key, 0.0) < at])
        until = at + rng.uniform(0.04, 0.3)
        free_at[pitch] = until + _AGAIN_S
        events.append((at, 2 * index, NoteOn(at, 0, pitch, rng.randrange(20, 120))))
        events.append((until, 2 * index + 1, NoteOff(until, 0, pitch)))
        if index % 40 == 0:
            value = 127 if index % 80 == 0 else 0
            events.append((at, 2 * index, ControlChange(at, 0, SUSTAIN, value)))
    if value:  # up twice, and a recorder that leaves out what ends again hears one message less
        end = max(key for key, _, _ in events) + 0.1
        events.append((end, 2 * notes, ControlChange(end, 0, SUSTAIN, 0)))
    return _in_order(events)


def jamming(seconds: float, seed: int = 0) -> list[MidiEvent]:
    """Phrases with pauses between them: some leave room for a whole reply, some break into it or come before it."""
    rng = Random(seed)
    events: list[tuple[float, int, MidiEvent]] = []
    at, count = 0.0, 0
    while at < seconds:
        step = rng.choice((0.125, 0.25, 0.25, 0.5))
        pitch = rng.randrange(48, 80)
        for _ in range(rng.randrange(3, 14)):
            pitch = min(max(pitch + rng.choice((-4, -2, -1, 1, 2, 3, 5)), 40), 90)
            until = at + step * rng.uniform(0.4, 0.95)
            events.append((at, 2 * count, NoteOn(at, 0, pitch, rng.randrange(40, 110))))
            events.append((until, 2 * count + 1, NoteOff(until, 0, pitch)))
            at += step * rng.uniform(0.95, 1.05)
            count += 1
        at += rng.choice((0.3, 0.7, 1.5, 3.0, 6.0, 9.0)) * rng.uniform(0.8, 1.2)
    return _in_order(events)


def _in_order(events: list[tuple[float, int, MidiEvent]]) -> list[MidiEvent]:
    return [event for _, _, event in sorted(events, key=lambda entry: entry[:2])]


def timed_bytes(events: Sequence[MidiEvent]) -> Iterator[tuple[float, bytes]]:
    """The events as a port gets them, with their seconds."""
    return ((event.at, wire.encode(event)) for event in events)
