"""Dynamics: how loud the musician plays, and where the accents lie, as a lean of the model's velocities (DESIGN 4).

Scores say little of dynamics, so the model alone drifts to its own middle. Its velocities are leaned by a normal
curve around the level the call had at the same place of its beats: what the model says of a note against its
neighbours stays, the level is the musician's.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from musedaemon.core.moment import ticks_per_second
from musedaemon.core.phrase import Phrase
from musedaemon.encoding import TICKS_PER_BEAT, VELOCITY_CLASSES, class_to_velocity

CYCLE_TICKS = 2 * TICKS_PER_BEAT
"""Accents are told apart by eighths within two beats: strong, weak, and off the beat."""
_CELL_TICKS = TICKS_PER_BEAT // 2
_CELLS = CYCLE_TICKS // _CELL_TICKS
_BELIEF = 2.0
"""As many notes of the average loudness are counted into every place: one loud note makes no accent."""
_NARROWEST, _WIDEST = 6.0, 20.0
_VELOCITIES = np.array([class_to_velocity(index) for index in range(VELOCITY_CLASSES)], dtype=np.float64)


class Dynamics(NamedTuple):
    """The levels of a call: [cells] velocities by place in the cycle, counted from its last onset, and their spread."""

    levels: npt.NDArray[np.float64]
    spread: float

    def lean(self, ticks: int) -> npt.NDArray[np.float64]:
        """[VELOCITY_CLASSES] by which to multiply the chances of a note `ticks` after the call's last onset."""
        off = (_VELOCITIES - self.levels[_cell(ticks)]) / self.spread
        lean: npt.NDArray[np.float64] = np.exp(-0.5 * off * off)
        return lean

    def within(self, softest: int, loudest: int) -> Dynamics:
        """The same accents, moved as far as need be to lie between two velocities, cut off where they are wider."""
        lower = min(loudest - float(self.levels.max()), 0.0)
        higher = max(softest - float(self.levels.min()), 0.0)
        return Dynamics(np.clip(self.levels + (lower or higher), softest, loudest), self.spread)


def dynamics_of(phrase: Phrase, bpm: float) -> Dynamics:
    """The dynamics of a call (at least one note) at its tempo."""
    velocities = np.array(phrase.velocities, dtype=np.float64)
    before_last = np.array(phrase.onsets) - phrase.onsets[-1]
    cells = np.array([_cell(round(offset * ticks_per_second(bpm))) for offset in before_last])
    total = np.bincount(cells, weights=velocities, minlength=_CELLS)
    count = np.bincount(cells, minlength=_CELLS)
    levels = (total + _BELIEF * velocities.mean()) / (count + _BELIEF)
    return Dynamics(levels, float(np.clip(velocities.std(), _NARROWEST, _WIDEST)))


def _cell(ticks: int) -> int:
    """Which eighth of the cycle is nearest."""
    return (ticks + _CELL_TICKS // 2) % CYCLE_TICKS // _CELL_TICKS
