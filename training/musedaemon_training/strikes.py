"""Played notes as strikes: what falls together, and how fast it goes. Times in seconds; free of any score."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from musedaemon.core.accents import Strike
from musedaemon.core.tempo import UNKNOWN_BPM, WINDOW_S, TempoTracker
from musedaemon.encoding import TICKS_PER_BEAT

_SAME_STRIKE_S, _LONGEST_STRIKE_S = 0.045, 0.2
"""From one note of a chord to the next; from its first to its last, rolled ones too."""
_HOP_S = 3.0
_FEWEST_NOTES = 6
_ANOTHER_TEMPO_OCTAVES = 0.2
"""A stretch whose tempo is so far from the usual one, octaves aside, was misread."""

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


class Strikes(NamedTuple):
    """`at` [S] rising; `of_note` [N] which strike each note belongs to."""

    at: Floats
    of_note: Ints


def strikes_of(at: Floats) -> Strikes:
    """Which notes fall together, of onsets [N] that rise (at least one)."""
    begins = np.zeros(len(at), dtype=np.bool_)
    first = at[0]
    for note in range(1, len(at)):
        begins[note] = at[note] - at[note - 1] >= _SAME_STRIKE_S or at[note] - first >= _LONGEST_STRIKE_S
        first = at[note] if begins[note] else first
    of_note = np.cumsum(begins, dtype=np.int64)
    middles = [float(np.median(at[start:stop])) for start, stop in _runs(begins)]
    return Strikes(np.array(middles), of_note)


def _runs(begins: npt.NDArray[np.bool_]) -> list[tuple[int, int]]:
    starts = [0, *np.flatnonzero(begins).tolist()]
    return list(zip(starts, [*starts[1:], len(begins)], strict=True))


def ticks_a_second(at: Floats, until: Floats, when: Floats) -> Floats:
    """[M] how fast the playing of notes [N] goes at the times `when` [M], by the daemon's own tempo tracker.

    Read an octave too fast or too slow it is so throughout.
    """
    tracker = TempoTracker()
    middles, bpm = [], []
    for start in np.arange(at[0], max(at[-1], at[0] + 1e-9), _HOP_S).tolist():
        first, last = np.searchsorted(at, (start, start + WINDOW_S)).tolist()
        if last - first < _FEWEST_NOTES:
            continue
        notes = zip(at[first:last].tolist(), until[first:last].tolist(), strict=True)
        found = tracker.follow([Strike(*note) for note in notes])
        if tracker.line is not None:
            middles.append(start + WINDOW_S / 2)
            bpm.append(found)
    if not bpm:
        return np.full(len(when), UNKNOWN_BPM * TICKS_PER_BEAT / 60.0)
    octaves = np.log2(bpm)
    usual = float(np.median(octaves))
    octaves -= np.round(octaves - usual)
    octaves[np.abs(octaves - usual) > _ANOTHER_TEMPO_OCTAVES] = usual
    rates: Floats = np.interp(when, middles, 2.0**octaves) * TICKS_PER_BEAT / 60.0
    return rates
