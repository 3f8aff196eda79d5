"""Sampling: from logits to one class, with the probabilities kept honest by masking before anything else."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from musedaemon.encoding import PITCHES, BoolArray
from musedaemon.errors import ModelError
from musedaemon.model.protocol import FloatArray

Floats = npt.NDArray[np.float64]

_TINY = 1e-30
_NO_NUMBERS = (
    "The model answers with what is no number; start again with another one,"
    " or export this one again from a checkpoint that trained well."
)
"""What is infinite comes to that as well: `chances` takes it from itself."""


@dataclass(frozen=True, slots=True)
class SamplingSettings:
    """The musician's dials. Pitches outside `lowest_pitch` to `highest_pitch` are never played."""

    temperature: float = 1.0
    top_p: float = 0.95
    lowest_pitch: int = 21
    highest_pitch: int = 108

    def playable(self) -> BoolArray:
        """[128] the pitches within the range."""
        allowed = np.zeros(PITCHES, dtype=np.bool_)
        allowed[self.lowest_pitch : self.highest_pitch + 1] = True
        return allowed


class Nucleus(NamedTuple):
    """The classes one is drawn from, the likeliest last, and how much each and those before it weigh together.

    `outside` is what they weigh that were cut off: it is in every weight.
    """

    classes: npt.NDArray[np.int64]
    weights: Floats
    outside: float = 0.0

    def draw(self, rng: np.random.Generator) -> int:
        """One class; uses exactly one random number."""
        place = self.outside + rng.random() * (float(self.weights[-1]) - self.outside)
        drawn = int(self.weights.searchsorted(place, side="right"))
        return int(self.classes[min(drawn, len(self.classes) - 1)])


def nucleus(weights: Floats, allowed: BoolArray, temperature: float, top_p: float) -> Nucleus:
    """Weights [N] of classes masked, sharpened or flattened by `temperature`, and cut to the nucleus of mass `top_p`.

    At least one class must be allowed; where none that is has any weight, all of them are as good. The nucleus is the
    smallest set of likeliest classes whose mass reaches `top_p` (Holtzman et al. 2020, "The Curious Case of Neural Text
    Degeneration"). Raises ModelError where a weight is no number.
    """
    masked = weights * allowed
    if temperature != 1.0:
        masked = (masked / max(float(masked.max()), _TINY)) ** (1.0 / temperature)
    order = masked.argsort()
    rising = masked.take(order).cumsum()
    total = float(rising[-1])
    if not total > _TINY:
        if math.isnan(total):
            raise ModelError(_NO_NUMBERS)
        return nucleus(np.ones(len(weights)), allowed, temperature, top_p)
    cut = min(int(rising.searchsorted((1.0 - top_p) * total, side="right")), len(order) - 1)
    return Nucleus(order[cut:], rising[cut:], float(rising[cut - 1]) if cut else 0.0)


def chances(logits: FloatArray) -> Floats:
    """Weights [N] from logits: their chances, but for a factor."""
    weights: Floats = np.exp(np.subtract(logits, np.maximum.reduce(logits), dtype=np.float64))
    return weights


def waiting(weights: Floats, factors: Floats) -> Floats:
    """Weights [N] of times multiplied by `factors` [N], but that the first class, "together with the last note", gets
    nothing of what the others lose: with a factor of 1 it keeps its probability.

    What the others, "later", are likely to be goes to those of them that are not nothing now: a note that has to wait
    makes no chord. Where all of them are, they stay as they are.
    """
    waited = weights * factors
    together = float(waited[0])
    free = float(waited.sum()) - together
    if free <= _TINY:
        return weights
    waited *= (float(weights.sum()) - float(weights[0])) / free
    waited[0] = together
    return waited
