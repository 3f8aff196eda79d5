"""Sampling: from logits to one class, with the probabilities kept honest by masking before anything else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from musedaemon.encoding import PITCHES, BoolArray
from musedaemon.model.protocol import FloatArray


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
    """The classes one is drawn from, the likeliest first, and how much each and those before it weigh together."""

    classes: npt.NDArray[np.int64]
    weights: npt.NDArray[np.float64]

    def draw(self, rng: np.random.Generator) -> int:
        """One class; uses exactly one random number."""
        drawn = int(self.weights.searchsorted(rng.random() * self.weights[-1], side="right"))
        return int(self.classes[min(drawn, len(self.classes) - 1)])


def nucleus(
    logits: FloatArray | npt.NDArray[np.float64], allowed: BoolArray, temperature: float, top_p: float
) -> Nucleus:
    """Logits [N] masked, sharpened or flattened by `temperature`, and cut to the nucleus of mass `top_p`.

    At least one class must be allowed. The nucleus is the smallest set of likeliest classes whose mass reaches `top_p`
    (Holtzman et al. 2020, "The Curious Case of Neural Text Degeneration").
    """
    scaled = np.divide(logits, temperature, dtype=np.float64)
    np.putmask(scaled, ~allowed, -np.inf)
    order = (-scaled).argsort(kind="stable")
    weights = np.exp(scaled[order] - scaled[order[0]]).cumsum()
    size = int(weights.searchsorted(top_p * weights[-1])) + 1
    return Nucleus(order[:size], weights[:size])


def waiting(logits: FloatArray | npt.NDArray[np.float64], allowed: BoolArray) -> npt.NDArray[np.float64]:
    """Logits [N] of times where the first class, "together with the last note", keeps its probability.

    What the others, "later", are likely to be goes to those of them that are allowed: a note that has to wait makes no
    chord. Without a later class that is allowed they stay as they are.
    """
    waited = np.asarray(logits, dtype=np.float64) - float(logits.max())
    likely = np.exp(waited[1:])
    free = float(likely[allowed[1:]].sum())
    if free > 0.0:
        waited[1:] += np.log(likely.sum() / free)
    return waited
