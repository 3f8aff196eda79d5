from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from musedaemon.midi.frame_clock import FrameClock, FrameCount, FrameReading, ReadingNews, frames_between

RATE = 48_000
PERIOD_S = 1_024 / RATE


def following(late: list[float], drift: float = 0.0, first_frame: int = 1_000_000) -> FrameClock:
    """A clock that observed a period each, each so many seconds late, of a server that is wrong by `drift`."""
    clock = FrameClock(RATE)
    for index, delay in enumerate(late):
        seconds = index * PERIOD_S
        clock.observe(seconds + delay, first_frame + round(seconds * RATE * (1 + drift)))
    return clock


def frame_at(clock: FrameClock, seconds: float) -> float:
    return clock.reading().frame_at(seconds)


def test_nothing_is_read_before_anything_was_observed() -> None:
    assert not FrameClock(RATE).is_read
    assert following([0.0]).is_read


def test_a_server_without_jitter_is_followed_to_the_frame() -> None:
    clock = following([0.0] * 100)
    frames = [frame_at(clock, 3.0 + step / 100) for step in range(3)]
    assert frames == pytest.approx([1_144_000, 1_144_480, 1_144_960], abs=0.01)


@given(st.lists(st.floats(0, 0.0002), min_size=300, max_size=300))
def test_jitter_is_averaged_to_less_than_five_frames(late: list[float]) -> None:
    assert frame_at(following(late), 6.4) == pytest.approx(1_000_000 + 6.4 * RATE, abs=0.0002 * RATE / 2 + 5)


@pytest.mark.parametrize("drift", [1e-4, -1e-4, 250e-6])
@pytest.mark.parametrize(("periods", "frames"), [(200, 12.0), (500, 12.0), (3_000, 1.0)])
def test_a_server_of_another_rate_is_followed_and_its_rate_is_learnt(drift: float, periods: int, frames: float) -> None:
    clock = following([0.0] * periods, drift=drift)
    now = (periods - 1) * PERIOD_S
    assert frame_at(clock, now) == pytest.approx(1_000_000 + now * RATE * (1 + drift), abs=frames)


def test_a_reading_tells_how_many_frames_pass_a_second() -> None:
    assert following([0.0] * 3_000, drift=1e-4).reading().pace == pytest.approx(RATE * (1 + 1e-4), abs=0.1)


def test_one_interrupted_reading_moves_nothing_and_a_lost_period_is_followed_at_once() -> None:
    clock = following([0.0] * 100)
    before = frame_at(clock, 3.0)
    clock.observe(2.2, 900_000)
    assert frame_at(clock, 3.0) == before
    for index in range(100, 103):
        seconds = index * PERIOD_S
        clock.observe(seconds, 1_000_000 - 2_048 + round(seconds * RATE))
    assert frame_at(clock, 3.0) == pytest.approx(before - 2_048, abs=1)


def test_a_count_that_begins_anew_after_a_day_goes_on() -> None:
    frames = FrameCount()
    told = [2**32 - 100, 2**32 - 36, 28, 92, 28]
    counted = [frames.count(frame) for frame in told]
    assert [frame - counted[0] for frame in counted] == [0, 64, 128, 192, 128]
    assert [frames.near(frame) - counted[0] for frame in told] == [0, 64, 128, 192, 128]
    assert frames_between(28, 2**32 - 36) == 64
    assert frames_between(2**32 - 36, 28) == -64


def test_a_count_goes_on_where_the_servers_own_leaps() -> None:
    frames = FrameCount()
    before = frames.count(2**31 + 5)
    leapt = frames.count(1_000)
    frames.go_on_at(before + 64)
    assert leapt != before + 64
    assert [frames.count(1_064), frames.count(1_128)] == [before + 128, before + 192]
    assert frames.near((before + 100) % 2**32) == before + 100


@given(st.integers(0, 2**32 - 1), st.integers(-(2**30), 2**30))
def test_no_frame_is_counted_as_0_or_less_however_long_the_server_has_run(first: int, later: int) -> None:
    frames = FrameCount()
    start = frames.count(first)
    assert frames.near((first + later) % 2**32) == start + later > 0


def test_a_reading_is_news_once_a_second_and_where_the_last_one_foretold_it_wrongly() -> None:
    news = ReadingNews()
    told = [
        seconds
        for seconds, off in [(0.0, 0), (0.5, 0), (0.9, 4), (0.95, 5), (1.5, 5), (1.96, 5), (2.0, -2_048)]
        if news.is_news(FrameReading(seconds, seconds * RATE + off, RATE))
    ]
    assert told == [0.0, 0.95, 1.96, 2.0]
