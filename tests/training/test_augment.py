from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from musedaemon import encoding
from musedaemon.encoding import BAR_UNKNOWN, BEAT_UNKNOWN, VELOCITY_UNKNOWN, Note
from musedaemon_training.augment import AS_WRITTEN, IGNORED, Odds, play
from musedaemon_training.notes import Notes, from_encoding, in_playing_order

NOTES = st.lists(
    st.builds(
        Note,
        onset=st.integers(0, 1000),
        pitch=st.integers(30, 90),
        velocity=st.integers(0, 127),
        duration=st.integers(1, 500),
        bar_tick=st.integers(0, 95),
    ),
    min_size=2,
    max_size=40,
)


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def chords(count: int = 40) -> Notes:
    notes = [Note(24 * i, 48 + 4 * k + i % 5, 40 + i, 24, 24 * i % 96) for i in range(count) for k in range(3)]
    return in_playing_order(from_encoding(notes))


@given(NOTES)
def test_as_written_is_what_the_encoding_says(notes: list[Note]) -> None:
    playing = play(in_playing_order(from_encoding(notes)), AS_WRITTEN, rng())
    piece = encoding.encode(notes)
    fields = (piece.shift, piece.rest, piece.beat, piece.bar, piece.pitch, piece.velocity)
    for given_row, asked_row, expected in zip(playing.given, playing.asked, fields, strict=True):
        assert given_row.tolist() == asked_row.tolist() == expected.tolist()
    known = np.where(piece.velocity == VELOCITY_UNKNOWN, IGNORED, piece.velocity)
    for target, expected in zip(playing.targets, (piece.shift, piece.pitch, known, piece.duration), strict=True):
        assert target.tolist() == expected.tolist()
    for i in range(len(piece)):
        assert playing.sounding[i].tolist() == piece.sounding(i).tolist()


@settings(max_examples=60)
@given(NOTES, st.integers(0, 10_000))
def test_whatever_is_drawn_every_class_is_in_range(notes: list[Note], seed: int) -> None:
    odds = Odds(part_only=0.3, other_octave=0.3, by_hand=0.9, rolled=0.5)
    playing = play(in_playing_order(from_encoding(notes)), odds, rng(seed))
    for rows in (playing.given, playing.asked):
        assert (rows.max(axis=1) < [113, 113, 25, 13, 128, 33]).all()
    real = np.where(playing.targets == IGNORED, 0, playing.targets)
    assert (real.max(axis=1) < [113, 128, 32, 113]).all()
    assert (playing.targets[3] > 0).all()
    assert len(playing) >= 1


@settings(max_examples=60)
@given(NOTES, st.integers(0, 10_000))
def test_a_hand_changes_the_input_and_never_the_target(notes: list[Note], seed: int) -> None:
    columns = in_playing_order(from_encoding(notes))
    by_hand = dataclasses.replace(AS_WRITTEN, by_hand=1.0, rolled=0.5)
    played, written = play(columns, by_hand, rng(seed)), play(columns, AS_WRITTEN, rng(seed))
    assert played.targets.tolist() == written.targets.tolist()
    assert played.asked[0].tolist() == written.asked[0].tolist()
    assert played.asked[2:4].tolist() == written.asked[2:4].tolist()
    assert played.given[4].tolist() == written.given[4].tolist()


def test_a_hand_is_off_the_grid_but_near_it() -> None:
    by_hand = dataclasses.replace(AS_WRITTEN, by_hand=1.0)
    melody = from_encoding([Note(24 * i, 60, 50, 24, 24 * i % 96) for i in range(200)])
    shifts = np.concatenate([play(melody, by_hand, rng(seed)).given[0, 1:] for seed in range(8)]).astype(int)
    assert (shifts != 24).mean() > 0.2
    assert abs(shifts.mean() - 24) < 0.5
    assert np.abs(shifts - 24).max() < 12


