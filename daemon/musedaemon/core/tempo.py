"""The tempo of what was just played: onset autocorrelation with a prior (DESIGN 3).

Onsets close together are one event (a chord). The autocorrelation of the event train is taken from all pairs of
events; a tempo's score is what the autocorrelation holds at one to four of its beats and at its half beat, weighed by
how likely people play that tempo (a log-normal prior around 100 bpm, after Parncutt 1994 and van Noorden & Moelants
1999, who find preferred tempi around 100 to 120).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

SLOWEST_BPM = 40.0
FASTEST_BPM = 220.0
UNKNOWN_BPM = 120.0
"""What a call counts at before its tempo can be known: the default of Standard MIDI Files."""
WINDOW_S = 8.0
"""How far back onsets count (DESIGN 3)."""

_CHORD_S = 0.045
_KERNEL_S = 0.03
_PREFERRED_BPM = 100.0
_PREFERENCE_OCTAVES = 0.6
_HINTED_OCTAVES = 0.35
_BEATS = np.array([0.5, 1.0, 2.0, 3.0, 4.0])
_BEAT_WEIGHTS = np.array([0.6, 1.0, 0.8, 0.3, 0.6])
_FEWEST_EVENTS = 4
_AGREES = 0.03

FloatVector = npt.NDArray[np.float64]


def estimate_bpm(onsets: Sequence[float], hint: float | None = None) -> float | None:
    """The tempo of rising onsets in seconds, in beats a minute; None where there is too little to tell.

    `hint` (bpm) draws the answer to its neighbourhood, which settles the octave.
    """
    events = _events(np.asarray(onsets, dtype=np.float64))
    if len(events) < _FEWEST_EVENTS:
        return None
    candidates = np.geomspace(SLOWEST_BPM, FASTEST_BPM, 400)
    centre, width = (hint, _HINTED_OCTAVES) if hint else (_PREFERRED_BPM, _PREFERENCE_OCTAVES)
    prior = np.exp(-0.5 * (np.log2(candidates / centre) / width) ** 2)
    gaps = _gaps(events)
    scores = prior * _evidence(gaps, candidates)
    best = int(np.argmax(scores))
    return _refined(gaps, float(candidates[best]))


def _events(onsets: FloatVector) -> FloatVector:
    """One time an event: the first onset of each chord within the window."""
    if len(onsets) == 0:
        return onsets
    recent = onsets[onsets >= onsets[-1] - WINDOW_S]
    starts = [float(recent[0])]
    for onset in recent[1:]:
        if onset - starts[-1] > _CHORD_S:
            starts.append(float(onset))
    return np.array(starts)


def _gaps(events: FloatVector) -> FloatVector:
    """All distances between events up to four of the slowest beats."""
    distances: FloatVector = (events[None, :] - events[:, None])[np.triu_indices(len(events), 1)]
    return distances[distances <= 4 * 60.0 / SLOWEST_BPM]


def _evidence(gaps: FloatVector, bpm: FloatVector) -> FloatVector:
    """[len(bpm)] how much of the autocorrelation lies on the beats of each tempo."""
    lags = (60.0 / bpm)[:, None] * _BEATS[None, :]
    grid = np.arange(0.0, 4 * 60.0 / SLOWEST_BPM + 0.3, 0.01)
    near = np.exp(-0.5 * ((grid[:, None] - gaps[None, :]) / _KERNEL_S) ** 2).sum(axis=1)
    found: FloatVector = np.interp(lags, grid, near) @ _BEAT_WEIGHTS
    return found


def _refined(gaps: FloatVector, bpm: float) -> float:
    """The tempo that fits, by least squares, the gaps that lie near whole numbers of its beats."""
    period = 60.0 / bpm
    for tolerance in (0.12, 0.08):
        beats = np.round(gaps / period)
        fits = (beats > 0) & (beats <= 8) & (np.abs(gaps - beats * period) < tolerance * period)
        if not fits.any():
            break
        period = float((gaps[fits] * beats[fits]).sum() / (beats[fits] ** 2).sum())
    return float(np.clip(60.0 / period, SLOWEST_BPM, FASTEST_BPM))


class TempoTracker:
    """The tempo the daemon plays at: given, or found anew from each call. Owned by the engine."""

    def __init__(self, given_bpm: float | None = None, hint: float | None = None) -> None:
        """`hint` is what the music says of itself, as a file does: believed if the playing agrees with it."""
        self._given = given_bpm
        self._written = hint
        self._hint = hint
        self._bpm = given_bpm or hint or UNKNOWN_BPM

    @property
    def bpm(self) -> float:
        """Beats a minute, always known."""
        return self._bpm

    @property
    def given(self) -> bool:
        """Whether it was given and so never changes."""
        return self._given is not None

    def follow(self, onsets: Sequence[float]) -> float:
        """Hear the onsets of a call (seconds, rising); returns the tempo from now on."""
        if self._given is None:
            # Once a tempo was found it is the hint for the next call: a jam seldom doubles its tempo.
            found = estimate_bpm(onsets, self._hint)
            if found is not None:
                self._bpm = self._hint = self._as_written(found)
        return self._bpm

    def _as_written(self, found: float) -> float:
        written = self._written
        return written if written and abs(found / written - 1) < _AGREES else found
