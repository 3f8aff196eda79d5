"""The line through the newest of a run of times, as far back as they lie on one.

Where two lines explain the times far better than one, the pace has changed between them and only the newer count, and
so on: the likelihood ratio test for a change point of Quandt 1958, by the binary segmentation of Scott and Knott 1974.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

_FAR_BETTER = 20.0
"""Twice the logarithm of the likelihood ratio from which on two lines are believed."""
_NOISE_WINDOW = 48

FloatVector = npt.NDArray[np.float64]


def newest_line(times: FloatVector, fewest: int, least_noise: float) -> tuple[float, float]:
    """Where the line through the newest of these rising times (seconds, at least two) ends, and its slope.

    Of more than twice as many at least the `fewest` newest count. They are believed to jitter by `least_noise` or more
    (seconds, a standard deviation).
    """
    zero = float(times[-1])
    times = times - zero
    doubt = max(_noise(times), least_noise) ** 2
    while (even := _newest_even(times, fewest, doubt)) < len(times):
        times = times[-even:]
    slope = slope_of(times)
    return zero + float(times.mean()) + slope * (len(times) - 1) / 2.0, slope


def slope_of(times: FloatVector) -> float:
    """How far apart times lie that are evenly numbered (least squares)."""
    return float(_slope(len(times)) @ times)


def _noise(times: FloatVector) -> float:
    """The standard deviation of the jitter (seconds), from the second differences: a tempo does not move them."""
    second = np.diff(times[-_NOISE_WINDOW - 2 :], 2)
    return float(np.sqrt(np.mean(second**2))) / 6**0.5 if len(second) else 0.0


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
    gain = of_square[-1] - (older + newer)[fewest - 1 : size - fewest]
    best = int(gain.argmax())
    return size - fewest - best if gain[best] > _FAR_BETTER * doubt else size


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
