from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from musedaemon.core.accents import Strike
from musedaemon.core.beat_line import BeatLine
from musedaemon.core.periodicity import FASTEST_BPM, SLOWEST_BPM
from musedaemon.core.tempo import UNKNOWN_BPM, TempoFrom, TempoTracker

RHYTHM = [0, 1, 1.5, 2, 3, 4, 4.5, 5, 6, 6.5, 7, 8]
"""In beats: quarters and eighths."""
LATEST = 0.2
"""As a share of a beat: each note ends so much before the next."""


def played(bpm: float, jitter_s: float = 0.0, beats: list[float] = RHYTHM, start: float = 0.0) -> list[Strike]:
    noise = np.random.default_rng(5).normal(0, jitter_s, len(beats)) if jitter_s else np.zeros(len(beats))
    at = start + np.array(beats) * 60 / bpm + noise
    lengths = (np.diff([*beats, max(beats, default=0) + 1]) - LATEST) * 60 / bpm
    return [Strike(float(one), float(one + length)) for one, length in zip(at, lengths, strict=True)]


def found(strikes: list[Strike], hint: float | None = None) -> float:
    return TempoTracker(hint=hint).follow(strikes)


@pytest.mark.parametrize("bpm", [76, 88, 96, 112, 126])
@pytest.mark.parametrize("jitter_s", [0.0, 0.012])
def test_the_tempo_of_quarters_and_eighths_is_found(bpm: float, jitter_s: float) -> None:
    assert found(played(bpm, jitter_s)) == pytest.approx(bpm, rel=0.02)


def test_chords_are_one_event() -> None:
    spread = [Strike(at + finger, until) for at, until in played(90) for finger in (0.0, 0.011, 0.023)]
    assert found(spread) == pytest.approx(90, rel=0.02)


@pytest.mark.parametrize("hint", [50.0, 105.0, 190.0])
def test_a_hint_settles_the_octave(hint: float) -> None:
    even = [Strike(0.6 * index, 0.6 * index + 0.5) for index in range(12)]
    bpm = found(even, hint)
    assert abs(np.log2(bpm / hint)) < 0.5
    assert np.log2(bpm / 100) == pytest.approx(round(np.log2(bpm / 100)), abs=0.02)


def test_a_written_tempo_is_exactly_right_where_the_playing_agrees() -> None:
    assert TempoTracker(written=96.0).follow(played(97)) == 96.0
    assert TempoTracker(written=96.0).follow(played(104)) == pytest.approx(104, rel=0.01)
    assert TempoTracker(hint=96.0).follow(played(97)) == pytest.approx(97, rel=0.005)


def test_a_hint_is_believed_before_what_is_written() -> None:
    even = [Strike(0.6 * index, 0.6 * index + 0.5) for index in range(12)]
    assert TempoTracker(hint=50.0, written=100.0).follow(even) == pytest.approx(50, rel=0.02)
    assert TempoTracker(written=100.0).follow(even) == 100.0


@pytest.mark.parametrize("beats", [[], [0, 1, 2], [0, 0.01, 0.02, 0.03]])
def test_too_little_says_nothing(beats: list[float]) -> None:
    tracker = TempoTracker()
    assert tracker.follow(played(100, beats=beats)) == UNKNOWN_BPM
    assert tracker.line is None


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.floats(0, 60), st.floats(0, 3)), max_size=60))
def test_anything_played_gives_a_playable_tempo(notes: list[tuple[float, float]]) -> None:
    tracker = TempoTracker()
    for _ in range(2):
        bpm = tracker.follow([Strike(at, at + length) for at, length in notes])
        assert SLOWEST_BPM <= bpm <= FASTEST_BPM
        if tracker.line:
            assert tracker.line.period == 60.0 / bpm
            assert abs(tracker.line.at - max(at for at, _ in notes)) < 3 * 60.0 / bpm


@settings(max_examples=50, deadline=None)
@given(st.floats(70, 130), st.integers(-1000, 100_000), st.integers(0, 20))
def test_when_it_was_played_changes_nothing(bpm: float, eighths: int, jitter_ms: int) -> None:
    # Times that floating point holds exactly, earlier or later.
    notes = [Strike(round(at * 1024) / 1024, round(until * 1024) / 1024) for at, until in played(bpm, jitter_ms / 1e3)]
    here, there = TempoTracker(), TempoTracker()
    later = [Strike(at + eighths / 8, until + eighths / 8) for at, until in notes]
    assert here.follow(notes) == pytest.approx(there.follow(later), rel=1e-9)
    assert here.line
    assert there.line
    assert there.line.at - here.line.at == pytest.approx(eighths / 8, abs=1e-6)


