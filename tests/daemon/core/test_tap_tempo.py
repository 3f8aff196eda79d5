from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from musedaemon.core.tap_tempo import TapTempo


def tapped(taps: Iterable[float]) -> float | None:
    tempo, bpm = TapTempo(), None
    for at in taps:
        bpm = tempo.tap(at)
    return bpm


def test_two_taps_are_too_few() -> None:
    assert tapped([0.0, 0.5]) is None


@given(st.floats(45, 210), st.integers(3, 20))
def test_even_taps_are_their_tempo(bpm: float, taps: int) -> None:
    assert tapped(index * 60.0 / bpm for index in range(taps)) == pytest.approx(bpm, rel=1e-6)


@given(st.floats(45, 210), st.integers(0, 10**6))
def test_a_shaking_hand_is_averaged(bpm: float, seed: int) -> None:
    shaken = np.random.default_rng(seed).uniform(-0.03, 0.03, 8) * 60.0 / bpm
    found = tapped(index * 60.0 / bpm + float(off) for index, off in enumerate(shaken))
    assert found == pytest.approx(bpm, rel=0.05)


def test_a_tap_left_out_is_no_slower_tempo() -> None:
    assert tapped([0.0, 0.5, 1.0, 1.5, 2.5, 3.0]) == pytest.approx(120.0)


def test_a_pedal_that_bounces_taps_once() -> None:
    assert tapped([0.0, 0.5, 0.52, 1.0, 1.03, 1.5]) == pytest.approx(120.0)


def test_after_a_pause_the_taps_begin_anew() -> None:
    assert tapped([0.0, 0.5, 1.0, 1.5, 10.0, 11.0]) is None
    assert tapped([0.0, 0.5, 1.0, 1.5, 10.0, 11.0, 12.0]) == pytest.approx(60.0)


def test_another_tempo_is_taken_up_without_a_pause() -> None:
    assert tapped([0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0]) == pytest.approx(60.0)


def test_what_nobody_plays_is_no_tempo() -> None:
    assert tapped([0.0, 0.17, 0.34, 0.51]) is None
    assert tapped([0.0, 1.9, 3.8]) is None
