"""How well each tempo explains a stretch of playing: the autocorrelation of its accents, read at the tempo's beats.

A tempo of the grid `BPMS` is scored by what the autocorrelation holds at parts and multiples of its beat (after
Parncutt 1994, who has accents vote for periods). The weights are those of a conditional logit, fitted on performances
with known beats (benchmarks/tempo_weights.py), so that scores are log-odds and add up with what else is known.
"""

from __future__ import annotations

import numpy as np

from musedaemon.core.accents import Accents, FloatVector

SLOWEST_BPM = 40.0
FASTEST_BPM = 220.0
BPMS: FloatVector = np.geomspace(SLOWEST_BPM, FASTEST_BPM, 240)
"""The tempi that are weighed up, 0.7% apart."""
LAGS_BEATS = np.array([1 / 4, 1 / 2, 3 / 4, 1, 3 / 2, 2, 3, 4])
"""Where in the autocorrelation a tempo's evidence lies."""

_LAG_WEIGHTS = np.array([4.2, 2.2, -2.5, 6.8, 1.8, 5.2, 5.3, 1.5])
_STEP_S = 0.01
_SLACK_S = 0.03
_LONGEST_LAG_S = 4 * 60.0 / SLOWEST_BPM + 10 * _STEP_S
_LAST_ACCENT_S, _MOST_LAG = 0.5, 0.625
_LAGS_S = np.arange(0.0, _LONGEST_LAG_S, _STEP_S)
_SLACK = np.exp(-0.5 * (np.arange(-10, 11) * _STEP_S / _SLACK_S) ** 2)


def evidence(accents: Accents) -> FloatVector:
    """[len(BPMS)] log-odds of each tempo by the accents alone, up to a constant."""
    log_odds: FloatVector = features(accents) @ _LAG_WEIGHTS
    return log_odds


def features(accents: Accents) -> FloatVector:
    """[len(BPMS), len(LAGS_BEATS)] the share of the accents that is met again so many beats later."""
    lags = (60.0 / BPMS)[:, None] * LAGS_BEATS[None, :]
    found: FloatVector = np.interp(lags, _LAGS_S, _autocorrelation(accents))
    # The longer the lag, the fewer accents have another one so much later in what was heard.
    heard_s = accents.at[-1] - accents.at[0] + _LAST_ACCENT_S
    found *= heard_s / (heard_s - np.minimum(lags, _MOST_LAG * heard_s))
    return found


def _autocorrelation(accents: Accents) -> FloatVector:
    """[len(_LAGS_S)] of the accents, each blurred by `_SLACK_S`; 1 is all of them."""
    first, second = np.triu_indices(len(accents), 1)
    lag = (accents.at[second] - accents.at[first]) / _STEP_S
    seen = lag < len(_LAGS_S) - 1
    product = (accents.weight[first] * accents.weight[second])[seen]
    before = lag[seen].astype(np.int64)
    late = (lag[seen] - before) * product
    counted = np.bincount(before, product - late, minlength=len(_LAGS_S))
    counted += np.bincount(before + 1, late, minlength=len(_LAGS_S))
    blurred: FloatVector = np.convolve(counted, _SLACK, "same")
    return blurred / float((accents.weight**2).sum())
