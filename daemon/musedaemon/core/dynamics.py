"""Dynamics: how loud the musician plays, and where the accents lie, as a lean of the model's velocities (DESIGN 4).

Scores say little of dynamics, so the model alone drifts to its own middle, and stays where it is: it expects each note
to be as loud as the one before. Its velocities are leaned by a normal curve around the level the call had at the same
place of its beats, and as much of the curve itself is mixed in as brings the spread that the call had there.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from musedaemon.core.limits import velocity_classes
from musedaemon.core.moment import ticks_per_second
from musedaemon.core.phrase import Phrase
from musedaemon.encoding import TICKS_PER_BEAT, VELOCITY_CLASSES, class_to_velocity
from musedaemon.model.protocol import FloatArray

CYCLE_TICKS = 2 * TICKS_PER_BEAT
"""Accents are told apart by eighths within two beats: strong, weak, and off the beat."""
_CELL_TICKS = TICKS_PER_BEAT // 2
_CELLS = CYCLE_TICKS // _CELL_TICKS
_BELIEF = 2.0
"""As many notes of the average loudness are counted into every place: one loud note makes no accent."""
_NARROWEST, _WIDEST = 2.0, 24.0
_ROOM = 1.2
"""The curve is so much wider than the spread that is wanted: sampling cuts its ends off (`top_p`)."""
_TINY = 1e-30
_VELOCITIES = np.array([class_to_velocity(index) for index in range(VELOCITY_CLASSES)], dtype=np.float64)


class Lean(NamedTuple):
    """The chances of the velocities [VELOCITY_CLASSES] by the level alone, and how much they are to vary at least."""

    curve: npt.NDArray[np.float64]
    variance: float

    def on(self, logits: FloatArray) -> FloatArray:
        """The model's velocity logits [VELOCITY_CLASSES], leaned and mixed with as much of the curve as is needed."""
        chances = np.exp(np.subtract(logits, logits.max(), dtype=np.float64)) * self.curve
        chances /= max(float(chances.sum()), _TINY)
        own, most = _variance(chances), _variance(self.curve)
        share = min(max((self.variance - own) / max(most - own, _TINY), 0.0), 1.0)
        mixed: FloatArray = np.log((1.0 - share) * chances + share * self.curve + _TINY).astype(np.float32)
        return mixed


class Dynamics(NamedTuple):
    """The levels of a call: [cells] velocities by place in the cycle, counted from its last onset, and their spread;
    the velocities a reply may have, from `softest` to `loudest`.
    """

    levels: npt.NDArray[np.float64]
    spread: float
    softest: int = 1
    loudest: int = 127

    def lean(self, ticks: int) -> Lean:
        """How loud a note is to be `ticks` after the call's last onset."""
        width = self.spread * _ROOM
        off = (_VELOCITIES - self.levels[_cell(ticks)]) / width
        curve = np.exp(-0.5 * off * off) * velocity_classes(self.softest, self.loudest)
        return Lean(curve / curve.sum(), self.spread**2)

    def within(self, softest: int, loudest: int) -> Dynamics:
        """The same accents, moved as far as need be to lie between two velocities, cut off where they are wider."""
        lower = min(loudest - float(self.levels.max()), 0.0)
        higher = max(softest - float(self.levels.min()), 0.0)
        return Dynamics(np.clip(self.levels + (lower or higher), softest, loudest), self.spread, softest, loudest)


def dynamics_of(phrase: Phrase, bpm: float) -> Dynamics:
    """The dynamics of a call (at least one note) at its tempo."""
    velocities = np.array(phrase.velocities, dtype=np.float64)
    before_last = np.array(phrase.onsets) - phrase.onsets[-1]
    cells = np.array([_cell(round(offset * ticks_per_second(bpm))) for offset in before_last])
    total = np.bincount(cells, weights=velocities, minlength=_CELLS)
    count = np.bincount(cells, minlength=_CELLS)
    levels = (total + _BELIEF * velocities.mean()) / (count + _BELIEF)
    return Dynamics(levels, float(np.clip((velocities - levels[cells]).std(), _NARROWEST, _WIDEST)))


def _variance(chances: npt.NDArray[np.float64]) -> float:
    mean = float(chances @ _VELOCITIES)
    return float(chances @ (_VELOCITIES - mean) ** 2)


def _cell(ticks: int) -> int:
    """Which eighth of the cycle is nearest."""
    return (ticks + _CELL_TICKS // 2) % CYCLE_TICKS // _CELL_TICKS
