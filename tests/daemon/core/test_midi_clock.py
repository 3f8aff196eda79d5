from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from musedaemon.core.midi_clock import ClockFollower, ClockNews

T = 60.0 / 120 / 24
PULSE, START, CONTINUE, STOP = b"\xf8", b"\xfa", b"\xfb", b"\xfc"


def song_position(sixteenths: int) -> bytes:
    return bytes((0xF2, sixteenths % 128, sixteenths // 128))


class Master:
    """Sends to a follower, in virtual time."""

    def __init__(self, follower: ClockFollower) -> None:
        self.follower = follower
        self.at = 0.0

    def send(self, data: bytes) -> ClockNews | None:
        return self.follower.receive(self.at, data)

    def pulses(self, count: int, period: float = T) -> list[ClockNews | None]:
        """So many pulses, the first one now, and the time of the next after them."""
        news = []
        for _ in range(count):
            news.append(self.send(PULSE))
            self.at += period
        return news


def beat_now(master: Master) -> float:
    grid = master.follower.grid
    assert grid is not None
    return grid.beat_at(master.at)


def test_start_takes_effect_at_the_next_pulse() -> None:
    follower = ClockFollower()
    master = Master(follower)
    assert master.send(START) is None
    assert not follower.running
    master.at = 5.0
    assert master.pulses(1) == [ClockNews.STARTED]
    assert follower.running
    master.pulses(23)
    assert beat_now(master) == pytest.approx(1.0)
    assert follower.bpm == pytest.approx(120.0)


def test_pulses_before_start_tell_the_tempo_but_no_place() -> None:
    follower = ClockFollower()
    master = Master(follower)
    assert master.pulses(3) == [ClockNews.FOUND, ClockNews.PULSE, ClockNews.PULSE]
    assert follower.bpm == pytest.approx(120.0)
    assert not follower.running
    master.send(START)
    master.pulses(12)
    assert beat_now(master) == pytest.approx(0.5)


def test_continue_goes_on_after_the_last_pulse_before_stop() -> None:
    follower = ClockFollower()
    master = Master(follower)
    master.send(START)
    master.pulses(30)
    assert master.send(STOP) is ClockNews.STOPPED
    assert follower.next_pulse == 30
    master.pulses(50)
    assert follower.next_pulse == 30
    master.send(CONTINUE)
    assert master.pulses(1) == [ClockNews.STARTED]
    assert beat_now(master) == pytest.approx(31 / 24)


def test_song_position_counts_sixteenths_up_to_its_end() -> None:
    follower = ClockFollower()
    master = Master(follower)
    master.send(song_position(16383))
    assert follower.next_pulse == 16383 * 6
    master.send(song_position(200))
    master.send(CONTINUE)
    master.pulses(24)
    assert beat_now(master) == pytest.approx(200 / 4 + 1)


def test_start_forgets_the_song_position() -> None:
    follower = ClockFollower()
    master = Master(follower)
    master.send(song_position(64))
    master.send(START)
    master.pulses(2)
    assert beat_now(master) == pytest.approx(2 / 24)


def test_a_song_position_in_mid_run_counts_from_the_next_pulse() -> None:
    follower = ClockFollower()
    master = Master(follower)
    master.send(START)
    master.pulses(10)
    master.send(song_position(16))
    master.pulses(1)
    assert beat_now(master) == pytest.approx(4 + 1 / 24)


def test_start_in_mid_run_begins_the_song_anew() -> None:
    follower = ClockFollower()
    master = Master(follower)
    master.send(START)
    master.pulses(40)
    master.send(START)
    assert master.pulses(1) == [ClockNews.STARTED]
    assert beat_now(master) == pytest.approx(1 / 24)


def test_stop_twice_is_news_once() -> None:
    follower = ClockFollower()
    master = Master(follower)
    assert master.send(STOP) is None
    master.send(START)
    master.pulses(2)
    assert master.send(STOP) is ClockNews.STOPPED
    assert master.send(STOP) is None


def test_a_clock_that_dies_in_mid_run_is_lost_after_a_beat_and_its_grid_goes_on() -> None:
    follower = ClockFollower()
    master = Master(follower)
    master.send(START)
    master.pulses(100)
    lost_at = follower.next_deadline()
    assert lost_at == pytest.approx(master.at - T + 24 * T)
    assert follower.advance(lost_at - 0.001) is None
    assert follower.advance(lost_at) is ClockNews.LOST
    assert follower.advance(lost_at + 10) is None
    assert follower.next_deadline() == float("inf")
    assert not follower.alive
    assert follower.running
    master.at = 200 * T
    assert beat_now(master) == pytest.approx(200 / 24)


def test_a_lost_clock_that_comes_back_is_where_it_would_have_been() -> None:
    follower = ClockFollower()
    master = Master(follower)
    master.send(START)
    master.pulses(100)
    follower.advance(follower.next_deadline())
    master.at = 400 * T
    assert master.pulses(1) == [ClockNews.FOUND]
    master.pulses(23)
    assert beat_now(master) == pytest.approx(424 / 24)


def test_a_stopped_clock_may_be_silent_and_start_again_elsewhere() -> None:
    follower = ClockFollower()
    master = Master(follower)
    master.send(START)
    master.pulses(100)
    master.send(STOP)
    assert follower.advance(1000.0) is None
    master.at = 2000.123
    master.send(START)
    assert master.pulses(1) == [ClockNews.STARTED]
    grid = follower.grid
    assert grid is not None
    assert grid.time_of(0.0) == pytest.approx(2000.123)
    assert grid.bpm == pytest.approx(120.0)


def test_what_is_no_clock_message_is_none_of_its_business() -> None:
    follower = ClockFollower()
    for data in (b"\xfe", b"\xf0\x01\xf7", b"\xf2\x01", b"\xe0\x00\x40"):
        assert follower.receive(0.0, data) is None
    assert follower.next_pulse == 0


@settings(max_examples=100, deadline=None)
@given(st.lists(st.one_of(st.sampled_from([START, CONTINUE, STOP]), st.integers(1, 40), st.integers(1000, 2000))))
def test_the_position_is_that_of_a_plain_counter(moves: list[bytes | int]) -> None:
    """For an even clock the filter may never change what the specification's plain counting says."""
    follower = ClockFollower()
    master = Master(follower)
    position, running, starting = 0, False, False
    for move in moves:
        if isinstance(move, bytes):
            master.send(move)
            position = 0 if move == START else position
            running, starting = False, move != STOP
        elif move >= 1000:
            master.send(song_position(move - 1000))
            position = (move - 1000) * 6
        else:
            master.pulses(move)
            running, starting = running or starting, False
            position += move if running else 0
        assert follower.next_pulse == position
        assert follower.running == running


def test_a_quick_clock_whose_times_come_late_is_not_gone_between_two_pulses() -> None:
    """Garbage may look like 400 bpm, and times of a MIDI system whose clock stood still are late by up to 0.5 s."""
    follower = ClockFollower()
    master = Master(follower)
    master.send(START)
    master.pulses(48, T * 120 / 400)
    news = []
    for _ in range(48):
        news += [*master.pulses(1), follower.advance(master.at + 0.4)]
    assert ClockNews.LOST not in news
    assert follower.bpm == pytest.approx(120.0, rel=0.01)
