from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from musedaemon.midi.frame_clock import FrameClock

RATE = 48_000
PERIOD_S = 1_024 / RATE


def following(late: list[float], drift: float = 0.0, first_frame: int = 1_000_000) -> FrameClock:
    """A clock that observed a period each, each so many seconds late, of a server that is wrong by `drift`."""
    clock = FrameClock(RATE)
    for index, delay in enumerate(late):
        seconds = index * PERIOD_S
        clock.observe(seconds + delay, clock.count(first_frame + round(seconds * RATE * (1 + drift))))
    return clock


def test_before_anything_was_observed_every_time_is_past() -> None:
    assert FrameClock(RATE).frame_at(1_000.0) == 0


def test_a_server_without_jitter_is_followed_to_the_frame() -> None:
    clock = following([0.0] * 100)
    assert [clock.frame_at(3.0 + step / 100) for step in range(3)] == [1_144_000, 1_144_480, 1_144_960]


@given(st.lists(st.floats(0, 0.0002), min_size=300, max_size=300))
def test_jitter_is_averaged_to_less_than_five_frames(late: list[float]) -> None:
    assert following(late).frame_at(6.4) == pytest.approx(1_000_000 + 6.4 * RATE, abs=0.0002 * RATE / 2 + 5)


@pytest.mark.parametrize("drift", [1e-4, -1e-4, 250e-6])
@pytest.mark.parametrize(("periods", "frames"), [(200, 12.0), (500, 12.0), (3_000, 1.0)])
def test_a_server_of_another_rate_is_followed_and_its_rate_is_learnt(drift: float, periods: int, frames: float) -> None:
    clock = following([0.0] * periods, drift=drift)
    now = (periods - 1) * PERIOD_S
    assert clock.frame_at(now) == pytest.approx(1_000_000 + now * RATE * (1 + drift), abs=frames)


def test_one_interrupted_reading_moves_nothing_and_a_lost_period_is_followed_at_once() -> None:
    clock = following([0.0] * 100)
    before = clock.frame_at(3.0)
    clock.observe(2.2, clock.count(900_000))
    assert clock.frame_at(3.0) == before
    for index in range(100, 103):
        seconds = index * PERIOD_S
        clock.observe(seconds, clock.count(1_000_000 - 2_048 + round(seconds * RATE)))
    assert clock.frame_at(3.0) == before - 2_048


def test_a_count_that_begins_anew_after_a_day_goes_on() -> None:
    clock = FrameClock(RATE)
    told = [2**32 - 100, 2**32 - 36, 28, 92, 28]
    counted = [clock.count(frame) for frame in told]
    assert [frame - counted[0] for frame in counted] == [0, 64, 128, 192, 128]
    clock = following([0.0] * 100, first_frame=2**32 - 50_000)
    assert clock.frame_at(3.01) - clock.frame_at(3.0) == 480
