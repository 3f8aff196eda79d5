from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from musedaemon.core.clock_filter import ClockFilter

T = 60.0 / 120 / 24
"""A pulse at 120 beats a minute (seconds)."""


def even(pulses: int, period: float = T, start: float = 0.0) -> list[float]:
    return [start + index * period for index in range(pulses)]


def jittered(times: Sequence[float], share: float, seed: int) -> list[float]:
    off = np.random.default_rng(seed).uniform(-share, share, len(times)) * (times[1] - times[0])
    return list(np.maximum.accumulate(np.array(times) + off))


def heard(times: Iterable[float]) -> ClockFilter:
    clock = ClockFilter()
    for at in times:
        clock.hear(at)
    return clock


def test_one_pulse_has_no_tempo() -> None:
    assert heard([1.0]).line is None


def test_an_even_clock_is_believed_from_its_second_pulse_on() -> None:
    line = heard([1.0, 1.0 + T]).line
    assert line is not None
    assert line.period == pytest.approx(T)
    assert line.time_of(24) == pytest.approx(1.0 + 24 * T)


@settings(max_examples=10, deadline=None)
@given(bpm=st.floats(30, 300), share=st.floats(0, 0.2), seed=st.integers(0, 10**6), pulses=st.integers(200, 400))
def test_jitter_is_averaged_away(bpm: float, share: float, seed: int, pulses: int) -> None:
    period = 60.0 / bpm / 24
    clock = heard(jittered(even(pulses, period), share, seed))
    assert clock.line is not None
    assert clock.count == pulses - 1
    # a false alarm leaves the newest dozen pulses, whose line is still within three of its standard deviations
    assert clock.line.time_of(pulses) == pytest.approx(pulses * period, abs=0.25 * period)
    assert clock.line.period == pytest.approx(period, rel=0.035)


def stepped(before: float, after: float, share: float, seed: int) -> ClockFilter:
    """Ten beats at one tempo, then two at another, with jitter."""
    old, new = 60.0 / before / 24, 60.0 / after / 24
    first = even(240, old)
    second = even(48, new, first[-1] + new)
    return heard(jittered(first, share, seed) + jittered(second, share, seed + 1))


@settings(max_examples=10, deadline=None)
@given(
    before=st.floats(60, 180),
    step=st.floats(1.12, 1.8),
    up=st.booleans(),
    share=st.sampled_from([0.0, 0.1, 0.2]),
    seed=st.integers(0, 10**6),
)
@example(before=60.0, step=10 / 3, up=True, share=0.2, seed=1)
def test_two_beats_after_a_step_the_new_tempo_is_known(
    before: float, step: float, up: bool, share: float, seed: int
) -> None:
    after = before * step if up else before / step
    clock = stepped(before, after, share, seed)
    assert clock.line is not None
    assert clock.line.period == pytest.approx(60.0 / after / 24, rel=0.02 if share else 0.001)
    assert clock.count == 287


@pytest.mark.parametrize("step", [1.03, 1.05, 1.1, 1 / 1.05, 1 / 1.1])
def test_a_small_step_under_jitter_is_a_new_tempo_two_beats_later_and_no_lost_pulse(step: float) -> None:
    """The pulses leave the line little by little. A quarter of such steps was still on its way then, one in six off."""
    tempi = [(110.0 + seed % 50, 0.2, seed) for seed in range(60)]
    clocks = [stepped(bpm, bpm * step, share, seed) for bpm, share, seed in tempi]
    periods = [clock.line.period for clock in clocks if clock.line]
    assert [clock.count for clock in clocks] == [287] * 60
    off = [abs(period * bpm * step * 24 / 60 - 1) for period, (bpm, _, _) in zip(periods, tempi, strict=True)]
    assert sum(one > 0.005 for one in off) <= 6


def test_a_lost_pulse_is_counted() -> None:
    times = even(300)
    del times[200]
    clock = heard(times)
    assert clock.count == 299
    assert clock.line is not None
    assert clock.line.time_of(300) == pytest.approx(300 * T)


@pytest.mark.parametrize("lost", [2, 3, 20])
@pytest.mark.parametrize("share", [0.0, 0.02])
def test_a_gap_of_whole_pulses_is_pulses_that_were_lost(lost: int, share: float) -> None:
    """What a busy machine does: nothing is heard for as long."""
    times = jittered(even(400), share, 3)
    del times[200 : 200 + lost]
    clock = heard(times)
    assert clock.count == 399
    assert clock.line is not None
    assert clock.line.time_of(400) == pytest.approx(400 * T, abs=0.1 * T)


def test_a_gap_of_anything_else_is_a_clock_that_stood_still() -> None:
    clock = heard([*even(200), *even(200, start=(200 + 7.5) * T)])
    assert clock.count == 399


