from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from musedaemon.core.key_finding import Span, find_keys, pitch_classes_in
from musedaemon.core.scales import TONICS, Scale


def spans(pitches: list[int], seconds: float = 0.5) -> list[Span]:
    return [Span(pitch, seconds) for pitch in pitches]


FRERE_JACQUES = [60, 62, 64, 60, 60, 62, 64, 60, 64, 65, 67, 67, 67, 69, 67, 65, 64, 60, 60, 55, 60]
GREENSLEEVES = [69, 72, 74, 76, 77, 76, 74, 71, 67, 69, 71, 72, 69, 69, 68, 69, 71, 68, 64, 69, 69]


@pytest.mark.parametrize("tonic", range(12))
def test_the_key_of_a_tune_goes_up_with_it(tonic: int) -> None:
    assert find_keys(spans([pitch + tonic for pitch in FRERE_JACQUES]))[0] == Scale(tonic, "major")
    assert find_keys(spans([pitch + tonic for pitch in GREENSLEEVES]))[0] == Scale((9 + tonic) % 12, "minor")


def test_too_little_to_tell_gives_no_key() -> None:
    assert find_keys([]) == []
    assert find_keys(spans([60, 64, 67, 72])) == []
    assert find_keys(spans([60, 64, 67, 72, 76, 79])) == []
    assert find_keys(spans([60, 62, 64, 65, 67], seconds=0.0)) == []


def test_six_notes_of_two_keys_leave_both() -> None:
    assert {Scale(0, "major"), Scale(5, "major")} <= set(find_keys(spans([60, 62, 64, 65, 67, 69, 72])))


def test_long_notes_count_more_than_short_ones() -> None:
    scale = spans([60, 62, 64, 65, 67, 69, 71])
    assert find_keys([*scale, *spans([65, 69, 72, 77], 2.0), Span(70, 0.5)])[0] == Scale(5, "major")
    assert find_keys([*scale, *spans([67, 71, 74, 79], 2.0), Span(66, 0.5)])[0] == Scale(7, "major")


def test_minor_has_its_leading_note_and_the_call_its_own_stresses() -> None:
    def names(pitch_classes: set[int]) -> set[str]:
        return {TONICS[pitch_class] for pitch_class in pitch_classes}

    assert names(pitch_classes_in([Scale(9, "minor")], [])) == {*"ABCDEFG", "Ab"}
    blue = spans([60, 63, 64, 67, 66, 60, 63, 70])
    assert {"Eb", "Bb"} <= names(pitch_classes_in([Scale(0, "major")], blue))
    slip = [*spans([60, 62, 64, 65, 67, 69, 71, 72]), Span(61, 0.1)]
    assert "Db" not in names(pitch_classes_in([Scale(0, "major")], slip))


notes = st.lists(st.builds(Span, st.integers(0, 127), st.floats(0, 30)), max_size=40)


@given(notes)
def test_whatever_is_played_the_keys_are_distinct_and_found_again(played: list[Span]) -> None:
    keys = find_keys(played)
    assert len(set(keys)) == len(keys)
    assert find_keys(reversed(played)) == keys or len(keys) != 1
    assert pitch_classes_in(keys, played) >= {step for key in keys for step in key.pitch_classes}
