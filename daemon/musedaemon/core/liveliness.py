"""Liveliness: a reply strikes about as often as its call, with about as many notes, and as much below as above.

A sampled reply goes on as it began: one that has lost the left hand, or thinned out, does not find back. So what it has
played so far is compared with the call, and what would bring the two together is made likelier: a proportional
control of the chances, with room as composers have (docs/decisions.md has the measurements).
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from musedaemon.core.sampling import Floats
from musedaemon.encoding import PITCHES, TICKS_OF_CLASS

_GAP, _FULLNESS, _BALANCE = 3.0, 3.0, 1.0
"""How strongly each draws: the exponent of how many times too much or too little there has been."""
_BELIEF = 2.0
"""As many strikes and notes like the call's are counted before the first."""
_LOG_TICKS = np.log(np.maximum(TICKS_OF_CLASS, 1))


class Liveliness(NamedTuple):
    """Of a phrase: ticks from a strike to the next on average (`gap`, above 0), notes a strike, and the pitch in the
    `middle` of its notes, where there are to be as many above it as below.
    """

    gap: float
    fullness: float
    middle: float | None = None


class SoFar:
    """What a reply has played so far, beside the liveliness that it is to have. Owned by the reply.

    Without one, all is as likely as the model has it.
    """

    def __init__(self, wanted: Liveliness | None) -> None:
        self._wanted = wanted
        self._middle = 0.0 if wanted is None or wanted.middle is None else wanted.middle
        self._first = self._last = 0
        self._strikes = self._notes = self._below = 0

    def strike(self, onset: int, pitch: int) -> None:
        """Enter a note (its onset in ticks), in the order of onsets."""
        if not self._strikes:
            self._first = onset
        if not self._strikes or onset != self._last:
            self._strikes += 1
        self._last = onset
        self._notes += 1
        self._below += pitch < self._middle

    def shifts(self) -> Floats:
        """[TIME_CLASSES] what the chance of each shift to the next note is multiplied by; first: "together"."""
        wanted = self._wanted
        if wanted is None or not self._strikes:
            return np.ones(len(TICKS_OF_CLASS))
        gap = (self._last - self._first + _BELIEF * wanted.gap) / (self._strikes - 1 + _BELIEF)
        fullness = (self._notes + _BELIEF * wanted.fullness) / (self._strikes + _BELIEF)
        factors: Floats = np.exp(_GAP * math.log(wanted.gap / gap) * (_LOG_TICKS - math.log(wanted.gap)))
        factors[0] = (wanted.fullness / fullness) ** _FULLNESS
        return factors

    def pitches(self) -> Floats:
        """[128] what the chance of each pitch is multiplied by."""
        if not self._middle:
            return np.ones(PITCHES)
        below = (self._below + _BELIEF / 2) / (self._notes + _BELIEF)
        lower = np.arange(PITCHES) < self._middle
        factors: Floats = np.where(lower, (2.0 * below) ** -_BALANCE, (2.0 * (1.0 - below)) ** -_BALANCE)
        return factors
