"""The key of what was played, by its pitch classes.

A key-finding profile says how much each step of a key is used; the key is the one whose profile correlates best with
the durations of the pitch classes heard (Krumhansl & Schmuckler in Krumhansl 1990, "Cognitive Foundations of Musical
Pitch"). The profiles are Temperley's from the Kostka-Payne corpus (2007, "Music and Probability"), the best
of four that `benchmarks/keys.py` compares. A phrase often fits two keys about as well: then both are taken.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from musedaemon.core.scales import MAJOR, MINOR, PITCH_CLASSES, STEPS, Scale

FEWEST_NOTES = 5
FEWEST_PITCH_CLASSES = 4
"""Below one of these a call could be in too many keys."""
STRESSED = 1.0 / PITCH_CLASSES
"""A pitch class that takes more than an even share of the call is no slip: it belongs, whatever the key."""

Profile = tuple[tuple[float, ...], tuple[float, ...]]
"""How much each semitone above the tonic is used, in major and in minor."""

KOSTKA_PAYNE: Profile = (
    (0.748, 0.060, 0.488, 0.082, 0.670, 0.460, 0.096, 0.715, 0.104, 0.366, 0.057, 0.400),
    (0.712, 0.084, 0.474, 0.618, 0.049, 0.460, 0.105, 0.747, 0.404, 0.067, 0.133, 0.330),
)

_AS_GOOD = 0.06
"""Keys whose correlations differ by less cannot be told apart."""
_RAISED_IN_MINOR = STEPS["harmonic minor"][-1]


class Span(NamedTuple):
    """A note that was played: its pitch, and how long it lasted in seconds."""

    pitch: int
    seconds: float


def find_keys(spans: Iterable[Span], profile: Profile = KOSTKA_PAYNE) -> list[Scale]:
    """The major and minor keys that some notes may be in, the likeliest first; none where they are too few to tell."""
    played = list(spans)
    weights = durations(played)
    if len(played) < FEWEST_NOTES or (weights > 0).sum() < FEWEST_PITCH_CLASSES:
        return []
    # Each row starts on another tonic, first the twelve major keys, then the minor ones.
    keys = np.array([np.roll(steps, tonic) for steps in profile for tonic in range(PITCH_CLASSES)])
    fits = _standard(keys) @ _standard(weights)
    likeliest_first = np.argsort(-fits, kind="stable")
    near = likeliest_first[fits[likeliest_first] >= fits.max() - _AS_GOOD].tolist()
    return [Scale(index % PITCH_CLASSES, (MAJOR, MINOR)[index // PITCH_CLASSES]) for index in near]


def pitch_classes_in(keys: Iterable[Scale], spans: Iterable[Span]) -> set[int]:
    """What a partner may use: the keys' pitch classes, in minor the leading note too, and what the call stresses."""
    weights = durations(spans)
    inside = set(np.flatnonzero(weights > STRESSED * weights.sum()).tolist())
    for key in keys:
        inside |= key.pitch_classes
        if key.kind == MINOR:
            inside.add((key.tonic + _RAISED_IN_MINOR) % PITCH_CLASSES)
    return inside


def durations(spans: Iterable[Span]) -> npt.NDArray[np.float64]:
    """[12] how long each pitch class sounded, in seconds."""
    weights = np.zeros(PITCH_CLASSES)
    for pitch, seconds in spans:
        weights[pitch % PITCH_CLASSES] += seconds
    return weights


def _standard(rows: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Rows with a mean of 0 and a length of 1: their products are Pearson's correlations."""
    centred = rows - rows.mean(axis=-1, keepdims=True)
    scaled: npt.NDArray[np.float64] = centred / np.maximum(np.linalg.norm(centred, axis=-1, keepdims=True), 1e-12)
    return scaled
