"""Files that a hand played: what is learned from them is the score they mean."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from musedaemon.core.events import MidiEvent, NoteOff, NoteOn
from musedaemon.midi.files import TempoChange, Track, write_midi_file
from musedaemon_training.augment import AS_WRITTEN, IGNORED, play
from musedaemon_training.notes import Notes
from musedaemon_training.pieces import Piece, UnreadableError
from musedaemon_training.played import Performance, has_ragged_ends, is_played, meant
from musedaemon_training.reading import read_pieces
from musedaemon_training.transcribing import ticks_by_tempo, ticks_on_beats

RHYTHM = (12, 12, 24, 6, 6, 12, 24, 8, 8, 8, 18, 6, 48)
"""Ticks from each note to the next: eighths, quarters, sixteenths, a triplet, dots, a half."""
PITCHES = (60, 62, 64, 65, 67, 69, 71, 72, 71, 69, 67, 65, 64)


class Hand:
    """Plays the rhythm over and over, a little beside the beat, keys down for 80% of each note."""

    def __init__(self, bpm: float, jitter_s: float, seed: int = 1, rounds: int = 6) -> None:
        self.shifts = list(RHYTHM) * rounds
        self.pitches = list(PITCHES) * rounds
        onsets = np.concatenate(([0], np.cumsum(self.shifts)[:-1]))
        tick_s = 60.0 / bpm / 24
        rng = np.random.default_rng(seed)
        self.at = 1.0 + onsets * tick_s + rng.normal(0.0, jitter_s, len(onsets))
        self.until = self.at + np.array(self.shifts) * tick_s * 0.8

    def events(self, later_s: float = 0.0) -> list[NoteOn | NoteOff]:
        rng = np.random.default_rng(2)
        notes = zip(self.at + later_s, self.until + later_s, self.pitches, strict=True)
        both = [
            (NoteOn(at, 0, pitch, int(rng.integers(50, 90))), NoteOff(until, 0, pitch)) for at, until, pitch in notes
        ]
        return sorted((event for pair in both for event in pair), key=lambda event: event.at)


def written(path: Path, *tracks: Track, bpm: float = 120.0, meter: tuple[int, int] | None = None) -> Path:
    write_midi_file(path, tracks, [TempoChange(0.0, bpm)], meter)
    return path


def notes_of(path: Path) -> Notes:
    (piece,) = read_pieces(path)
    assert isinstance(piece, Piece), piece
    return piece.notes


def shares_right(notes: Notes, hand: Hand) -> tuple[float, float]:
    """Of the steps from note to note, and of the durations."""
    steps = np.diff(notes["onset"].astype(int)) == hand.shifts[:-1]
    return float(steps.mean()), float((notes["duration"][:-1] == hand.shifts[:-1]).mean())


@pytest.mark.parametrize("bpm", [72.0, 96.0, 126.0])
def test_what_was_played_without_a_click_is_put_down_as_it_was_meant(bpm: float, tmp_path: Path) -> None:
    hand = Hand(bpm, jitter_s=0.008)
    notes = notes_of(written(tmp_path / "a.mid", Track("keys", hand.events())))
    steps, durations = shares_right(notes, hand)
    assert steps >= 0.95
    assert durations >= 0.95
    assert set(notes["bar_tick"].tolist()) == {-1}


def test_a_nominal_meter_says_nothing_of_the_bars_of_free_playing(tmp_path: Path) -> None:
    notes = notes_of(written(tmp_path / "a.mid", Track("keys", Hand(97.0, 0.008).events()), meter=(4, 4)))
    assert set(notes["bar_tick"].tolist()) == {-1}


def test_what_was_played_to_a_click_keeps_its_beats_and_bars(tmp_path: Path) -> None:
    hand = Hand(120.0, jitter_s=0.008)
    path = written(tmp_path / "a.mid", Track("keys", hand.events(1.0)), bpm=120.0, meter=(4, 4))
    notes = notes_of(path)
    steps, durations = shares_right(notes, hand)
    assert steps >= 0.97
    assert durations >= 0.97
    # It begins on the first beat of the second bar: two seconds after the file does.
    assert notes["onset"][:4].tolist() == [96, 108, 120, 144]
    assert notes["bar_tick"][:4].tolist() == [0, 12, 24, 48]


def test_chords_that_were_rolled_are_struck_together(tmp_path: Path) -> None:
    beats = np.arange(32) * 0.6
    chords = [
        (at + 0.012 * n + 0.003 * (i % 3), pitch) for i, at in enumerate(beats) for n, pitch in enumerate((48, 55, 64))
    ]
    events: list[MidiEvent] = [
        event for at, pitch in chords for event in (NoteOn(at, 0, pitch, 70), NoteOff(at + 0.5, 0, pitch))
    ]
    notes = notes_of(written(tmp_path / "a.mid", Track("keys", sorted(events, key=lambda event: event.at))))
    onsets, counts = np.unique(notes["onset"], return_counts=True)
    assert set(counts.tolist()) == {3}
    assert len(set(np.diff(onsets).tolist())) == 1


@pytest.mark.parametrize("tempo", [60.0, 120.0])
def test_a_score_stays_as_it_is_written(tempo: float, tmp_path: Path) -> None:
    hand = Hand(tempo, jitter_s=0.0)
    tick_s = 60.0 / tempo / 24
    hand.until = hand.at + np.array(hand.shifts) * tick_s
    hand.until[3::5] -= 2 * tick_s  # a few notes are shorter than their value, on whole ticks
    notes = notes_of(written(tmp_path / "a.mid", Track("keys", hand.events()), bpm=tempo))
    assert np.diff(notes["onset"].astype(int)).tolist() == hand.shifts[:-1]
    shorter = [shift - 2 * (index % 5 == 3) for index, shift in enumerate(hand.shifts)]
    assert notes["duration"].tolist() == shorter


def test_a_score_whose_notes_all_end_a_little_early_has_them_whole(tmp_path: Path) -> None:
    hand = Hand(120.0, jitter_s=0.0)
    hand.until = hand.at + np.array(hand.shifts) * (60.0 / 120.0 / 24) * 0.93
    notes = notes_of(written(tmp_path / "a.mid", Track("keys", hand.events()), meter=(4, 4)))
    assert notes["duration"].tolist() == hand.shifts
    assert notes["bar_tick"][0] == 48


def test_played_and_written_are_told_apart_by_the_resolution_of_the_file() -> None:
    rng = np.random.default_rng(1)
    free, whole = rng.uniform(0.0, 1000.0, 200), np.arange(200, dtype=np.float64) * 6.0
    assert is_played(free, 480)
    assert not is_played(whole, 480)
    assert not is_played(free, 24)
    assert not is_played(np.zeros(0), 480)
    assert has_ragged_ends(whole, whole + 5.7, 480)
    assert not has_ragged_ends(whole, whole + 6.0, 480)
    assert not has_ragged_ends(free, free, 480)


def test_in_a_take_the_partner_is_heard_and_the_musician_learned(tmp_path: Path) -> None:
    hand, partner = Hand(96.0, 0.006, rounds=2), Hand(96.0, 0.0, rounds=2)
    begins = float(hand.until[-1]) + 1.0
    path = written(tmp_path / "take.mid", Track("call", hand.events()), Track("response", partner.events(begins)))
    notes = notes_of(path)
    count = len(hand.at)
    assert notes["partner"].tolist() == [False] * count + [True] * count
    playing = play(notes, AS_WRITTEN, np.random.default_rng(1))
    assert (playing.targets[:, count:] == IGNORED).all()
    assert (playing.targets[:2, :count] != IGNORED).all()
    assert playing.given.shape[1] == 2 * count


def test_a_partner_that_plays_on_the_grid_does_not_make_the_hand_exact(tmp_path: Path) -> None:
    hand, partner = Hand(120.0, 0.008, rounds=2), Hand(120.0, 0.0, rounds=6)
    path = written(
        tmp_path / "take.mid", Track("call", hand.events(1.0)), Track("response", partner.events(21.0)), meter=(4, 4)
    )
    notes = notes_of(path)
    own = notes[~notes["partner"]]
    assert (np.diff(own["onset"].astype(int)) == hand.shifts[:-1]).mean() >= 0.95
    assert own["bar_tick"][0] == 0


def test_a_response_alone_is_nothing_to_learn_from(tmp_path: Path) -> None:
    call: list[MidiEvent] = [NoteOn(0.0, 0, 60, 64), NoteOff(0.5, 0, 60)]
    path = written(tmp_path / "take.mid", Track("call", call), Track("response", Hand(96.0, 0.0).events(2.0)))
    (left_out,) = read_pieces(path)
    assert isinstance(left_out, UnreadableError)
    assert str(left_out) == "has fewer than 16 notes"


def test_a_track_called_response_beside_others_is_music_like_any(tmp_path: Path) -> None:
    bass, response = Hand(96.0, 0.0, rounds=2), Hand(96.0, 0.0, rounds=2)
    path = written(tmp_path / "a.mid", Track("bass", bass.events()), Track("response", response.events(0.01)))
    assert not notes_of(path)["partner"].any()


@settings(max_examples=60)
@given(st.lists(st.floats(0.0, 100.0), min_size=1, max_size=40), st.booleans(), st.integers(0, 2**31))
def test_whatever_is_played_comes_to_notes_in_order_each_with_an_end(
    times: list[float], learned: bool, seed: int
) -> None:
    at_s = np.sort(np.array(times))
    until_s = at_s + np.random.default_rng(seed).uniform(0.0, 3.0, len(at_s))
    playing = Performance(at_s * 48.0, until_s * 48.0, at_s, until_s, np.full(len(at_s), learned))
    found = meant(playing)
    assert (np.diff(found.onset) >= 0).all()
    assert (found.end > found.onset).all()


def test_rhythms_far_from_the_grid_still_go_forward() -> None:
    assert ticks_by_tempo(np.zeros(0)).shape == (1,)
    assert (np.diff(ticks_by_tempo(np.array([0.0, 0.3, 5000.2]))) >= 1).all()
    assert (np.diff(ticks_on_beats(np.array([0.0, 0.1, 0.2, 500.0]))) >= 1).all()
