"""The line through the newest of a run of times, as far back as they lie on one.

Where two lines explain the times far better than one, the pace has changed between them and only the newer count, and
so on: the likelihood ratio test for a change point of Quandt 1958, by the binary segmentation of Scott and Knott 1974.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

_FAR_BETTER = 20.0
"""Twice the logarithm of the likelihood ratio from which on two lines are believed."""
_FITTED = 4
"""Two lines."""
_NOISE_WINDOW = 48
_FAR = 24
_CHANCE = 1.4
"""Distances as far apart as `_FAR` vary this much more by chance alone."""
_NO_GAIN = 0.02

FloatVector = npt.NDArray[np.float64]


class Jitter(NamedTuple):
    """How uneven times are (variances, seconds squared): `own` is what each is off by itself, `drift` is what all that
    follow are off by, too.
    """

    own: float
    drift: float

    def doubt(self, times: int) -> float:
        """The variance about a line of so many times."""
        return self.own + self.drift * times / 6.0


class NewestLine(NamedTuple):
    """Where a line ends, its slope, and how far each time takes those after it off it (standard deviation). Seconds."""

    end: float
    slope: float
    wander: float


def newest_line(times: FloatVector, fewest: int, least_noise: float) -> NewestLine:
    """The line through the newest of these rising times (seconds, at least two).

    Of more than twice as many at least the `fewest` newest count. They are believed to jitter by `least_noise` or more
    (seconds, a standard deviation). Where what one is off carries on to the next ones, the end goes along with the
    newest times as far as they can be believed (the local level model: Muth 1960; Durbin and Koopman 2012, chapter 2).
    """
    zero = float(times[-1])
    times = times - zero
    jitter = _jitter(times, least_noise)
    newest = times
    while (even := _newest_even(newest, fewest, jitter.doubt(len(newest)))) < len(newest):
        newest = newest[-even:]
    slope = slope_of(newest)
    end = float(newest.mean()) + slope * (len(newest) - 1) / 2.0
    off = newest - end - slope * np.arange(1 - len(newest), 1)
    return NewestLine(zero + end + _carried_on(off, jitter), slope, math.sqrt(jitter.drift))


def _carried_on(off: FloatVector, jitter: Jitter) -> float:
    """How far the line's end is off, judged by how far each time is: the newest count most (steady Kalman gain)."""
    ratio = jitter.drift / jitter.own
    gain = (math.sqrt(ratio * ratio + 4 * ratio) - ratio) / 2.0
    if gain < _NO_GAIN:
        return 0.0
    weights = gain * (1.0 - gain) ** np.arange(len(off) - 1, -1, -1)
    return float(weights @ off)


def _jitter(times: FloatVector, least_noise: float) -> Jitter:
    """From how much distances vary over one and over `_FAR` times. An even pace, whichever, has neither."""
    even = Jitter(max(_noise(times), least_noise) ** 2, 0.0)
    if len(times) < 3 * _FAR:
        return even
    # What drifts does so all the time; a change of pace is seen in one of the halves only.
    if len(times) < 6 * _FAR:
        drift = _drift(times)
        return Jitter(max((float(np.var(np.diff(times))) - drift) / 2.0, least_noise**2), drift) if drift else even
    drift = min(_drift(half) for half in np.array_split(times, 2))
    if not drift:
        return even
    # What one time alone is off by makes the distance before it longer and the one after it shorter.
    apart = np.diff(times) - np.diff(times).mean()
    own = max(-float(np.mean(apart[1:] * apart[:-1])), least_noise**2)
    return Jitter(own, max(float(np.var(apart)) - 2.0 * own, drift))


def _drift(times: FloatVector) -> float:
    near, far = float(np.var(np.diff(times))), float(np.var(times[_FAR:] - times[:-_FAR]))
    return max(far - _CHANCE * near, 0.0) / (_FAR - 1)


def slope_of(times: FloatVector) -> float:
    """How far apart times lie that are evenly numbered (least squares)."""
    return float(_slope(len(times)) @ times)


def _noise(times: FloatVector) -> float:
    """The standard deviation of the jitter (seconds), from the second differences: a tempo does not move them."""
    second = np.diff(times[-_NOISE_WINDOW - 2 :], 2)
    return float(np.sqrt(np.mean(second**2))) / 6**0.5 if len(second) else 0.0


def is_sudden(off: FloatVector, first: int) -> bool:
    """Whether values that lie on a line (evenly numbered, evenly jittered) were moved at once, at number `first` or the
    one before, rather than have had another slope since any number: which leaves fewer squares.
    """
    size = len(off)
    numbers = np.arange(size) - first
    moved = min(_left(off, numbers >= 0), _left(off, numbers >= -1))
    return all(moved <= _left(off, np.maximum(numbers - bend, 0)) for bend in range(1 - first, size - first - 1))


def _left(values: FloatVector, besides: npt.NDArray[np.generic]) -> float:
    """The squares that a line leaves of the values, and so much of something `besides`."""
    size = len(values)
    design = np.stack([np.ones(size), np.arange(size), besides], 1)
    return float(((values - design @ np.linalg.lstsq(design, values)[0]) ** 2).sum())


def _newest_even(times: FloatVector, fewest: int, doubt: float) -> int:
    """How many of the newest times lie on one line: all, unless two lines explain them far better.

    `doubt` is the variance of the jitter (seconds squared).
    """
    size = len(times)
    if size < 2 * fewest:
        return size
    numbers = np.arange(size) - (size - 1) / 2.0
    off = times - times.mean() - float(_slope(size) @ times) * numbers
    sums = _sums(size)
    of_off, of_moment, of_square = off.cumsum(), (off * numbers).cumsum(), (off * off).cumsum()
    older = _unexplained(sums, of_off, of_moment, of_square)
    newer = _unexplained(sums[:, -1:] - sums, of_off[-1] - of_off, of_moment[-1] - of_moment, of_square[-1] - of_square)
    left = (older + newer)[fewest - 1 : size - fewest]
    best = int(left.argmin())
    doubt = max(doubt, float(left[best]) / (size - _FITTED))
    return size - fewest - best if of_square[-1] - left[best] > _FAR_BETTER * doubt else size


def _unexplained(sums: FloatVector, total: FloatVector, moment: FloatVector, square: FloatVector) -> FloatVector:
    """[N] the squares left when lines are fitted to the stretches that these sums are of."""
    count, first, second = sums
    with np.errstate(divide="ignore", invalid="ignore"):
        explained: FloatVector = total**2 / count
        explained += (moment - first * total / count) ** 2 / (second - first**2 / count)
    return square - explained


@lru_cache(maxsize=256)
def _sums(size: int) -> FloatVector:
    """[3, size] how many, the sum and the sum of squares of the first even numbers around 0."""
    numbers = np.arange(size) - (size - 1) / 2.0
    return np.stack([np.arange(1.0, size + 1), numbers.cumsum(), (numbers**2).cumsum()])


@lru_cache(maxsize=256)
def _slope(size: int) -> FloatVector:
    """[size] what to multiply evenly numbered values with for the slope of their line (least squares)."""
    numbers = np.arange(size) - (size - 1) / 2.0
    weights: FloatVector = numbers / (numbers**2).sum()
    return weights
