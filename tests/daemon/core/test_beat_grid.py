from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from musedaemon.core.beat_grid import BeatGrid, Meter, first_from, parse_meter


def test_a_grid_places_beats_in_time_and_times_on_beats() -> None:
    grid = BeatGrid(at=10.0, beat=4.0, bpm=120.0)
    assert grid.time_of(6.0) == 11.0
    assert grid.beat_at(9.0) == 2.0


@given(st.floats(-1e4, 1e4), st.floats(-1e4, 1e4), st.floats(10, 400), st.floats(10, 400), st.floats(-1e4, 1e4))
def test_a_new_tempo_leaps_to_no_other_beat(at: float, beat: float, bpm: float, new: float, turned: float) -> None:
    grid = BeatGrid(at, beat, bpm)
    assert grid.turned_to(new, turned).beat_at(turned) == pytest.approx(grid.beat_at(turned), abs=1e-6)
    assert grid.time_of(grid.beat_at(turned)) == pytest.approx(turned, abs=1e-6)


@pytest.mark.parametrize(
    ("text", "bar_beats", "count_beats"),
    [
        ("4/4", 4.0, 1.0),
        ("3/4", 3.0, 1.0),
        ("6/8", 3.0, 0.5),
        ("2/2", 4.0, 2.0),
        ("7/8", 3.5, 0.5),
        ("5/16", 1.25, 0.25),
    ],
)
def test_a_bar_is_counted_in_quarter_notes(text: str, bar_beats: float, count_beats: float) -> None:
    meter = parse_meter(text)
    assert meter is not None
    assert (meter.bar_beats, meter.count_beats) == (bar_beats, count_beats)


@pytest.mark.parametrize(
    "text", ["", "4", "4/", "/4", "4/3", "0/4", "33/4", "17/4", "3/16", "1/1", "4/4/4", "-4/4", "4/ 4", "٤/4", "4.0/4"]
)
def test_what_is_no_meter(text: str) -> None:
    assert parse_meter(text) is None


def test_a_place_in_the_bar_counts_from_its_line() -> None:
    assert Meter(3, 4).in_bar(7.5) == 1.5


def test_the_next_beat_is_this_one_where_it_is_just_now() -> None:
    assert first_from(3.0, 1.0) == 3.0
    assert first_from(3.0000001, 1.0) == 3.0
    assert first_from(3.001, 1.0) == 4.0
    assert first_from(5.0, 4.0) == 8.0
