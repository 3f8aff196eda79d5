"""Performances with known beats: scores as hands might play them, with drift, gentle rubato, rolled chords and jitter.

Everything is drawn from the generator given, so a seed gives the same performances.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from musedaemon.encoding import TICKS_PER_BEAT
from musedaemon_training.midi_and_abc import read_midi
from musedaemon_training.notes import Notes
from musedaemon_training.pieces import Piece

SECONDS = 44.0
"""How much of a piece is played."""
FEWEST_NOTES = 24
MELODIES = 0.4
"""The share of performances that are one line, as most calls are."""
_PLAYED_BPM = (45.0, 200.0)
_MOST_EVENTS_A_SECOND = 9.0
_UNMARKED_BPM, _UNMARKED_OCTAVES = 100.0, 0.4
_LOUD = 64

Floats = npt.NDArray[np.float64]


class PlayedNote(NamedTuple):
    """Seconds, MIDI pitch, velocity 1 to 127."""

    at: float
    until: float
    pitch: int
    velocity: int


@dataclass(frozen=True, slots=True)
class Performance:
    """`notes` rise by onset; `beats` are the seconds of every quarter from the first note's on, some after the last.

    `marked` says that the score states its tempo; where it does not, one was drawn. `simple` says that its beat is the
    quarter (or the half), as in 2/4 or 3/4; in 6/8 quarters do not say where the beat is.
    """

    name: str
    notes: list[PlayedNote]
    beats: Floats
    marked: bool
    simple: bool

    def bpm_between(self, start: float, end: float) -> float:
        """The mean tempo between two times (seconds)."""
        count = np.arange(len(self.beats), dtype=np.float64)
        passed = np.interp([start, end], self.beats, count)
        return float(60.0 * (passed[1] - passed[0]) / (end - start))


def performance_of(path: Path, rng: np.random.Generator) -> Performance | None:
    """A stretch of a file as a hand might play it; None where it has too few notes or nobody could play it."""
    piece = read_midi(path.read_bytes())
    bpm, marked = _tempo(piece, rng)
    notes = _part(_stretch(piece.notes, bpm, rng), rng)
    if len(notes) < FEWEST_NOTES or _events_a_second(notes, bpm) > _MOST_EVENTS_A_SECOND:
        return None
    first = beat_before(notes)
    beats = (int(notes["onset"][-1]) - first) // TICKS_PER_BEAT + 24
    times = beat_times(bpm, beats, rng)
    return Performance(path.name, by_hand(notes, first, times, rng), times, marked, 0 < piece.meter.denominator <= 4)


def _tempo(piece: Piece, rng: np.random.Generator) -> tuple[float, bool]:
    """A tempo near the one marked (a marked 120 counts as none: writers put it by themselves)."""
    low, high = _PLAYED_BPM
    marked = low <= piece.tempo <= high and round(piece.tempo) != 120
    centre, octaves = (piece.tempo, 0.07) if marked else (_UNMARKED_BPM, _UNMARKED_OCTAVES)
    return float(np.clip(centre * 2.0 ** rng.normal(0.0, octaves), low, high)), marked


def _stretch(notes: Notes, bpm: float, rng: np.random.Generator) -> Notes:
    ticks = round(SECONDS * bpm / 60.0 * TICKS_PER_BEAT)
    onset = notes["onset"]
    if len(notes) == 0:
        return notes
    latest = max(int(onset[-1]) - ticks, int(onset[0]))
    start = int(rng.integers(int(onset[0]), latest + 1))
    return notes[(onset >= start) & (onset < start + ticks)]


def _part(notes: Notes, rng: np.random.Generator) -> Notes:
    """Often one hand alone: the highest note of each chord."""
    if len(notes) == 0 or rng.random() >= MELODIES:
        return notes
    ordered = np.sort(notes, order=("onset", "pitch"))
    return ordered[np.append(ordered["onset"][1:] != ordered["onset"][:-1], True)]


def _events_a_second(notes: Notes, bpm: float) -> float:
    onsets = np.unique(notes["onset"])
    return float(len(onsets) / ((onsets[-1] - onsets[0] + TICKS_PER_BEAT) / TICKS_PER_BEAT * 60.0 / bpm))


def beat_before(notes: Notes) -> int:
    """The tick of the last quarter before the first note, counted from its bar line where that is known."""
    onset, bar_tick = int(notes["onset"][0]), int(notes["bar_tick"][0])
    return onset - (bar_tick if bar_tick >= 0 else onset) % TICKS_PER_BEAT


def beat_times(bpm: float, beats: int, rng: np.random.Generator) -> Floats:
    """[beats] seconds: the tempo drifts slowly and breathes with phrases of eight or sixteen beats, by up to 6%."""
    drift = np.zeros(beats)
    for beat in range(1, beats):
        drift[beat] = 0.96 * drift[beat - 1] + rng.normal(0.0, 0.01)
    phrase = 8 * int(rng.integers(1, 3))
    place = ((np.arange(beats) + rng.integers(phrase)) % phrase) / phrase
    breath = rng.uniform(0.0, 0.06) * (np.sin(np.pi * place) - 2 / np.pi)
    pace = 60.0 / bpm * np.exp(-(drift + breath))
    return np.concatenate(([0.0], np.cumsum(pace)[:-1]))


def by_hand(notes: Notes, first: int, times: Floats, rng: np.random.Generator) -> list[PlayedNote]:
    """Each chord falls within a few milliseconds or is rolled upwards; fingers are early or late by chance."""
    jitter, articulation = rng.uniform(0.004, 0.02), rng.uniform(0.55, 1.05)
    rolls = rng.uniform(0.0, 0.3)
    beat_count = np.arange(len(times), dtype=np.float64)
    played: list[PlayedNote] = []
    for onset in np.unique(notes["onset"]):
        chord = np.sort(notes[notes["onset"] == onset], order="pitch")
        spread = rng.uniform(0.012, 0.04) if len(chord) > 2 and rng.random() < rolls else 0.0
        together = rng.normal(0.0, jitter)
        for rank, note in enumerate(chord):
            place = (np.array([onset, onset + note["duration"]]) - first) / TICKS_PER_BEAT
            at, end = np.interp(place, beat_count, times)
            at = float(at + together + rank * spread + rng.normal(0.0, 0.004))
            loud = float(note["velocity"]) or _LOUD + 10.0 * (onset % (2 * TICKS_PER_BEAT) == 0)
            velocity = int(np.clip(round(loud + rng.normal(0.0, 8.0)), 1, 127))
            played.append(PlayedNote(at, at + max(articulation * float(end - at), 0.03), int(note["pitch"]), velocity))
    return sorted(played)


def performances(paths: list[Path], count: int, seed: int) -> list[Performance]:
    """The first `count` files that can be played; each from a generator of its own, whatever the others are."""
    made: list[Performance] = []
    for path in paths:
        performance = performance_of(path, np.random.default_rng([seed, *path.name.encode()]))
        if performance:
            made.append(performance)
        if len(made) == count:
            break
    return made
