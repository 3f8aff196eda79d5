"""Where a listener taps: the notes of a stretch of playing as accents, one for each chord."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

_SAME_CHORD_S = 0.05
"""From one note of a chord to the next, rolled chords too."""
_LONGEST_ROLL_S = 0.2
_SHORTEST_S, _LONGEST_S = 0.03, 2.0

FloatVector = npt.NDArray[np.float64]


class Strike(NamedTuple):
    """A note as it was played: from when until when (seconds)."""

    at: float
    until: float


class Accents(NamedTuple):
    """`at` [N] rising seconds, at least `_SAME_CHORD_S` apart; `weight` [N], 1 on average."""

    at: FloatVector
    weight: FloatVector

    def __len__(self) -> int:
        return len(self.at)


def accents_of(strikes: Iterable[Strike], window_s: float) -> Accents:
    """The accents of the newest `window_s` seconds: many notes at once weigh more than one, long notes more than short.

    The root of both together; a chord is as long as its longest note, and begins with its first.
    """
    ordered = sorted(strikes)
    chords = [chord for chord in _chords(ordered) if chord[0].at >= ordered[-1].at - window_s]
    at = np.array([chord[0].at for chord in chords], dtype=np.float64)
    sounding = [len(chord) * _length(chord) for chord in chords]
    weight = np.sqrt(np.array(sounding, dtype=np.float64))
    return Accents(at, weight / weight.mean() if len(weight) else weight)


def _chords(ordered: Sequence[Strike]) -> list[list[Strike]]:
    chords: list[list[Strike]] = []
    for strike in ordered:
        chord = chords[-1] if chords else []
        if chord and strike.at - chord[-1].at < _SAME_CHORD_S and strike.at - chord[0].at < _LONGEST_ROLL_S:
            chord.append(strike)
        else:
            chords.append([strike])
    return chords


def _length(chord: Sequence[Strike]) -> float:
    return min(max(_SHORTEST_S, *(strike.until - strike.at for strike in chord)), _LONGEST_S)