def test_in_a_long_song_pulses_are_lost_now_and_then() -> None:
    times = even(3000)
    for lost in (2500, 1300, 200):
        del times[lost]
    clock = heard(times)
    assert clock.count == 2999
    assert clock.line is not None
    assert clock.line.time_of(3000) == pytest.approx(3000 * T)


@pytest.mark.parametrize("bpm", [60.0, 97.0, 123.0, 200.0])
def test_in_a_long_song_all_pulses_of_long_audio_periods_are_counted(bpm: float) -> None:
    frames = np.ceil(np.array(even(3000, 60.0 / bpm / 24)) * 48_000 / 1024 + 0.37)
    assert heard(frames * 1024 / 48_000).count == 2999


def test_a_pulse_that_comes_twice_counts_once() -> None:
    times = even(300)
    clock = heard(sorted([*times, times[200]]))
    assert clock.count == 299
    assert clock.line is not None
    assert clock.line.time_of(300) == pytest.approx(300 * T)


@pytest.mark.parametrize("seed", range(3))
def test_lost_and_doubled_pulses_are_told_under_jitter_too(seed: int) -> None:
    times = jittered(even(400), 0.2, seed)
    times.insert(301, times[300])
    del times[150]
    clock = heard(times)
    assert clock.count == 399
    assert clock.line is not None
    assert clock.line.time_of(400) == pytest.approx(400 * T, abs=0.1 * T)


def test_a_pulse_that_is_held_up_moves_nothing() -> None:
    times = even(300)
    times[250] += 0.9 * T
    clock = heard(times[:252])
    assert clock.line is not None
    assert clock.line.time_of(260) == pytest.approx(260 * T)


def test_a_tenth_of_a_second_without_hearing_moves_nothing() -> None:
    stalled = even(300)
    stalled[200:208] = [stalled[207]] * 8
    clock = heard(stalled)
    assert clock.count == 299
    assert clock.line is not None
    assert clock.line.period == pytest.approx(T, rel=1e-6)
    assert clock.line.time_of(300) == pytest.approx(300 * T, abs=1e-6)


def test_a_clock_that_moves_keeps_its_tempo() -> None:
    moved = even(100, start=200 * T + 0.45 * T)
    clock = heard(even(200) + moved)
    assert clock.count == 299
    assert clock.line is not None
    assert clock.line.time_of(300) == pytest.approx(moved[-1] + T, abs=0.02 * T)


@pytest.mark.parametrize("bpm", [60.0, 200.0])
@pytest.mark.parametrize("phase", [0.3, 0.8])
def test_pulses_that_come_in_long_audio_periods_are_all_counted(bpm: float, phase: float) -> None:
    period, frames = 60.0 / bpm / 24, 1024 / 48_000
    times = np.array(even(1200, period))
    came = np.ceil(times / frames + phase) * frames
    clock = heard(came)
    assert clock.count == 1199
    assert clock.line is not None
    assert clock.line.period == pytest.approx(period, rel=0.002)


def test_a_clock_almost_as_slow_as_the_audio_periods_drifts_off_by_no_pulse() -> None:
    period, frames = 60.0 / 117 / 24, 1024 / 48_000
    came = np.ceil(np.array(even(3600, period)) / frames) * frames
    assert abs(heard(came).count - 3599) <= 1


def test_started_anew_the_clock_may_lie_anywhere() -> None:
    clock = heard(even(200))
    clock.begin_anew()
    begins = 200 * T + 0.4 * T
    clock.hear(begins)
    assert clock.line is not None
    assert clock.count == 200
    assert clock.line.time_of(200) == pytest.approx(begins)
    assert clock.line.period == pytest.approx(T)


def test_what_a_silent_clock_would_have_sent_is_counted() -> None:
    clock = heard(even(200))
    clock.skip_silence(1000 * T + 0.001)
    clock.hear(1000 * T + 0.001)
    assert clock.count == 1000


@settings(max_examples=30, deadline=None)
@given(st.lists(st.floats(0, 0.3), min_size=1, max_size=120), st.sets(st.integers(0, 119), max_size=4))
def test_no_clock_however_wild_breaks_it(gaps: list[float], starts: set[int]) -> None:
    clock = ClockFilter()
    at, before = 0.0, -1
    for index, gap in enumerate(gaps):
        at += gap
        if index in starts:
            clock.begin_anew()
        clock.hear(at)
        if clock.line is not None:
            assert clock.line.period > 0
            assert np.isfinite(clock.line.at)
        assert clock.count >= 0
        before = max(before, clock.count)
    assert before <= len(gaps) + 6
