"""Where the beats of a stretch of playing lie, once its tempo is known roughly: a line in time, gently bent by rubato.

All lines near the tempo are tried: 48 places of the beat, a few percent faster or slower at the end, and slowing down
or speeding up by a few percent towards it. The best is the one on whose beats, half beats and quarters the accents
fall; then it is laid through the accents that are near them, by least squares. Late accents count more than early ones,
because a reply has to meet the beat at the end.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from musedaemon.core.accents import Accents, FloatVector

_PLACES = 48
"""A beat is divided into so many."""
_PACES, _BENDS = (
    tried.ravel() for tried in np.meshgrid(np.linspace(0.94, 1.06, 13), np.linspace(-0.006, 0.006, 7), indexing="ij")
)
"""Of each line tried: how much quicker than the rough tempo it ends, and its bend."""
_BEND_COST = 8.0
_BLUR_BEATS = 0.07
_FADES_S, _FADES_BEATS = 6.0, 3.0
"""How far back accents count, where the line is chosen and where it is laid exactly."""
_ON_BEAT, _ON_HALF, _ON_QUARTER = 1.0, 0.4, 0.25
_GRID = np.array([0.0, 0.25, 1 / 3, 0.5, 2 / 3, 0.75, 1.0])
_NEAR_BEATS = 0.09
_EXACT, _DECIMALS = 1e-6, 9
"""What floating point is off by decides nothing: the same playing has the same beats, whenever the session began."""


class BeatLine(NamedTuple):
    """A beat lies at `at` (seconds), near the end of what was heard; from there on one follows every `period` seconds.

    Before it the beats lie closer or wider by `bend`, beats a squared beat.
    """

    at: float
    period: float
    bend: float

    def beat_of(self, at: FloatVector) -> FloatVector:
        """The beats, with their fractions, of times (seconds), counted from the beat at `at`."""
        passed = (at - self.at) / self.period
        return passed + self.bend * np.minimum(passed, 0.0) ** 2


def fit(accents: Accents, bpm: float) -> BeatLine:
    """The best line near a tempo through accents (at least one)."""
    end = float(accents.at[-1])
    beats = (accents.at - end) * bpm / 60.0
    chosen = _best_line(end, beats, accents.weight * np.exp((accents.at - end) / _FADES_S), 60.0 / bpm)
    return _laid_through(accents, accents.weight * np.exp(beats / _FADES_BEATS), chosen)


def _best_line(end: float, beats: FloatVector, weight: FloatVector, period: float) -> BeatLine:
    """`beats` [N]: the accents at the rough tempo, counted back from the last."""
    scores = _accents_by_place(beats, weight) @ _TEMPLATE / weight.sum() - _BEND_COST * np.abs(_BENDS)[:, None]
    line, place = divmod(int(scores.round(_DECIMALS).argmax()), _PLACES)
    period /= float(_PACES[line])
    until_end = 1.0 - (place + 0.5) / _PLACES
    return BeatLine(end - until_end * period, period, float(_BENDS[line]))


def _accents_by_place(beats: FloatVector, weight: FloatVector) -> FloatVector:
    """[line, place] the weight of the accents at each place of the beat, the last accent at the first of places."""
    lines = len(_PACES)
    passed = beats[None, :] * _PACES[:, None]
    beat = passed + _BENDS[:, None] * passed**2
    place = np.floor(beat * _PLACES + _EXACT) % _PLACES + _PLACES * np.arange(lines)[:, None]
    counted = np.bincount(place.astype(np.int64).ravel(), np.tile(weight, lines), minlength=lines * _PLACES)
    return counted.astype(np.float64).reshape(lines, _PLACES)


def _template() -> FloatVector:
    """[place, shift] how well an accent at a place suits a beat at a shift."""
    places = (np.arange(_PLACES)[:, None] - np.arange(_PLACES)[None, :]) / _PLACES % 1.0

    def near(middle: float) -> FloatVector:
        off = np.abs(places - middle)
        blurred: FloatVector = np.exp(-0.5 * (np.minimum(off, 1.0 - off) / _BLUR_BEATS) ** 2)
        return blurred

    return _ON_BEAT * near(0.0) + _ON_HALF * near(0.5) + _ON_QUARTER * (near(0.25) + near(0.75))


_TEMPLATE = _template()


def _laid_through(accents: Accents, weight: FloatVector, line: BeatLine) -> BeatLine:
    """Least squares through the accents near the line's beats and their parts."""
    for _ in range(2):
        beats = line.beat_of(accents.at)
        whole = np.floor(beats)
        nearest = _GRID[np.abs((beats - whole)[:, None] - _GRID[None, :]).argmin(axis=1)]
        near = np.abs(beats - whole - nearest) < _NEAR_BEATS
        if near.sum() < 4:
            break
        meant = (whole + nearest)[near]
        passed = (accents.at[near] - line.at) / line.period
        # The bend stays: three parameters would follow the jitter.
        straight = meant - line.bend * np.minimum(passed, 0.0) ** 2
        slope, start = _line_through(passed, straight, weight[near])
        if not 0.9 < slope < 1.1:
            break
        line = BeatLine(line.at - start / slope * line.period, line.period / slope, line.bend)
    return line


def _line_through(x: FloatVector, y: FloatVector, weight: FloatVector) -> tuple[float, float]:
    """(slope, value at 0) by weighted least squares."""
    total = weight.sum()
    mean_x, mean_y = float(weight @ x / total), float(weight @ y / total)
    spread = float(weight @ (x - mean_x) ** 2)
    slope = float(weight @ ((x - mean_x) * (y - mean_y))) / spread if spread > 0 else 1.0
    return slope, mean_y - slope * mean_x
