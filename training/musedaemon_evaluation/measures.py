"""What a few bars of music are like: distributions, share on the grid, share in the key, likeness to a call."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from musedaemon.encoding import TICKS_PER_BEAT, TIME_CLASSES, ticks_to_class
from musedaemon_training.notes import Notes

DISTRIBUTIONS = ("pitch class", "interval", "duration", "density")
MOST_INTERVAL = 24
MOST_DENSITY = 16

Floats = npt.NDArray[np.float64]

# Krumhansl & Kessler 1982: how well each degree is felt to fit a major and a minor key.
_MAJOR_PROFILE = (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88)
_MINOR_PROFILE = (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17)
_MAJOR_SCALE = (0, 2, 4, 5, 7, 9, 11)
_MINOR_SCALE = (0, 2, 3, 5, 7, 8, 9, 10, 11)
"""Natural, harmonic and melodic together."""


class Key(NamedTuple):
    """A key by its tonic (0 for C) and its scale."""

    tonic: int
    scale: tuple[int, ...]


def distributions(notes: Notes) -> dict[str, Floats]:
    """By name of DISTRIBUTIONS: shares that add up to 1, or all 0 where there is nothing to count.

    `interval` is of the upper line, `density` of the notes that begin in each beat from the first to the last.
    """
    onset = notes["onset"].astype(np.int64)
    pitch = notes["pitch"].astype(np.int64)
    top = pitch[np.append(onset[1:] != onset[:-1], True)] if len(notes) else pitch
    beats = onset // TICKS_PER_BEAT
    density = np.bincount(beats - beats.min()) if len(notes) else beats
    counted = (
        np.bincount(pitch % 12, minlength=12),
        np.bincount(
            np.clip(np.diff(top), -MOST_INTERVAL, MOST_INTERVAL) + MOST_INTERVAL, minlength=2 * MOST_INTERVAL + 1
        ),
        np.bincount(ticks_to_class(notes["duration"]), minlength=TIME_CLASSES),
        np.bincount(np.minimum(density, MOST_DENSITY), minlength=MOST_DENSITY + 1),
    )
    return {name: counts / max(counts.sum(), 1) for name, counts in zip(DISTRIBUTIONS, counted, strict=True)}


def overlap(first: Floats, second: Floats) -> float:
    """What two distributions share, 0 to 1: the area under both (histogram intersection, Swain & Ballard 1991)."""
    return float(np.minimum(first, second).sum())


def on_grid(notes: Notes) -> float:
    """The share of notes that begin on a sixteenth or on a triplet eighth of the beat."""
    onset = notes["onset"].astype(np.int64)
    return _share((onset % (TICKS_PER_BEAT // 4) == 0) | (onset % (TICKS_PER_BEAT // 3) == 0))


def key_of(notes: Notes) -> Key:
    """The key whose profile goes best with how long each pitch class sounds (Krumhansl 1990)."""
    sounding = np.bincount(notes["pitch"] % 12, weights=notes["duration"], minlength=12).astype(np.float64)
    fits = [
        (float(_correlation(np.roll(np.array(profile), tonic), sounding)), Key(tonic, scale))
        for tonic in range(12)
        for profile, scale in ((_MAJOR_PROFILE, _MAJOR_SCALE), (_MINOR_PROFILE, _MINOR_SCALE))
    ]
    return max(fits, key=lambda fit: fit[0])[1]


def _correlation(profile: Floats, sounding: Floats) -> float:
    ours, theirs = profile - profile.mean(), sounding - sounding.mean()
    size = float(np.sqrt((ours @ ours) * (theirs @ theirs)))
    return float(ours @ theirs) / size if size else 0.0


def in_key(notes: Notes, key: Key) -> float:
    """The share of notes whose pitch class is in the key's scale."""
    return _share(np.isin((notes["pitch"].astype(np.int64) - key.tonic) % 12, key.scale))


def outside(notes: Notes, call: Notes) -> float:
    """The share of notes above the highest or below the lowest note of a call."""
    return _share((notes["pitch"] > call["pitch"].max()) | (notes["pitch"] < call["pitch"].min()))


def fuller(notes: Notes, call: Notes) -> float:
    """The share of strikes at which more notes sound than at any strike of a call."""
    return _share(_sounding(notes) > _sounding(call).max())


def has_hole(notes: Notes, call: Notes) -> bool:
    """Whether it falls silent, within, for over a beat longer than a call ever does."""
    return _longest_silence(notes) > _longest_silence(call) + TICKS_PER_BEAT


def _sounding(notes: Notes) -> npt.NDArray[np.int64]:
    """[strikes] how many notes sound."""
    begins, ends = np.sort(notes["onset"].astype(np.int64)), np.sort(_ends(notes))
    strikes = np.unique(begins)
    return begins.searchsorted(strikes, side="right") - ends.searchsorted(strikes, side="right")


def _longest_silence(notes: Notes) -> int:
    onset = notes["onset"].astype(np.int64)
    silences = onset[1:] - np.maximum.accumulate(_ends(notes))[:-1]
    return int(silences.max(initial=0))


def _ends(notes: Notes) -> npt.NDArray[np.int64]:
    ends: npt.NDArray[np.int64] = notes["onset"].astype(np.int64) + notes["duration"]
    return ends


def _share(holds: npt.NDArray[np.bool_]) -> float:
    return float(holds.mean()) if len(holds) else float("nan")
