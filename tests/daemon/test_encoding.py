from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from musedaemon.encoding import (
    BAR_UNKNOWN,
    BEAT_UNKNOWN,
    MAX_TICKS,
    TICKS_OF_CLASS,
    TIME_CLASSES,
    VELOCITY_STEP,
    VELOCITY_UNKNOWN,
    ContextTracker,
    Note,
    class_to_velocity,
    decode,
    encode,
    in_playing_order,
    ticks_to_class,
    time_class,
    velocity_to_class,
)

notes = st.builds(
    Note,
    onset=st.integers(0, 2000),
    pitch=st.integers(55, 65),
    velocity=st.integers(0, 127),
    duration=st.integers(0, 600),
    bar_tick=st.integers(-1, 400),
)
pieces = st.lists(notes, max_size=40)


def test_classes_are_exact_to_four_beats_and_logarithmic_to_sixteen() -> None:
    assert list(TICKS_OF_CLASS[:97]) == list(range(97))
    assert list(TICKS_OF_CLASS[97:]) == [108, 120, 132, 144, 156, 168, 180, 192, 216, 240, 264, 288, 312, 336, 360, 384]
    assert TIME_CLASSES == 113


@given(st.integers(0, 3000))
def test_a_class_is_the_nearest_there_is(ticks: int) -> None:
    got = int(TICKS_OF_CLASS[time_class(ticks)])
    assert abs(got - min(ticks, MAX_TICKS)) == np.abs(TICKS_OF_CLASS - min(ticks, MAX_TICKS)).min()
    assert time_class(ticks) == int(ticks_to_class([ticks])[0])


@given(st.integers(1, 127))
def test_velocity_keeps_its_level(velocity: int) -> None:
    again = class_to_velocity(int(velocity_to_class(velocity)))
    assert abs(again - velocity) <= VELOCITY_STEP // 2
    assert 1 <= again <= 127


def test_velocity_zero_is_unknown() -> None:
    assert list(velocity_to_class([0, 1, 127])) == [VELOCITY_UNKNOWN, 0, 31]


@given(pieces)
def test_decode_gives_the_piece_back_within_the_resolution_of_the_classes(piece: list[Note]) -> None:
    ordered = in_playing_order(piece)
    again = decode(encode(piece), first_onset=ordered[0].onset if ordered else 0)
    assert [note.pitch for note in again] == [note.pitch for note in ordered]
    expected = ordered[0].onset if ordered else 0
    for index, (note, got) in enumerate(zip(ordered, again, strict=True)):
        if index:
            expected += int(TICKS_OF_CLASS[time_class(note.onset - ordered[index - 1].onset)])
        assert got.onset == expected
        assert got.duration == TICKS_OF_CLASS[time_class(note.duration)]
        assert (got.velocity == 0) == (note.velocity == 0)
        assert abs(got.velocity - note.velocity) <= VELOCITY_STEP // 2


@given(pieces)
def test_encoding_what_was_decoded_changes_nothing_but_ends_that_were_rounded(piece: list[Note]) -> None:
    encoded = encode(piece)
    again = encode(decode(encoded))
    for name in ("shift", "pitch", "velocity"):
        assert list(getattr(again, name)) == list(getattr(encoded, name)), name


@given(pieces)
def test_note_by_note_gives_the_same_contexts_as_the_whole_piece(piece: list[Note]) -> None:
    ordered = in_playing_order(piece)
    encoded = encode(piece)
    tracker = ContextTracker()
    for index, note in enumerate(ordered):
        for earlier in ordered[:index]:
            if earlier.onset + earlier.duration <= note.onset and earlier.pitch in tracker.ends:
                is_newest = not any(
                    other.pitch == earlier.pitch and other.onset > earlier.onset for other in ordered[:index]
                )
                if is_newest:
                    tracker.note_off(earlier.onset + earlier.duration, earlier.pitch)
        assert tracker.context(note.onset, note.bar_tick, note.bar_tick) == encoded.context(index)
        tracker.note_on(note.onset, note.pitch)


@given(pieces)
def test_known_durations_give_the_same_contexts_as_note_offs(piece: list[Note]) -> None:
    encoded = encode(piece)
    tracker = ContextTracker()
    for index, note in enumerate(in_playing_order(piece)):
        assert tracker.context(note.onset, note.bar_tick, note.bar_tick) == encoded.context(index)
        tracker.note_on(note.onset, note.pitch, note.duration)


def test_a_chord_sounds_through_its_own_notes() -> None:
    encoded = encode([Note(0, 60, 80, 24), Note(0, 64, 80, 24), Note(0, 67, 80, 24)])
    assert list(TICKS_OF_CLASS[encoded.shift]) == [MAX_TICKS, 0, 0]
    assert [list(np.flatnonzero(encoded.sounding(i))) for i in range(3)] == [[], [60], [60, 64]]


def test_a_pitch_struck_again_ends_first() -> None:
    assert in_playing_order([Note(0, 60, 80, 48), Note(12, 60, 80, 12)]) == [Note(0, 60, 80, 12), Note(12, 60, 80, 12)]
    assert not encode([Note(0, 60, 80, 48), Note(12, 60, 80, 12)]).sounding(1).any()


def test_the_longest_of_two_equal_onsets_stays() -> None:
    assert in_playing_order([Note(0, 60, 80, 12), Note(0, 60, 90, 24)]) == [Note(0, 60, 90, 24)]


def test_overlaps_leave_no_rest_and_gaps_do() -> None:
    encoded = encode([Note(0, 60, 80, 48), Note(24, 62, 80, 12), Note(60, 64, 80, 12)])
    assert list(TICKS_OF_CLASS[encoded.rest]) == [MAX_TICKS, 0, 12]


def test_notes_and_silences_beyond_sixteen_beats_are_sixteen_beats() -> None:
    encoded = encode([Note(0, 60, 80, 1000), Note(5000, 62, 80, 24)])
    assert list(TICKS_OF_CLASS[encoded.duration]) == [MAX_TICKS, 24]
    assert list(TICKS_OF_CLASS[encoded.shift]) == [MAX_TICKS, MAX_TICKS]
    assert list(TICKS_OF_CLASS[encoded.rest]) == [MAX_TICKS, MAX_TICKS]


def test_a_place_without_a_bar_is_unknown() -> None:
    encoded = encode([Note(0, 60, 80, 24), Note(24, 62, 80, 24, bar_tick=31)])
    assert list(encoded.beat) == [BEAT_UNKNOWN, 7]
    assert list(encoded.bar) == [BAR_UNKNOWN, 1]


def test_nothing_encodes_to_nothing() -> None:
    assert decode(encode([])) == []
    assert len(encode([])) == 0


@pytest.mark.parametrize("field", ["shift", "rest", "beat", "bar", "pitch", "velocity", "duration"])
def test_every_field_has_an_entry_a_note(field: str) -> None:
    assert len(getattr(encode([Note(0, 60, 80, 24), Note(3, 61, 0, 24)]), field)) == 2
