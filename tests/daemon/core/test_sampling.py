from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from musedaemon.core.sampling import Nucleus, SamplingSettings, nucleus, waiting


def logits(*probabilities: float) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    return np.log(np.array(probabilities, dtype=np.float32))


def distribution(
    values: np.ndarray[tuple[int], np.dtype[np.float32]],
    allowed: np.ndarray[tuple[int], np.dtype[np.bool_]],
    temperature: float,
    top_p: float,
) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """The probabilities of all classes, those beyond the nucleus 0."""
    kept = nucleus(values, allowed, temperature, top_p)
    probabilities = np.zeros(len(values))
    probabilities[kept.classes] = np.diff(kept.weights, prepend=0.0) / kept.weights[-1]
    return probabilities


EVERY = np.ones(4, dtype=np.bool_)


def test_at_temperature_one_the_probabilities_are_the_models() -> None:
    assert distribution(logits(0.4, 0.3, 0.2, 0.1), EVERY, 1.0, 1.0) == pytest.approx([0.4, 0.3, 0.2, 0.1])


def test_a_low_temperature_sharpens() -> None:
    assert distribution(logits(0.4, 0.3, 0.2, 0.1), EVERY, 0.5, 1.0) == pytest.approx(
        np.array([16, 9, 4, 1]) / 30, rel=1e-5
    )


def test_the_nucleus_is_the_smallest_set_that_reaches_top_p() -> None:
    assert distribution(logits(0.1, 0.4, 0.2, 0.3), EVERY, 1.0, 0.65) == pytest.approx([0, 4 / 7, 0, 3 / 7], rel=1e-5)


def test_masking_comes_before_everything_and_keeps_the_ratios() -> None:
    allowed = np.array([False, True, True, True])
    masked = distribution(logits(0.4, 0.3, 0.2, 0.1), allowed, 1.0, 1.0)
    assert masked == pytest.approx([0, 0.5, 1 / 3, 1 / 6], rel=1e-5)


def test_a_note_that_has_to_wait_makes_no_chord() -> None:
    allowed = np.array([True, False, True, True])
    waited = np.exp(waiting(logits(0.4, 0.3, 0.2, 0.1), allowed))[allowed]
    assert waited / waited.sum() == pytest.approx([0.4, 0.4, 0.2], rel=1e-5)


def test_where_no_later_class_is_left_waiting_changes_nothing() -> None:
    waited = waiting(logits(0.4, 0.3, 0.2, 0.1), np.array([True, False, False, False]))
    assert waited - waited[0] == pytest.approx(np.log([1, 3 / 4, 1 / 2, 1 / 4]), rel=1e-5)


@given(
    st.lists(st.floats(-50, 50, width=32), min_size=1, max_size=20),
    st.floats(0.05, 3.0),
    st.floats(0.05, 1.0),
    st.integers(0, 2**32 - 1),
    st.data(),
)
def test_a_sample_is_always_an_allowed_class(
    values: list[float], temperature: float, top_p: float, seed: int, data: st.DataObject
) -> None:
    allowed = np.array(data.draw(st.lists(st.booleans(), min_size=len(values), max_size=len(values)).filter(any)))
    floats = np.array(values, dtype=np.float32)
    probabilities = distribution(floats, allowed, temperature, top_p)
    assert probabilities.sum() == pytest.approx(1.0)
    drawn = nucleus(floats, allowed, temperature, top_p).draw(np.random.default_rng(seed))
    assert allowed[drawn]
    assert probabilities[drawn] > 0


def test_samples_follow_the_probabilities() -> None:
    rng = np.random.default_rng(3)
    kept = Nucleus(np.array([0, 2, 3]), np.array([0.5, 0.8, 1.0]))
    drawn = [kept.draw(rng) for _ in range(4000)]
    assert np.bincount(drawn, minlength=4) / 4000 == pytest.approx([0.5, 0, 0.3, 0.2], abs=0.03)


def test_the_range_of_pitches_is_inclusive() -> None:
    assert list(np.flatnonzero(SamplingSettings(lowest_pitch=60, highest_pitch=62).playable())) == [60, 61, 62]
