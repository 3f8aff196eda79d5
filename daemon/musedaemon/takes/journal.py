"""A take in the making, as text that can only grow: a heading, then a line for each thing that was played.

A Standard MIDI File of several tracks cannot be appended to: each track says its length, and the tempo of a call is
known only when it is over. So a take is written as this, and made a .mid file by another process (`takes/keeper.py`).
Pure. Times are seconds since the take began. A line that cannot be read says nothing: a crash may have cut it short.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from musedaemon.core.beat_grid import Beat, BeatGrid, Meter, parse_meter
from musedaemon.core.commands import ClockMoved, HandedOver, Heard
from musedaemon.core.events import MidiEvent
from musedaemon.core.midi_clock import ClockNews
from musedaemon.core.outlet import Outgoing
from musedaemon.midi import wire
from musedaemon.midi.hands import begun_here
from musedaemon.run.recorder import Recorder

_TITLE = "musedaemon-take-1"
_CALL, _RESPONSE, _TEMPO, _BEAT = "call", "response", "tempo", "beat"
_NONE = "-"
_LONGEST_S = 10 * 365 * 86_400.0


class Sounded(NamedTuple):
    """This of ours has left."""

    event: MidiEvent


Entry = Heard | Sounded | HandedOver | ClockMoved
"""What a take is made of."""


class Scene(NamedTuple):
    """What is so as a take begins: the tempo last known, and where the beats of a clock lie."""

    bpm: float | None = None
    beat: Beat | None = None

    def after(self, entry: Entry) -> Scene:
        """What is so once that has happened."""
        match entry:
            case HandedOver(bpm=bpm):
                return self._replace(bpm=bpm)
            case ClockMoved(beat):
                return self._replace(beat=beat)
        return self


def time_of(entry: Entry) -> float:
    """When it happened (seconds)."""
    match entry:
        case Heard(event) | Sounded(event):
            return event.at
        case HandedOver(at):
            return at
        case ClockMoved(beat):
            return beat.at


def heading(meter: Meter, scene: Scene, began: float) -> list[str]:
    """The first lines of a take that began then (seconds of the session)."""
    bpm = _NONE if scene.bpm is None else repr(scene.bpm)
    lines = [f"{_TITLE} {meter} {bpm}"]
    return lines if scene.beat is None else [*lines, _beat_line(scene.beat._replace(at=began), began)]


def line(entry: Entry, began: float) -> str:
    """One thing that was played, in a take that began then (seconds of the session)."""
    match entry:
        case Heard(event):
            return f"{_CALL} {event.at - began:.6f} {wire.encode(event).hex()}"
        case Sounded(event):
            return f"{_RESPONSE} {event.at - began:.6f} {wire.encode(event).hex()}"
        case HandedOver(_, call_at, bpm):
            return f"{_TEMPO} {call_at - began:.6f} {bpm!r}"
        case ClockMoved(beat):
            return _beat_line(beat, began)


def _beat_line(beat: Beat, began: float) -> str:
    grid = beat.grid
    song = _NONE if beat.song_begins is None else repr(beat.song_begins)
    return f"{_BEAT} {beat.at - began:.6f} {grid.at - began:.9f} {grid.beat!r} {grid.bpm!r} {song}"


class Take(NamedTuple):
    """A take as it was read: what was played, and the tempo where none is told later on."""

    record: Recorder
    bpm: float | None


def take_of(lines: Iterable[str]) -> Take | None:
    """What these lines hold; None if they do not begin as a take does."""
    rest = iter(lines)
    match next(rest, "").split(" "):
        case [title, signature, bpm] if title == _TITLE and (meter := parse_meter(signature)):
            record = Recorder(meter)
        case _:
            return None
    entries = [entry for entry in map(_entry, rest) if entry is not None]
    for entry in entries:
        if isinstance(entry, ClockMoved):
            record.report(entry)
        elif isinstance(entry, HandedOver):
            record.handed_over(entry)
    for event in begun_here([entry.event for entry in entries if isinstance(entry, Heard)]):
        record.report(Heard(event))
    record.sent([Outgoing(e, 0) for e in begun_here([one.event for one in entries if isinstance(one, Sounded)])])
    return Take(record, None if bpm == _NONE else _tempo(bpm))


def _entry(text: str) -> Entry | None:
    try:
        return _read(text.split(" "))
    except (ValueError, OverflowError):
        return None


def _read(words: Sequence[str]) -> Entry | None:
    match words:
        case [track, at, data] if track in (_CALL, _RESPONSE):
            event = wire.decode(bytes.fromhex(data), _seconds(at))
            if event is None:
                return None
            return Heard(event) if track == _CALL else Sounded(event)
        case [kind, at, bpm] if kind == _TEMPO:
            call_at = _seconds(at)
            return HandedOver(call_at, call_at, _tempo(bpm))
        case [kind, at, grid_at, grid_beat, bpm, song] if kind == _BEAT:
            grid = BeatGrid(_number(grid_at), _number(grid_beat), _tempo(bpm))
            return ClockMoved(Beat(_seconds(at), grid, None if song == _NONE else _number(song)), ClockNews.PULSE)
    return None


def _seconds(word: str) -> float:
    return min(max(_number(word), 0.0), _LONGEST_S)


def _tempo(word: str) -> float:
    bpm = _number(word)
    if not 1.0 <= bpm <= 1000.0:
        raise ValueError(word)
    return bpm


def _number(word: str) -> float:
    value = float(word)
    if not math.isfinite(value):
        raise ValueError(word)
    return value
