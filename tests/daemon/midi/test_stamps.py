"""A message's time does not depend on how long our callback had to wait, exactly."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from musedaemon.midi.stamps import Stamps

EXACT = 1e-6


def stamped(came: list[float], waited: list[float], first: float = 0.0) -> list[float]:
    """The stamps of messages that came then and whose callback waited so long; `first`: the first one's distance."""
    stamps = Stamps()
    distances = [first, *(after - before for before, after in pairwise(came))]
    return [stamps.stamp(at + wait, apart) for at, wait, apart in zip(came, waited, distances, strict=True)]


def test_once_one_was_not_held_up_the_waits_are_not_seen() -> None:
    came = [1.0, 1.02, 1.04, 1.06, 1.08]
    assert stamped(came, [0.0, 0.009, 0.002, 0.0, 0.01]) == pytest.approx(came, abs=EXACT)


def test_until_then_a_message_is_late_by_the_shortest_wait_so_far() -> None:
    came = [1.0, 1.02, 1.04, 1.06]
    found = stamped(came, [0.006, 0.009, 0.002, 0.005])
    assert found == pytest.approx([1.006, 1.026, 1.042, 1.062], abs=EXACT)


def test_what_the_first_message_tells_counts_for_nothing() -> None:
    came = [1.0, 1.02, 1.04]
    for first in (0.0, 7.0, -3.0, 1.8e10):
        assert stamped(came, [0.0, 0.009, 0.002], first) == pytest.approx(came, abs=EXACT)


def test_messages_of_one_moment_keep_it() -> None:
    came = [1.0, 1.0, 1.0, 1.5, 1.5]
    assert stamped(came, [0.0, 0.001, 0.002, 0.003, 0.004]) == pytest.approx(came, abs=EXACT)


def test_time_does_not_go_back_when_a_shorter_wait_is_found() -> None:
    assert stamped([1.0, 1.001], [0.02, 0.0]) == pytest.approx([1.02, 1.02], abs=EXACT)


def test_after_a_long_pause_it_begins_anew() -> None:
    """Meanwhile the clocks may have drifted apart."""
    came = [1.0, 1.1, 30.0, 30.1]
    assert stamped(came, [0.0, 0.01, 0.008, 0.02]) == pytest.approx([1.0, 1.1, 30.008, 30.108], abs=EXACT)


def test_after_a_short_pause_it_does_not() -> None:
    came = [1.0, 1.1, 5.9, 10.8]
    assert stamped(came, [0.0, 0.01, 0.01, 0.01])[:3] == pytest.approx(came[:3], abs=EXACT)


@pytest.mark.parametrize("drift", [-2e-4, 2e-4])
def test_a_clock_that_drifts_is_followed(drift: float) -> None:
    stamps = Stamps()
    waits = [0.0 if index % 20 == 0 else 0.005 for index in range(6000)]
    off = [
        abs(stamps.stamp(0.02 * index + wait, 0.02 * (1 + drift)) - 0.02 * index) for index, wait in enumerate(waits)
    ]
    assert max(off) < 0.0023  # ten seconds of drift, and the 0.4 s between two that did not wait


@pytest.mark.parametrize("leap", [-60.0, -1.0, 1.0, 3600.0, 1.8e10])
def test_a_clock_that_leaps_is_believed_no_more(leap: float) -> None:
    stamps = Stamps()
    found = [stamps.stamp(0.02 * index, 0.02 + (leap if index == 100 else 0.0)) for index in range(200)]
    assert found == pytest.approx([0.02 * index for index in range(200)], abs=EXACT)


@given(st.lists(st.tuples(st.floats(0.0, 20.0), st.floats(0.0, 0.4)), min_size=1, max_size=60))
def test_never_after_it_arrived_nor_before_it_came_nor_before_the_last(messages: list[tuple[float, float]]) -> None:
    stamps, came, arrived, last = Stamps(), 0.0, 0.0, 0.0
    for apart, wait in messages:
        came += apart
        arrived = max(arrived, came + wait)
        at = stamps.stamp(arrived, apart)
        assert came - EXACT <= at <= arrived + EXACT
        assert at >= last
        last = at
