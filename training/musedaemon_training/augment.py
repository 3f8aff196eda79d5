"""One playing of a score: the input as a hand might have played it, the score itself as the target (DESIGN
3).

A `Playing` is drawn anew for each excerpt and epoch. Whatever changes what should be played next
(transposition, level, a hand left out, the tempo read an octave wrong) changes input and target; what a hand
adds (jitter, rolled chords, drift, articulation) and what the daemon may not know (places, velocities)
changes the input only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from musedaemon.encoding import (
    BAR_UNKNOWN,
    BEAT_UNKNOWN,
    MAX_TICKS,
    PITCHES,
    TICKS_PER_BEAT,
    VELOCITY_UNKNOWN,
    bar_place,
    beat_place,
    ticks_to_class,
    time_fields,
    velocity_to_class,
)
from musedaemon_training.notes import Notes, in_playing_order, ticks_to_next_strike

IGNORED = 255
"""As a target: says nothing, costs nothing."""

Bytes = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

LOWEST_PITCH, HIGHEST_PITCH = 21, 108
TRANSPOSE_DOWN, TRANSPOSE_UP = -6, 5


@dataclass(frozen=True, slots=True)
class Odds:
    """How often, and how far, a playing departs from its score."""

    transposed: float = 1.0
    part_only: float = 0.1
    other_octave: float = 0.08
    any_chord_order: float = 0.35
    other_level: float = 0.9
    by_hand: float = 0.5
    rolled: float = 0.3
    no_places: float = 0.4
    no_bar: float = 0.15
    no_velocity: float = 0.2
    most_jitter_ticks: float = 1.5
    most_drift: float = 0.04


AS_WRITTEN = Odds(0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
"""The score itself, everything known: for validation."""


class Known(NamedTuple):
    """Whether the model is told of the beat, of the bar, and of velocities."""

    beat: bool
    bar: bool
    velocity: bool


@dataclass(frozen=True, slots=True)
class Playing:
    """An excerpt ready for batches, [N] uint8 each unless said.

    `given` [6, N]: shift, rest, beat, bar, pitch, velocity of each note as heard. `asked` [6, N]: the same
    of each note as the note to be sampled (its shift and places clean). `targets` [4, N]: shift, pitch,
    velocity, duration, or IGNORED. `sounding` [N, 128] bool.
    """

    given: Bytes
    asked: Bytes
    targets: Bytes
    sounding: npt.NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.sounding)


def play(notes: Notes, odds: Odds, rng: np.random.Generator) -> Playing:
    """One playing of an excerpt (at least one note), drawn from `rng`. Pure: the same generator state gives
    the same playing."""
    notes, other_tempo = _score_to_play(notes, odds, rng)
    notes = _at_level(_chords_in_order(notes, odds, rng), odds, rng)
    known = _known(other_tempo, odds, rng)
    onset = notes["onset"].astype(np.int64)
    played_onset, played_end = _by_hand(notes, known, odds, rng)
    shift, rest = time_fields(played_onset, played_end)
    clean_shift = ticks_to_class(np.concatenate(([MAX_TICKS], np.diff(onset))))
    pitch = notes["pitch"].astype(np.int64)
    velocity = velocity_to_class(notes["velocity"] if known.velocity else np.zeros(len(notes)))
    targets = _bytes(
        clean_shift,
        pitch,
        np.where(velocity == VELOCITY_UNKNOWN, IGNORED, velocity),
        ticks_to_class(notes["duration"]),
    )
    targets[:, notes["partner"]] = IGNORED
    return Playing(
        given=_bytes(shift, rest, *_places(notes, played_onset - onset, known), pitch, velocity),
        asked=_bytes(clean_shift, rest, *_places(notes, np.zeros_like(onset), known), pitch, velocity),
        targets=targets,
        sounding=sounding_flags(played_onset, played_end, pitch),
    )


def length_as_played(notes: Notes, odds: Odds, rng: np.random.Generator) -> int:
    """How many notes `play` would give with the same generator state, for a fraction of its cost."""
    return len(_score_to_play(notes, odds, rng)[0])


def _score_to_play(notes: Notes, odds: Odds, rng: np.random.Generator) -> tuple[Notes, bool]:
    """(the notes, whether their tempo is read wrong): all that decides which notes there are is drawn first."""
    return _in_other_octave(_transposed(_in_part(notes, odds, rng), odds, rng), odds, rng)


def _known(other_tempo: bool, odds: Odds, rng: np.random.Generator) -> Known:
    """What a playing lets the model know: without a beat there is no bar, and a tempo read wrong has neither."""
    hidden = rng.random()
    beat = not other_tempo and hidden >= odds.no_places
    bar = beat and hidden >= odds.no_places + odds.no_bar
    return Known(beat, bar, bool(rng.random() >= odds.no_velocity))


def _bytes(*rows: Ints) -> Bytes:
    return np.stack(rows).astype(np.uint8)


def sounding_flags(onset: Ints, end: Ints, pitch: Ints) -> npt.NDArray[np.bool_]:
    """[N, 128] the pitches that earlier notes still hold as each note starts; onsets (ticks) never fall."""
    count = len(onset)
    change = np.zeros((count + 1, PITCHES), dtype=np.int8)
    over = np.searchsorted(onset, end, side="left")
    heard = over > np.arange(count) + 1
    np.add.at(change, (np.flatnonzero(heard) + 1, pitch[heard]), 1)
    np.add.at(change, (over[heard], pitch[heard]), -1)
    flags: npt.NDArray[np.bool_] = np.cumsum(change[:count], axis=0, dtype=np.int8) > 0
    return flags


def _in_part(notes: Notes, odds: Odds, rng: np.random.Generator) -> Notes:
    """Sometimes a part alone: the upper line, or one side of a pitch as if one hand rested."""
    if rng.random() >= odds.part_only:
        return notes
    pitch = notes["pitch"].astype(np.int64)
    kind = rng.integers(3)
    if kind == 0:
        kept = np.concatenate((notes["onset"][1:] != notes["onset"][:-1], [True]))
    else:
        border = np.quantile(pitch, rng.uniform(0.3, 0.7))
        kept = pitch >= border if kind == 1 else pitch <= border
    return notes[kept] if kept.sum() > 1 else notes


def _transposed(notes: Notes, odds: Odds, rng: np.random.Generator) -> Notes:
    if rng.random() >= odds.transposed:
        return notes
    lowest, highest = int(notes["pitch"].min()), int(notes["pitch"].max())
    down = max(TRANSPOSE_DOWN, min(0, LOWEST_PITCH - lowest))
    up = min(TRANSPOSE_UP, max(0, HIGHEST_PITCH - highest))
    moved = notes.copy()
    moved["pitch"] = notes["pitch"].astype(np.int64) + rng.integers(down, up + 1)
    return moved


def _in_other_octave(notes: Notes, odds: Odds, rng: np.random.Generator) -> tuple[Notes, bool]:
    """Sometimes the score at half or at double speed, as when the tempo was read an octave wrong."""
    if rng.random() >= odds.other_octave:
        return notes, False
    scaled = notes.copy()
    factor = 2.0 if rng.random() < 0.5 else 0.5
    scaled["onset"] = np.floor((notes["onset"] - notes["onset"][0]) * factor + 0.5)
    scaled["duration"] = np.floor(notes["duration"] * factor + 0.5)
    return in_playing_order(scaled), True


def _chords_in_order(notes: Notes, odds: Odds, rng: np.random.Generator) -> Notes:
    """Sometimes the notes of each chord in any order, as fingers land."""
    if rng.random() >= odds.any_chord_order:
        return notes
    return notes[np.lexsort((rng.random(len(notes)), notes["onset"]))]


def _at_level(notes: Notes, odds: Odds, rng: np.random.Generator) -> Notes:
    """Sometimes the velocities at another level and with other contrast; unknown ones stay 0."""
    velocity = notes["velocity"]
    if rng.random() >= odds.other_level or not velocity.any():
        return notes
    middle = float(velocity[velocity > 0].mean())
    moved = middle + (velocity - middle) * rng.uniform(0.7, 1.2) + rng.normal(0.0, 12.0)
    levelled = notes.copy()
    levelled["velocity"] = np.where(velocity == 0, 0, np.clip(np.rint(moved), 1, 127))
    return levelled


def _by_hand(notes: Notes, known: Known, odds: Odds, rng: np.random.Generator) -> tuple[Ints, Ints]:
    """(onset, end) [N] in ticks as played. Onsets keep their order; a struck-again pitch ends at its next
    onset."""
    onset = notes["onset"].astype(np.int64)
    end = onset + notes["duration"]
    if rng.random() >= odds.by_hand:
        return onset, end
    jitter = rng.uniform(0.0, odds.most_jitter_ticks)
    moments, inverse = np.unique(np.concatenate((onset, end)), return_inverse=True)
    # Whoever hears a beat follows it; only a free tempo drifts.
    time = moments.astype(np.float64) if known.beat else _drifted(moments, odds, rng)
    first_of_chord = np.concatenate(([True], onset[1:] != onset[:-1]))
    chord = np.cumsum(first_of_chord) - 1
    moved = time[inverse[: len(onset)]] + rng.normal(0.0, jitter, size=int(chord[-1]) + 1)[chord]
    moved += _roll(chord, np.flatnonzero(first_of_chord), odds, rng)
    played_onset = np.maximum.accumulate(np.rint(moved).astype(np.int64))
    length = (time[inverse[len(onset) :]] - time[inverse[: len(onset)]]) * rng.uniform(0.5, 1.1)
    length = np.rint(length + rng.normal(0.0, jitter, size=len(onset))).astype(np.int64)
    room = ticks_to_next_strike(played_onset, notes["pitch"])
    return played_onset, played_onset + np.minimum(np.maximum(length, 1), np.maximum(room, 0))


def _drifted(moments: Ints, odds: Odds, rng: np.random.Generator) -> Floats:
    """The moments (ticks, rising) under a tempo that is a few percent off and wanders slowly."""
    knots = np.arange(moments[0], moments[-1] + 16 * TICKS_PER_BEAT, 8 * TICKS_PER_BEAT)
    drift = rng.uniform(0.0, odds.most_drift)
    wander = rng.normal(0.0, drift) + rng.normal(0.0, drift, size=len(knots))
    speed = np.exp(np.interp(moments[1:], knots, wander))
    since: Floats = np.concatenate(([0.0], np.cumsum(np.diff(moments) * speed)))
    return since + float(moments[0])


def _roll(chord: Ints, first: Ints, odds: Odds, rng: np.random.Generator) -> Floats:
    """[N] how much later than its chord's first each note sounds, in ticks."""
    if rng.random() >= odds.rolled:
        return np.zeros(len(chord))
    rank = np.arange(len(chord)) - first[chord]
    late: Floats = rank.astype(np.float64) * rng.uniform(0.0, 1.5)
    return late


def _places(notes: Notes, late: Ints, known: Known) -> tuple[Ints, Ints]:
    """(beat, bar) classes [N] of notes that come `late` by so many ticks."""
    length = notes["bar_length"].astype(np.int64)
    tick = np.where(length > 0, (notes["bar_tick"] + late) % np.maximum(length, 1), -1)
    beat = beat_place(tick) if known.beat else np.full_like(tick, BEAT_UNKNOWN)
    bar = bar_place(tick) if known.bar else np.full_like(tick, BAR_UNKNOWN)
    return beat, bar
