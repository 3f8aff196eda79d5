"""Sampling: from logits to one class, with the probabilities kept honest by masking before anything else."""

from __future__ import annotations

from dataclasses import dataclass

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


def distribution(
    logits: FloatArray | npt.NDArray[np.float64], allowed: BoolArray, temperature: float, top_p: float
) -> npt.NDArray[np.float64]:
    """[N] probabilities: masked, sharpened or flattened by `temperature`, cut to the nucleus of mass `top_p`.

    At least one class must be allowed. The nucleus is the smallest set of likeliest classes whose mass reaches `top_p`
    (Holtzman et al. 2020, "The Curious Case of Neural Text Degeneration").
    """
    scaled = np.where(allowed, logits.astype(np.float64) / temperature, -np.inf)
    weights = np.exp(scaled - scaled.max())
    probabilities: npt.NDArray[np.float64] = weights / weights.sum()
    order = np.argsort(-probabilities, kind="stable")
    mass_before = np.cumsum(probabilities[order]) - probabilities[order]
    probabilities[order[mass_before >= top_p]] = 0.0
    probabilities /= probabilities.sum()
    return probabilities


def sample(probabilities: npt.NDArray[np.float64], rng: np.random.Generator) -> int:
    """Draw one class; uses exactly one random number."""
    cumulative = np.cumsum(probabilities)
    drawn = int(np.searchsorted(cumulative, rng.random() * cumulative[-1], side="right"))
    return min(drawn, int(np.flatnonzero(probabilities)[-1]))
