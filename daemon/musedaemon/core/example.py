"""What a reply takes from its call as an example: how many notes at once, how long it waits, how often it repeats."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from musedaemon.core.accents import FloatVector, Strike, accents_of

_LEGATO_S, _LEGATO_SHARE = 0.1, 0.15
"""A key that comes up so soon after the next went down (seconds, or a share of its note) was let go for it."""
_SAME_CHORD_S = 0.05
_FEWEST_STRIKES = 4
"""Fewer do not tell how often a reply is to strike."""
_OCTAVE = 12


class Example(NamedTuple):
    """Of a phrase: most notes `at_once`, the longest time from a strike to the next (`wait_s`) and of silence
    (`rest_s`), both in seconds, and in how many strikes in a row the same pitch is (`repeats`, 1 for a pitch that is
    not repeated). Where it is long enough to tell, its strikes are `gap_s` seconds apart on average, with `fullness`
    notes each, and where it spans more than an octave half of its notes lie below the pitch `middle`.

    A chord is one strike; the last note waits for its own end.
    """

    at_once: int
    wait_s: float
    rest_s: float
    repeats: int
    gap_s: float | None = None
    fullness: float = 1.0
    middle: float | None = None


def example_of(strikes: Sequence[Strike], pitches: Sequence[int]) -> Example:
    """Of the notes of a phrase (at least one), in the order of their onsets."""
    begins, ends = np.array(strikes, dtype=np.float64).T
    chord = np.cumsum(np.diff(begins, prepend=begins[0]) >= _SAME_CHORD_S)
    struck = begins[np.searchsorted(chord, np.arange(chord[-1] + 1))]
    silent_from = np.maximum.accumulate(ends)
    waits = np.diff(struck, append=max(float(silent_from[-1]), float(struck[-1])))
    rests = begins[1:] - silent_from[:-1]
    chords = len(accents_of(strikes, math.inf))
    return Example(
        at_once=_at_once(begins, ends),
        wait_s=float(waits.max()),
        rest_s=float(rests.max(initial=0.0)),
        repeats=_repeats(pitches, chord.tolist()),
        gap_s=float(silent_from[-1] - begins[0]) / chords if chords >= _FEWEST_STRIKES else None,
        fullness=len(begins) / chords,
        middle=float(np.median(pitches)) if max(pitches) - min(pitches) > _OCTAVE else None,
    )


def _at_once(begins: FloatVector, ends: FloatVector) -> int:
    """The most notes that sound at once as it is meant: a line played legato is one, a chord never quite together."""
    legato = np.maximum(_LEGATO_S, _LEGATO_SHARE * (ends - begins))
    meant = np.sort(np.maximum(ends - legato, begins + _SAME_CHORD_S))
    sounding = np.arange(1, len(begins) + 1) - meant.searchsorted(begins, side="right")
    return int(sounding.max())


def _repeats(pitches: Sequence[int], chords: Sequence[int]) -> int:
    runs = Runs()
    return max(runs.strike(chord, pitch) for chord, pitch in zip(chords, pitches, strict=True))


class Runs:
    """For how many strikes in a row each pitch came again. Owned by whoever strikes."""

    def __init__(self) -> None:
        self._at: int | None = None
        self._before: dict[int, int] = {}
        self._now: dict[int, int] = {}

    def strike(self, at: int, pitch: int) -> int:
        """A pitch is struck; what has the same `at` is one strike. Returns how many strikes in a row that makes."""
        if at != self._at:
            self._before, self._now, self._at = self._now, {}, at
        self._now[pitch] = self._before.get(pitch, 0) + 1
        return self._now[pitch]

    def of(self, at: int, run: int) -> list[int]:
        """The pitches that would be struck more than `run` times in a row if they were struck `at`."""
        runs = self._before if at == self._at else self._now
        return [pitch for pitch, count in runs.items() if count >= run]
