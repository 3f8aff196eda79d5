from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from musedaemon.core.accents import Accents, FloatVector, Strike, accents_of
from musedaemon.core.beat_line import BeatLine, fit

BEATS = np.array([0, 1, 1.5, 2, 3, 4, 4.5, 5, 6, 6.5, 7, 8, 9, 9.5, 10])
"""A line's rhythm: what is on the beat lasts longer than what is off it."""


def accents(times: FloatVector) -> Accents:
    ends = [*times[1:], times[-1] + 1.0]
    return accents_of([Strike(float(at), float(end)) for at, end in zip(times, ends, strict=True)], 60.0)


def off_beat(line: BeatLine, at: FloatVector) -> FloatVector:
    beats = line.beat_of(at)
    off: FloatVector = np.abs(beats - np.round(beats))
    return off


@settings(max_examples=40, deadline=None)
@given(st.floats(60, 150), st.floats(0.96, 1.04), st.floats(0, 100))
def test_beats_are_found_near_a_rough_tempo(bpm: float, rough: float, start: float) -> None:
    times = start + BEATS * 60.0 / bpm
    line = fit(accents(times), bpm * rough)
    assert 60.0 / line.period == pytest.approx(bpm, rel=0.005)
    assert off_beat(line, times[BEATS % 1 == 0]).max() < 0.05


def test_a_beat_nobody_played_is_known() -> None:
    syncopated = np.array([0, 1, 1.5, 2.5, 3, 4, 5, 5.5, 6.5, 7, 8])
    line = fit(accents(syncopated * 0.5), 118.0)
    assert off_beat(line, np.array([1.0, 3.0, 4.5, 5.0])).max() < 0.05


def test_a_line_that_slows_down_is_followed_and_goes_on_at_its_last_tempo() -> None:
    slowing = 0.5 * (BEATS + 0.006 * BEATS**2)
    line = fit(accents(slowing), 113.0)
    assert off_beat(line, slowing[BEATS % 1 == 0])[-8:].max() < 0.08
    assert line.period == pytest.approx(0.5 * (1 + 0.012 * 10), rel=0.03)
    after = np.array([line.at + beats * line.period for beats in (1, 2, 3)])
    assert off_beat(line, after).max() < 1e-6


def test_jitter_hardly_moves_the_line() -> None:
    played = BEATS * 0.6 + np.random.default_rng(3).normal(0.0, 0.012, len(BEATS))
    line = fit(accents(played), 100.0)
    assert off_beat(line, np.arange(4.0, 10.0) * 0.6).max() < 0.06


def test_one_accent_is_on_the_beat() -> None:
    line = fit(Accents(np.array([7.0]), np.array([1.0])), 100.0)
    assert line.period == pytest.approx(0.6, rel=0.07)
    assert off_beat(line, np.array([7.0])).max() < 0.1
