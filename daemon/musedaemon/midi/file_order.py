"""In which order the events of a .mid file stand: no note-off may fall before its note-on or cut the next one. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import NamedTuple

from musedaemon.core.events import MidiEvent, NoteOff, NoteOn
from musedaemon.midi.tempo_map import TempoMap


class Placed(NamedTuple):
    """An event of a file: its tick from the start, and which track it stands in."""

    tick: int
    track: int
    event: MidiEvent


def in_playing_order(placed: Iterable[Placed]) -> list[Placed]:
    """All tracks as one, by tick; at one tick the ends of earlier notes first, the rest as it stood in the file."""
    ordered: list[Placed] = []
    sounding: set[tuple[int, int, int]] = set()
    for _, group in groupby(sorted(placed, key=lambda one: one.tick), key=lambda one: one.tick):
        ordered += _ends_first(group, sounding)
    return ordered


def _ends_first(group: Iterable[Placed], sounding: set[tuple[int, int, int]]) -> list[Placed]:
    """One tick's events, and `sounding` (track, channel, pitch) brought up to date.

    The note-off of a note that starts at this very tick stays behind its note-on: a note without length must end.
    """
    ends: list[Placed] = []
    rest: list[Placed] = []
    started: set[tuple[int, int, int]] = set()
    for one in group:
        match one.event:
            case NoteOff(_, channel, pitch) if (one.track, channel, pitch) in sounding:
                sounding.remove((one.track, channel, pitch))
                ends.append(one)
                continue
            case NoteOff(_, channel, pitch):
                started.discard((one.track, channel, pitch))
            case NoteOn(_, channel, pitch):
                started.add((one.track, channel, pitch))
        rest.append(one)
    sounding |= started
    return ends + rest


def on_ticks(events: Sequence[MidiEvent], tempo_map: TempoMap) -> list[tuple[int, MidiEvent]]:
    """One track's events (any order; those of equal `at` in theirs) on the file's ticks, note-offs first on each tick.

    The notes of a key keep their order whatever the rounding: each lasts one tick at least, and the next of the key
    starts no earlier than it ends.
    """
    last: dict[tuple[int, int], tuple[int, int]] = {}
    placed: list[tuple[int, MidiEvent]] = []
    for event in sorted(events, key=lambda event: event.at):
        tick = tempo_map.tick(event.at)
        if isinstance(event, NoteOn | NoteOff):
            started, ended = last.get((event.channel, event.pitch), (-1, 0))
            if isinstance(event, NoteOn):
                started = tick = max(tick, ended)
            else:
                ended = tick = max(tick, started + 1)
            last[event.channel, event.pitch] = (started, ended)
        placed.append((tick, event))
    return sorted(placed, key=lambda place: (place[0], not isinstance(place[1], NoteOff)))
