from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from musedaemon.core.tempo import FASTEST_BPM, SLOWEST_BPM, UNKNOWN_BPM, TempoTracker, estimate_bpm

RHYTHM = [0, 1, 1.5, 2, 3, 4, 4.5, 5, 6, 6.5, 7, 8]
"""In beats: quarters and eighths."""


def played(bpm: float, jitter_s: float = 0.0, beats: list[float] = RHYTHM) -> list[float]:
    noise = np.random.default_rng(5).normal(0, jitter_s, len(beats)) if jitter_s else np.zeros(len(beats))
    return sorted((np.array(beats) * 60 / bpm + noise).tolist())


@pytest.mark.parametrize("bpm", [76, 88, 96, 112, 126])
@pytest.mark.parametrize("jitter_s", [0.0, 0.012])
def test_the_tempo_of_quarters_and_eighths_is_found(bpm: float, jitter_s: float) -> None:
    assert estimate_bpm(played(bpm, jitter_s)) == pytest.approx(bpm, rel=0.02)


def test_chords_are_one_event() -> None:
    spread = sorted(at + finger for at in played(90) for finger in (0.0, 0.011, 0.023))
    assert estimate_bpm(spread) == pytest.approx(90, rel=0.02)


@pytest.mark.parametrize("hint", [50.0, 105.0, 190.0])
def test_a_hint_settles_the_octave(hint: float) -> None:
    even = [0.6 * index for index in range(12)]
    found = estimate_bpm(even, hint)
    assert found is not None
    assert abs(np.log2(found / hint)) < 0.5
    assert np.log2(found / 100) == pytest.approx(round(np.log2(found / 100)), abs=0.02)


def test_too_little_says_nothing() -> None:
    assert estimate_bpm([]) is None
    assert estimate_bpm([0.0, 0.5, 1.0]) is None
    assert estimate_bpm([0.0, 0.01, 0.02, 0.03]) is None


@settings(max_examples=50)
@given(st.lists(st.floats(0, 60, allow_nan=False), max_size=60))
def test_any_onsets_give_a_playable_tempo_or_none(onsets: list[float]) -> None:
    found = estimate_bpm(sorted(onsets))
    assert found is None or SLOWEST_BPM <= found <= FASTEST_BPM


def test_a_given_tempo_never_changes() -> None:
    tracker = TempoTracker(given_bpm=77.0)
    assert tracker.follow(played(120)) == 77.0
    assert tracker.given


def test_a_found_tempo_is_kept_until_a_better_one_is_found() -> None:
    tracker = TempoTracker()
    assert tracker.bpm == UNKNOWN_BPM
    assert tracker.follow(played(96)) == pytest.approx(96, rel=0.02)
    assert tracker.follow([0.0, 1.0]) == pytest.approx(96, rel=0.02)
    assert not tracker.given
