from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from musedaemon.midi.tempo_map import TempoChange, TempoMap

CHANGES = st.lists(st.builds(TempoChange, st.floats(0, 600), st.floats(20, 300)), max_size=12)


def test_a_file_without_tempo_runs_at_120() -> None:
    assert TempoMap(480).seconds(960) == pytest.approx(1.0)


def test_each_stretch_runs_at_its_own_tempo() -> None:
    tempo_map = TempoMap(100, [(0, 1_000_000), (200, 250_000)])
    assert [tempo_map.seconds(tick) for tick in (0, 100, 200, 300, 600)] == pytest.approx([0, 1, 2, 2.25, 3])
    assert [tempo_map.tick(at) for at in (-1, 0, 1, 2, 2.25, 3)] == [0, 0, 100, 200, 300, 600]


def test_the_last_tempo_of_a_tick_counts_and_an_impossible_one_does_not() -> None:
    assert TempoMap(480, [(0, 400_000), (0, 300_000), (10, 0)]).tempi == [(0, 300_000)]


def test_tempi_out_of_a_files_range_are_held_at_its_ends() -> None:
    tempo_map = TempoMap.of_changes(480, [TempoChange(0, 1.0), TempoChange(10, 1e9)])
    assert [microseconds for _, microseconds in tempo_map.tempi] == [0xFFFFFF, 1]


@given(CHANGES, st.lists(st.integers(0, 500_000), max_size=20))
def test_a_tick_is_found_again_from_its_time(changes: list[TempoChange], ticks: list[int]) -> None:
    tempo_map = TempoMap.of_changes(480, changes)
    assert [tempo_map.tick(tempo_map.seconds(tick)) for tick in ticks] == ticks


@given(CHANGES, st.floats(0, 700))
def test_a_time_is_off_by_no_more_than_half_a_tick(changes: list[TempoChange], at: float) -> None:
    tempo_map = TempoMap.of_changes(480, changes)
    slowest = max(microseconds for _, microseconds in tempo_map.tempi)
    assert tempo_map.seconds(tempo_map.tick(at)) == pytest.approx(at, abs=0.51 * slowest / 1e6 / 480)


@given(CHANGES)
def test_times_rise_with_ticks(changes: list[TempoChange]) -> None:
    tempo_map = TempoMap.of_changes(480, changes)
    times = [tempo_map.seconds(tick) for tick in range(0, 400_000, 4_999)]
    assert times == sorted(times)