def test_a_free_tempo_drifts_and_a_known_beat_does_not() -> None:
    melody = from_encoding([Note(24 * i, 60, 50, 24, 24 * i % 96) for i in range(300)])
    steady = Odds(0, 0, 0, 0, 0, 1, 0, 0, 0, 0, most_jitter_ticks=0.0, most_drift=0.08)
    free = dataclasses.replace(steady, no_places=1.0)
    assert set(play(melody, steady, rng(1)).given[0, 1:].tolist()) == {24}
    assert len(set(play(melody, free, rng(1)).given[0, 1:].tolist())) > 1


def test_chords_land_in_any_order_each_note_once() -> None:
    shuffled = play(chords(), dataclasses.replace(AS_WRITTEN, any_chord_order=1.0), rng(3))
    written = play(chords(), AS_WRITTEN, rng(3))
    ours, theirs = shuffled.given[4].reshape(-1, 3), written.given[4].reshape(-1, 3)
    assert ours.tolist() != theirs.tolist()
    assert np.sort(ours).tolist() == np.sort(theirs).tolist()
    assert shuffled.targets[1].tolist() == shuffled.given[4].tolist()


def test_transposition_moves_all_notes_alike_and_stays_on_the_keyboard() -> None:
    odds = dataclasses.replace(AS_WRITTEN, transposed=1.0)
    moved = {int(play(chords(), odds, rng(seed)).given[4, 0]) - int(chords()["pitch"][0]) for seed in range(60)}
    assert moved == set(range(-6, 6))
    edge = from_encoding([Note(24 * i, 108 - i % 2, 50, 24, 0) for i in range(10)])
    assert max(int(play(edge, odds, rng(seed)).given[4].max()) for seed in range(20)) == 108


@pytest.mark.parametrize(
    ("odds", "beat_hidden", "bar_hidden"),
    [
        (AS_WRITTEN, False, False),
        (dataclasses.replace(AS_WRITTEN, no_bar=1.0), False, True),
        (dataclasses.replace(AS_WRITTEN, no_places=1.0), True, True),
        (dataclasses.replace(AS_WRITTEN, other_octave=1.0), True, True),
    ],
)
def test_places_hidden_are_hidden_from_all_eyes(odds: Odds, beat_hidden: bool, bar_hidden: bool) -> None:
    playing = play(chords(), odds, rng())
    for rows in (playing.given, playing.asked):
        assert (rows[2] == BEAT_UNKNOWN).all() == beat_hidden
        assert (rows[3] == BAR_UNKNOWN).all() == bar_hidden


def test_hidden_velocities_are_neither_told_nor_asked() -> None:
    playing = play(chords(), dataclasses.replace(AS_WRITTEN, no_velocity=1.0), rng())
    assert (playing.given[5] == VELOCITY_UNKNOWN).all()
    assert (playing.targets[2] == IGNORED).all()


def test_an_early_downbeat_lies_at_the_end_of_the_bar_before() -> None:
    notes = from_encoding([Note(96 * i, 60, 50, 24, 0) for i in range(200)])
    by_hand = dataclasses.replace(AS_WRITTEN, by_hand=1.0, most_jitter_ticks=4.0)
    playings = [play(notes, by_hand, rng(seed)) for seed in range(8)]
    beats, bars = (np.concatenate([playing.given[row] for playing in playings]) for row in (2, 3))
    early = beats > 12
    assert 0.1 < early.mean() < 0.5
    assert set(bars[early].tolist()) == {3}
    assert set(bars[~early].tolist()) == {0}
    assert {int(bar) for playing in playings for bar in playing.asked[3]} == {0}


def test_the_tempo_an_octave_wrong_scales_input_and_target() -> None:
    odds = dataclasses.replace(AS_WRITTEN, other_octave=1.0)
    seen = {int(play(chords(), odds, rng(seed)).targets[0, 3]) for seed in range(20)}
    assert seen == {12, 48}


def test_the_same_generator_gives_the_same_playing() -> None:
    one, other = play(chords(), Odds(), rng(9)), play(chords(), Odds(), rng(9))
    assert one.given.tolist() == other.given.tolist()
    assert one.sounding.tolist() == other.sounding.tolist()
    assert play(chords(), Odds(), rng(10)).given.tolist() != one.given.tolist()
