"""MIDI files and ABC tunes: the one place that knows symusic."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import symusic

from musedaemon.encoding import PITCHES, TICKS_PER_BEAT
from musedaemon_training.notes import LONGEST_BAR_TICKS, Notes, from_columns, in_playing_order
from musedaemon_training.pieces import NO_METER, Meter, Piece, Reason, UnreadableError
from musedaemon_training.played import Meant, Performance, has_ragged_ends, is_played, meant, with_clean_ends

MOST_TICKS = 2**30
DEFAULT_MICROSECONDS_A_QUARTER = 500_000
"""Where a file marks no tempo (Standard MIDI Files 1.0)."""
_TUNE_START = re.compile(r"^X:", re.MULTILINE)

_CALL, _RESPONSE = "call", "response"
"""The tracks of a file that musedaemon wrote (musedaemon.run.recorder)."""

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


def read_midi(data: bytes) -> Piece:
    """The piece in a MIDI file. Raises UnreadableError, or whatever symusic meets in a broken file."""
    return _piece("", symusic.Score.from_midi(data))


def read_tunes(text: str) -> Iterator[Piece | UnreadableError]:
    """Each tune of an ABC book, or why it is left out."""
    starts = [match.start() for match in _TUNE_START.finditer(text)]
    for number, (start, stop) in enumerate(zip(starts, [*starts[1:], len(text)], strict=True), 1):
        try:
            piece = _piece(f"tune {number}", symusic.Score.from_abc(text[start:stop]))
            # The reader makes up velocities from the beat; a tune book says nothing of dynamics.
            piece.notes["velocity"] = 0
            yield piece
        except UnreadableError as error:
            yield error
        except Exception as error:
            # symusic raises whatever its C++ parser meets: one broken tune does not spoil the book.
            yield UnreadableError(Reason.BROKEN, f"is broken ({str(error).strip()[:120] or type(error).__name__})")


def _piece(title: str, score: Any) -> Piece:
    if score.ticks_per_quarter <= 0:
        raise UnreadableError(Reason.TIMELESS, "has no musical time")
    notes, by_hand = _notes(score)
    seconds = _seconds(score)
    quarters = score.end() / score.ticks_per_quarter
    marked = len(score.tempos) > 0 and seconds > 0.0
    return Piece(title, notes, seconds, 60.0 * quarters / seconds if marked else 0.0, _first_meter(score), by_hand)


def _notes(score: Any) -> tuple[Notes, bool]:
    """All tracks but drums merged into playing order, on the grid of 24 ticks a beat; velocities that are all equal
    become 0, unknown. And whether a hand played them: those are put down as they were meant."""
    tracks = [track for track in score.tracks if not track.is_drum and len(track.notes)]
    if not tracks:
        raise UnreadableError(Reason.DRUMS, "has no notes outside drum tracks")
    columns = [track.notes.numpy() for track in tracks]
    merged = {name: np.concatenate([c[name] for c in columns]).astype(np.int64) for name in columns[0]}
    merged["partner"] = np.repeat(_are_partners(tracks), [len(c["time"]) for c in columns])
    inside = (merged["pitch"] >= 0) & (merged["pitch"] < PITCHES) & (merged["time"] >= 0)
    merged = {name: values[inside] for name, values in merged.items()}
    by_hand = _is_by_hand(merged, score)
    onset, end, on_beats = _played_rhythm(merged, score) if by_hand else _written_rhythm(merged, score)
    if len(onset) and int(end.max()) >= MOST_TICKS:
        raise UnreadableError(Reason.LONG, "is impossibly long")
    bar_tick, bar_length = _bars(onset, score) if on_beats else (np.full(len(onset), -1), np.zeros(len(onset)))
    notes = from_columns(
        onset=onset,
        duration=end - onset,
        bar_tick=bar_tick,
        bar_length=bar_length,
        pitch=merged["pitch"],
        velocity=_velocities(merged["velocity"]),
        partner=merged["partner"],
    )
    return in_playing_order(notes), by_hand


def _are_partners(tracks: Sequence[Any]) -> list[bool]:
    """Which tracks musedaemon played itself, in a take of its own."""
    names = {track.name for track in tracks}
    return [track.name == _RESPONSE and names == {_CALL, _RESPONSE} for track in tracks]


def _is_by_hand(notes: dict[str, Ints], score: Any) -> bool:
    """The partner plays on the grid, so that it says nothing of the musician."""
    scale = TICKS_PER_BEAT / score.ticks_per_quarter
    own = notes["time"][notes["partner"] == 0]
    return int(score.end()) * scale < MOST_TICKS and is_played(own * scale, score.ticks_per_quarter)


def _played_rhythm(notes: dict[str, Ints], score: Any) -> Meant:
    scale = TICKS_PER_BEAT / score.ticks_per_quarter
    order = np.argsort(notes["time"], kind="stable")
    starts, stops = notes["time"][order], (notes["time"] + notes["duration"])[order]
    at_s, until_s = _at_seconds(starts, score), _at_seconds(stops, score)
    found = meant(Performance(starts * scale, stops * scale, at_s, until_s, notes["partner"][order] == 0))
    back = np.argsort(order, kind="stable")
    return Meant(found.onset[back], found.end[back], found.on_beats)


def _written_rhythm(notes: dict[str, Ints], score: Any) -> Meant:
    division, stops = score.ticks_per_quarter, notes["time"] + notes["duration"]
    scale = TICKS_PER_BEAT / division
    if has_ragged_ends(notes["time"] * scale, stops * scale, division):
        return with_clean_ends(notes["time"] * scale, stops * scale)
    return Meant(_to_grid(notes["time"], division), _to_grid(stops, division), True)


def _to_grid(ticks: Ints, ticks_per_quarter: int) -> Ints:
    on_grid: Ints = np.floor(ticks * (TICKS_PER_BEAT / ticks_per_quarter) + 0.5).astype(np.int64)
    return on_grid


def _velocities(velocity: Ints) -> Ints:
    if len(velocity) == 0 or velocity.min() == velocity.max():
        return np.zeros_like(velocity)
    return np.clip(velocity, 1, 127)


def _signatures(score: Any) -> list[tuple[int, Meter]]:
    return sorted((int(s.time), Meter(int(s.numerator), int(s.denominator))) for s in score.time_signatures)


def _first_meter(score: Any) -> Meter:
    return next((meter for _, meter in _signatures(score)), NO_METER)


def _bars(onset: Ints, score: Any) -> tuple[Ints, Ints]:
    """(ticks since the bar line, length of the bar) of each onset; (-1, 0) before the first time
    signature."""
    bar_tick = np.full(len(onset), -1, dtype=np.int64)
    bar_length = np.zeros(len(onset), dtype=np.int64)
    for time, (numerator, denominator) in _signatures(score):
        length = numerator * 4 * TICKS_PER_BEAT // denominator if denominator > 0 else 0
        if not 0 < length <= LONGEST_BAR_TICKS:
            continue
        start = int(_to_grid(np.array([time]), score.ticks_per_quarter)[0])
        after = onset >= start
        bar_tick[after] = (onset[after] - start) % length
        bar_length[after] = length
    return bar_tick, bar_length


def _seconds(score: Any) -> float:
    """How long the whole score lasts, its tempo changes followed."""
    return float(_at_seconds(np.array([float(score.end())]), score)[0])


def _at_seconds(ticks: Floats | Ints, score: Any) -> Floats:
    """Seconds of ticks of the file, which lie before its end."""
    end = int(score.end())
    marks = sorted((int(tempo.time), int(tempo.mspq)) for tempo in score.tempos)
    times = np.clip(np.array([0, *(time for time, _ in marks), end], dtype=np.float64), 0, end)
    microseconds = np.array([DEFAULT_MICROSECONDS_A_QUARTER, *(mspq for _, mspq in marks)], dtype=np.float64)
    passed = np.concatenate(([0.0], np.cumsum(np.diff(times) * microseconds)))
    seconds: Floats = np.interp(ticks, times, passed) / 1e6 / float(score.ticks_per_quarter)
    return seconds
