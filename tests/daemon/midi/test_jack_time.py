from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from musedaemon.midi.frame_clock import FrameReading
from musedaemon.midi.jack_time import JackTime

RATE = 48_000.0


class FakeClock:
    """The machine's clock, led by the latest line that it was told."""

    def __init__(self) -> None:
        self.line = (0.0, 0.0, 1.0)

    def at(self, moment: float) -> float:
        began, second, pace = self.line
        return second + (moment - began) * pace

    def lead(self, moment: float, second: float, pace: float) -> None:
        self.line = moment, second, pace


def following(clock: FakeClock, *readings: FrameReading) -> JackTime:
    time = JackTime(clock)
    for reading in readings:
        time.follow("sender", reading, RATE)
    return time


def test_the_first_reading_changes_no_second_and_then_frames_are_seconds() -> None:
    clock = FakeClock()
    time = following(clock, FrameReading(5.0, 96_000.0, RATE))
    assert clock.at(5.0) == 5.0
    assert time.second_of("sender", 96_000 + 24_000) == 5.5
    assert time.stamp_of("sender", 5.5) == 120_000.0


def test_a_server_that_stood_still_keeps_the_seconds_of_its_frames_and_the_clock_is_led_back() -> None:
    clock = FakeClock()
    time = following(clock, FrameReading(5.0, 96_000.0, RATE), FrameReading(6.0, 120_000.0, RATE))
    assert time.second_of("sender", 120_000) == 5.5
    assert clock.at(6.0) == 5.5


def test_the_clock_goes_at_the_pace_of_the_frames() -> None:
    clock = FakeClock()
    following(clock, FrameReading(5.0, 96_000.0, RATE * 1.001))
    assert clock.at(15.0) == pytest.approx(15.01)


def test_the_frames_of_another_server_go_on_from_now() -> None:
    clock = FakeClock()
    time = following(clock, FrameReading(5.0, 9_600_000.0, RATE), FrameReading(8.0, 1_000.0, RATE))
    assert clock.at(8.0) == 8.0
    assert time.second_of("sender", 1_000 + 48_000) == 9.0


def test_a_new_server_goes_on_from_now_however_near_its_frames_are() -> None:
    clock = FakeClock()
    time = following(clock, FrameReading(5.0, 48_000.0, RATE))
    time.start_over()
    time.follow("receiver", FrameReading(6.0, 24_000.0, RATE), RATE)
    assert clock.at(6.0) == 6.0
    assert time.second_of("receiver", 24_000) == 6.0


def test_one_process_leads_until_it_has_ended() -> None:
    clock = FakeClock()
    time = following(clock, FrameReading(5.0, 96_000.0, RATE))
    time.follow("receiver", FrameReading(5.0, 96_048.0, RATE), RATE)
    assert clock.at(5.0) == 5.0
    time.forget("receiver")
    time.forget("sender")
    time.follow("receiver", FrameReading(6.0, 144_048.0, RATE), RATE)
    assert clock.at(6.0) == pytest.approx(6.001)
    assert time.second_of("receiver", 144_048) == pytest.approx(6.001)


def test_a_frame_that_two_processes_count_alike_has_one_second() -> None:
    time = following(FakeClock(), FrameReading(5.0, 96_000.0, RATE))
    time.follow("receiver", FrameReading(5.5, 120_010.0, RATE), RATE)
    assert time.second_of("receiver", 130_000) == time.second_of("sender", 130_000)


def test_a_process_that_counts_otherwise_has_seconds_and_frames_of_its_own_and_may_lead_without_a_leap() -> None:
    clock = FakeClock()
    time = following(clock, FrameReading(5.0, 96_000.0, RATE))
    time.follow("receiver", FrameReading(5.5, 7.0, RATE), RATE)
    assert time.second_of("receiver", 48_007) == 6.5
    assert time.stamp_of("receiver", 6.5) == 48_007.0
    assert time.stamp_of("sender", 6.5) == 168_000.0
    time.forget("sender")
    time.follow("receiver", FrameReading(7.0, 72_007.0, RATE), RATE)
    assert clock.at(7.0) == 7.0
    assert time.second_of("receiver", 120_007) == 8.0


def test_a_process_that_tells_first_of_a_server_that_stood_still_moves_none_of_its_frames() -> None:
    clock = FakeClock()
    time = following(clock, FrameReading(5.0, 96_000.0, RATE))
    time.follow("receiver", FrameReading(5.0, 96_000.0, RATE), RATE)
    time.follow("receiver", FrameReading(7.0, 144_000.0, RATE), RATE)
    assert time.second_of("receiver", 150_000) == time.second_of("sender", 150_000) == 6.125
    time.follow("sender", FrameReading(7.0, 144_000.0, RATE), RATE)
    assert clock.at(7.0) == 6.0


def test_what_is_asked_of_a_process_that_has_ended_is_answered_by_what_was_told_last() -> None:
    time = following(FakeClock(), FrameReading(5.0, 96_000.0, RATE))
    time.forget("sender")
    time.start_over()
    assert time.second_of("sender", 144_000) == 6.0


@given(st.floats(0, 30 * 3600), st.floats(0, 2**32 - 1), st.floats(0, 600))
def test_a_second_is_that_of_its_frame_however_long_it_counts(passed: float, first: float, ahead: float) -> None:
    time = JackTime(FakeClock())
    for hours in range(int(passed // 3600) + 1):  # told once a second; once an hour is enough
        time.follow("sender", FrameReading(hours * 3600.0, first + hours * 3600.0 * RATE, RATE), RATE)
    second = passed // 3600 * 3600.0 + ahead
    assert time.second_of("sender", time.stamp_of("sender", second)) == pytest.approx(second, abs=1.1 / RATE)
