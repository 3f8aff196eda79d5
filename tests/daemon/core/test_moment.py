from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from support.fakes import FakeModel

from musedaemon.core.moment import nearest_tick, opening, ticks_per_second


@given(st.integers(0, 100_000), st.floats(-1e-7, 1e-7))
def test_a_half_tick_counts_up_whatever_floating_point_makes_of_it(tick: int, error: float) -> None:
    assert nearest_tick(tick + 0.5 + error) == tick + 1
    assert nearest_tick(tick + 0.49) == nearest_tick(tick - 0.49) == tick


@given(st.floats(20.0, 300.0), st.integers(0, 1000), st.integers(0, 1000))
def test_a_half_tick_is_the_same_tick_from_wherever_it_is_counted(bpm: float, first: int, more: int) -> None:
    at = (first + more + 0.5) / ticks_per_second(bpm)
    early = opening(FakeModel(), 0.0)
    late = early._replace(at=early.time_at(first, bpm), tick=first)
    assert early.tick_at(at, bpm) == late.tick_at(at, bpm) == first + more + 1
