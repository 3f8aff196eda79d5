"""What rhythms are usual: how often a strike on one place of the beat is followed by one so many ticks later.

Counted by benchmarks/rhythms.py in the training pieces of the corpus of docs/model-card.md, the root of each piece's
steps as its weight, so that long pieces do not outvote the others; what came less than five times in ten thousand is
left out.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from musedaemon.encoding import TICKS_PER_BEAT

LONGEST_SHIFT = 4 * TICKS_PER_BEAT
"""Longer shifts say nothing: only the place they lead to does."""

_COUNTED = {
    0: {1: 7, 3: 45, 4: 70, 6: 750, 8: 194, 9: 26, 12: 1769, 16: 9, 18: 120, 24: 1036, 36: 57, 48: 134, 72: 32, 96: 27},
    3: {3: 39},
    4: {2: 10, 4: 61, 8: 17},
    6: {2: 14, 3: 43, 6: 691, 12: 25, 18: 16, 24: 10},
    8: {4: 97, 8: 163, 16: 7},
    9: {3: 66},
    10: {2: 7, 4: 5},
    12: {2: 5, 3: 41, 4: 99, 6: 743, 8: 19, 9: 15, 12: 1719, 18: 23, 24: 96, 36: 26, 48: 5},
    15: {3: 39},
    16: {2: 24, 4: 57, 8: 187, 16: 6},
    18: {2: 11, 3: 47, 6: 871, 12: 21},
    20: {4: 67, 8: 15},
    21: {3: 66},
    22: {2: 8},
}
"""Place in the beat -> shift -> how many of ten thousand (both in ticks)."""
_UNSEEN = 20.0
"""Of ten thousand at each place: as much is shared by all shifts, as they are anywhere."""
_RAREST = 1e-4

Floats = npt.NDArray[np.float64]


def _shift_chances() -> Floats:
    counted = np.zeros((TICKS_PER_BEAT, LONGEST_SHIFT + 1))
    for place, shifts in _COUNTED.items():
        for shift, count in shifts.items():
            counted[place, shift] = count
    anywhere = counted.sum(axis=0) + 1.0
    smoothed = counted + _UNSEEN * anywhere / anywhere.sum()
    chances: Floats = smoothed / smoothed.sum(axis=1, keepdims=True)
    return chances


def _place_chances() -> Floats:
    counted = np.array([sum(_COUNTED.get(place, {}).values()) for place in range(TICKS_PER_BEAT)], dtype=np.float64)
    chances: Floats = counted / counted.sum()
    return chances


SHIFT_COSTS: Floats = -np.log(np.maximum(_shift_chances(), _RAREST))
"""[TICKS_PER_BEAT, LONGEST_SHIFT + 1] nats, by the place of one strike and the ticks to the next."""
PLACE_COSTS: Floats = -np.log(np.maximum(_place_chances(), 1e-3))
"""[TICKS_PER_BEAT] nats of a strike on each place of the beat."""