@settings(max_examples=50, deadline=None)
@given(st.floats(60, 180), st.floats(0.9, 1.1))
def test_twice_as_fast_is_twice_the_tempo(bpm: float, off: float) -> None:
    assert found(played(bpm), hint=bpm * off) == pytest.approx(bpm, rel=0.01)


def test_a_given_tempo_never_changes_but_its_beat_is_found() -> None:
    tracker = TempoTracker(given_bpm=80.0)
    assert tracker.follow(played(80, 0.01, start=3.1)) == 80.0
    assert tracker.came_from is TempoFrom.GIVEN
    assert tracker.line
    assert tracker.line.period == 0.75
    beats = float(tracker.line.beat_of(np.array([3.1]))[0])
    assert beats == pytest.approx(round(beats), abs=0.06)


def test_a_found_tempo_is_kept_until_a_better_one_is_found() -> None:
    tracker = TempoTracker()
    assert tracker.bpm == UNKNOWN_BPM
    assert not tracker.known
    assert tracker.came_from is TempoFrom.ASSUMED
    assert tracker.follow(played(96)) == pytest.approx(96, rel=0.02)
    assert tracker.follow([Strike(0.0, 0.5), Strike(1.0, 1.5)]) == pytest.approx(96, rel=0.02)
    assert tracker.known
    assert tracker.came_from is TempoFrom.FOUND


def test_the_calls_before_settle_what_one_call_leaves_open() -> None:
    even = played(115, beats=[float(beat) for beat in range(14)])
    alone, in_a_jam = TempoTracker(), TempoTracker()
    assert alone.follow(even) == pytest.approx(57.5, rel=0.02)
    in_a_jam.follow(played(115))
    assert in_a_jam.follow(even) == pytest.approx(115, rel=0.02)


@pytest.mark.parametrize(
    ("busy", "sparse"),
    [
        ([0, 1, 2, 3, 4, 6, 8], [0, 2, 4, 6, 7, 8]),
        ([0, 1, 1.5, 2, 3, 3.5, 4, 5.5, 6, 7, 8], [0, 2, 4, 6, 7, 8]),
    ],
)
def test_a_sparser_call_does_not_halve_the_tempo(busy: list[float], sparse: list[float]) -> None:
    tracker = TempoTracker()
    followed = [tracker.follow(played(84, beats=beats)) for beats in (busy, sparse, busy)]
    assert followed == pytest.approx([84] * 3, rel=0.03)


def test_another_tempo_is_found_at_once_after_many_calls_at_one() -> None:
    tracker = TempoTracker()
    for _ in range(8):
        tracker.follow(played(90))
    assert tracker.follow(played(126)) == pytest.approx(126, rel=0.02)


def test_a_call_heard_again_with_more_notes_counts_once() -> None:
    call = played(115, beats=[float(beat) for beat in range(14)])
    once, again = TempoTracker(), TempoTracker()
    for fewer in (6, 8, 10, 12):
        again.follow(call[:fewer])
    assert again.follow(call) == once.follow(call)
    assert again.known


def test_a_tempo_is_known_when_given_hinted_or_found() -> None:
    assert [TempoTracker().known, TempoTracker(90.0).known, TempoTracker(hint=90.0).known] == [False, True, True]


@pytest.mark.parametrize(("written_at", "first_beat"), [(1.0, 1.0), (1.3, 1.3), (1.15, None)])
def test_the_written_beat_counts_where_the_playing_agrees_or_is_half_a_beat_off(
    written_at: float, first_beat: float | None
) -> None:
    def beats(begun_at: float | None) -> BeatLine:
        tracker = TempoTracker(written=100.0)
        if begun_at is not None:
            tracker.begin_written(begun_at)
        tracker.follow(played(100, start=1.0))
        assert tracker.line
        return tracker.line

    line, found = beats(written_at), beats(None)
    if first_beat is None:
        assert line == found
    else:
        since = (line.at - first_beat) / line.period
        assert since == pytest.approx(round(since), abs=1e-9)
