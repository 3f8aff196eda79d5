from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from musedaemon.core.sampling import Floats, Nucleus, SamplingSettings, chances, nucleus, waiting
from musedaemon.encoding import BoolArray


def weights(*probabilities: float) -> Floats:
    """A third of them: what they add up to does not count."""
    return np.array(probabilities, dtype=np.float64) / 3.0


def distribution(values: Floats, allowed: BoolArray, temperature: float, top_p: float) -> Floats:
    """The probabilities of all classes, those beyond the nucleus 0."""
    kept = nucleus(values, allowed, temperature, top_p)
    probabilities = np.zeros(len(values))
    probabilities[kept.classes] = np.diff(kept.weights, prepend=kept.outside) / (kept.weights[-1] - kept.outside)
    return probabilities


EVERY = np.ones(4, dtype=np.bool_)


def test_at_temperature_one_the_probabilities_are_the_models() -> None:
    assert distribution(weights(0.4, 0.3, 0.2, 0.1), EVERY, 1.0, 1.0) == pytest.approx([0.4, 0.3, 0.2, 0.1])


def test_a_low_temperature_sharpens() -> None:
    assert distribution(weights(0.4, 0.3, 0.2, 0.1), EVERY, 0.5, 1.0) == pytest.approx(
        np.array([16, 9, 4, 1]) / 30, rel=1e-5
    )


def test_the_nucleus_is_the_smallest_set_that_reaches_top_p() -> None:
    assert distribution(weights(0.1, 0.4, 0.2, 0.3), EVERY, 1.0, 0.65) == pytest.approx([0, 4 / 7, 0, 3 / 7], rel=1e-5)


def test_masking_comes_before_everything_and_keeps_the_ratios() -> None:
    allowed = np.array([False, True, True, True])
    masked = distribution(weights(0.4, 0.3, 0.2, 0.1), allowed, 1.0, 1.0)
    assert masked == pytest.approx([0, 0.5, 1 / 3, 1 / 6], rel=1e-5)


def test_a_note_that_has_to_wait_makes_no_chord() -> None:
    allowed = np.array([True, False, True, True])
    waited = waiting(weights(0.4, 0.3, 0.2, 0.1), allowed)[allowed]
    assert waited / waited.sum() == pytest.approx([0.4, 0.4, 0.2], rel=1e-5)


def test_where_no_later_class_is_left_waiting_changes_nothing() -> None:
    waited = waiting(weights(0.4, 0.3, 0.2, 0.1), np.array([True, False, False, False]))
    assert waited / waited[0] == pytest.approx([1, 3 / 4, 1 / 2, 1 / 4])


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
    likely = chances(np.array(values, dtype=np.float32))
    probabilities = distribution(likely, allowed, temperature, top_p)
    assert probabilities.sum() == pytest.approx(1.0)
    drawn = nucleus(likely, allowed, temperature, top_p).draw(np.random.default_rng(seed))
    assert allowed[drawn]
    assert probabilities[drawn] > 0


def test_chances_are_those_of_the_logits_however_large() -> None:
    likely = chances(np.log(np.array([0.4, 0.3, 0.2, 0.1], dtype=np.float32)) + np.float32(2000.0))
    assert likely / likely.sum() == pytest.approx([0.4, 0.3, 0.2, 0.1], rel=1e-3)


def test_where_nothing_allowed_is_likely_all_of_it_is_as_good() -> None:
    certain = np.array([1.0, 0.0, 0.0, 0.0])
    assert distribution(certain, ~EVERY | (np.arange(4) > 1), 1.0, 1.0) == pytest.approx([0, 0, 0.5, 0.5])


@given(st.integers(1, 2**32 - 1), st.floats(0.05, 1.0))
def test_no_class_of_the_nucleus_can_be_spared_and_none_outside_is_likelier(seed: int, top_p: float) -> None:
    likely = np.random.default_rng(seed).dirichlet(np.full(9, 0.5))
    kept = distribution(likely, np.ones(9, dtype=np.bool_), 1.0, top_p) > 0
    assert likely[kept].sum() >= top_p - 1e-9
    assert likely[kept].sum() - likely[kept].min() < top_p + 1e-9
    assert not (~kept).any() or likely[~kept].max() <= likely[kept].min()


def test_samples_follow_the_probabilities() -> None:
    rng = np.random.default_rng(3)
    kept = Nucleus(np.array([3, 2, 0]), np.array([0.5, 0.8, 1.3]), outside=0.3)
    drawn = [kept.draw(rng) for _ in range(4000)]
    assert np.bincount(drawn, minlength=4) / 4000 == pytest.approx([0.5, 0, 0.3, 0.2], abs=0.03)


def test_the_range_of_pitches_is_inclusive() -> None:
    assert list(np.flatnonzero(SamplingSettings(lowest_pitch=60, highest_pitch=62).playable())) == [60, 61, 62]
