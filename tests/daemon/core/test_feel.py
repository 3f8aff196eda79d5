from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from musedaemon.core.beat_grid import Beat, BeatGrid, Meter
from musedaemon.core.feel import AS_SAMPLED, Feel, StartOn
from musedaemon.core.timeline import FREE, Timeline


def running(meter: Meter | None = None, first_tick: int = 0) -> Timeline:
    """A clock's, whose song begins at tick `first_tick`."""
    timeline = Timeline(meter)
    timeline.follow(Beat(0.0, BeatGrid(0.0, 0.0, 120.0), 0.0), first_tick)
    return timeline


@pytest.mark.parametrize(
    ("place", "tick"), [(0.0, 0), (0.2, 0), (0.25, 0), (0.3, 24), (1.0, 24), (23.0, 24), (24.0, 24), (25.0, 48)]
)
def test_a_reply_begins_on_the_next_beat_one_that_has_hardly_begun_counting(place: float, tick: int) -> None:
    assert Feel(StartOn.BEAT).entry(running(), place) == tick


@pytest.mark.parametrize(
    ("meter", "ticks"), [(Meter(), 96), (Meter(3, 4), 72), (Meter(6, 8), 72), (Meter(7, 8), 84), (Meter(5, 4), 120)]
)
def test_a_reply_begins_on_the_next_bar_of_the_meter(meter: Meter, ticks: int) -> None:
    feel, timeline = Feel(StartOn.BAR), running(meter)
    assert feel.entry(timeline, 0.0) == 0
    assert feel.entry(timeline, 1.0) == ticks
    assert feel.entry(timeline, ticks + 0.3) == 2 * ticks


@pytest.mark.parametrize(
    ("meter", "beats"),
    [
        (Meter(3, 4), [0, 24, 48, 72, 96, 120]),
        (Meter(6, 8), [0, 36, 72, 108, 144]),
        (Meter(7, 8), [0, 24, 48, 72, 84, 108, 132, 156, 168]),
    ],
)
def test_a_reply_begins_on_a_beat_of_the_meter_counted_from_its_bar(meter: Meter, beats: list[int]) -> None:
    feel, timeline = Feel(StartOn.BEAT), running(meter)
    assert {feel.entry(timeline, float(tick)) for tick in range(beats[-1] + 1)} == set(beats)


@pytest.mark.parametrize(("meter", "swings"), [(Meter(7, 8), [12, 36, 60, 96]), (Meter(6, 8), [])])
def test_only_beats_of_two_eighths_swing(meter: Meter, swings: list[int]) -> None:
    feel, timeline = Feel(swing=0.75), running(meter)
    eighths = range(0, meter.over * 12 + 24, 12)
    assert [tick for tick in eighths if feel.swung(timeline, tick) != tick] == swings


def test_beats_are_counted_from_where_the_song_begins() -> None:
    timeline = running(first_tick=7)
    assert Feel(StartOn.BEAT).entry(timeline, 8.0) == 31
    assert Feel(StartOn.BAR).entry(timeline, 8.0) == 103


def test_without_a_clock_the_beat_is_the_one_found_and_there_is_no_bar() -> None:
    for start_on in (StartOn.BEAT, StartOn.BAR):
        assert Feel(start_on).entry(FREE, 30.0, found_beat=5) == 53
        assert Feel(start_on).entry(FREE, 53.2, found_beat=5) == 53
        assert Feel(start_on).entry(FREE, 30.0) is None


def test_now_waits_for_nothing() -> None:
    assert AS_SAMPLED.entry(running(), 30.0, found_beat=5) is None


def test_swing_moves_the_second_eighth_and_stretches_what_is_between() -> None:
    feel, timeline = Feel(swing=2 / 3), running()
    assert [feel.swung(timeline, tick) for tick in (0, 6, 12, 18, 24, 36)] == [0, 8, 16, 20, 24, 40]


@pytest.mark.parametrize("tick", [0, 8, 16, 24, 32])
def test_triplets_and_beats_stay_where_they_are(tick: int) -> None:
    assert Feel(swing=0.7).swung(running(), tick) == tick


def test_without_a_clock_the_beat_found_swings_and_without_one_nothing() -> None:
    feel = Feel(swing=2 / 3)
    assert [feel.swung(FREE, tick, found_beat=5) for tick in (5, 11, 17, 23, 29, 41)] == [5, 13, 21, 25, 29, 45]
    assert feel.swung(FREE, 12) == 12


def test_where_a_clock_runs_the_beat_found_does_not_count() -> None:
    assert Feel(swing=2 / 3).swung(running(), 12, found_beat=12) == 16


@given(st.floats(0.5, 0.75), st.integers(0, 500))
def test_swing_keeps_the_order_of_all_but_triplets_and_every_beat(swing: float, tick: int) -> None:
    feel, timeline = Feel(swing=swing), running()
    straight = [one for one in range(tick, tick + 25) if one % 24 not in (8, 16)]
    swung = [feel.swung(timeline, one) for one in straight]
    assert swung == sorted(swung)
    assert all(one // 24 == place // 24 for one, place in zip(straight, swung, strict=True))


@given(st.floats(0.001, 0.05), st.integers(0, 2**31), st.integers(0, 10_000))
def test_a_note_strays_always_the_same_and_never_far(humanize_s: float, seed: int, serial: int) -> None:
    feel = Feel(humanize_s=humanize_s, seed=seed)
    assert feel.strayed_s(serial) == feel.strayed_s(serial)
    assert abs(feel.strayed_s(serial)) <= 2 * humanize_s


def test_a_hand_strays_to_both_sides_by_about_what_was_asked() -> None:
    feel = Feel(humanize_s=0.01, seed=3)
    strayed = [feel.strayed_s(serial) for serial in range(400)]
    assert min(strayed) < -0.01 < 0.01 < max(strayed)
    assert sum(abs(off) < 0.01 for off in strayed) / 400 == pytest.approx(0.68, abs=0.08)
    assert Feel().strayed_s(5) == 0.0
