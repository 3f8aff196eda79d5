from __future__ import annotations

import pytest

from musedaemon.core.accents import Strike
from musedaemon.core.example import Example, example_of


def example(*notes: tuple[float, float], pitches: list[int] | None = None) -> Example:
    """Of notes (onset, end), a scale unless told otherwise."""
    return example_of([Strike(*note) for note in notes], pitches or list(range(60, 60 + len(notes))))


@pytest.mark.parametrize(
    ("notes", "most"),
    [
        ([(0.0, 1.0)], 1),
        ([(0.0, 0.5), (0.5, 1.0)], 1),
        # Legato: each key comes up after the next went down, after a long note later.
        ([(0.0, 0.58), (0.5, 1.08), (1.0, 1.5)], 1),
        ([(0.0, 1.75), (1.5, 3.2), (3.0, 4.5)], 1),
        # Held on below the next notes.
        ([(0.0, 2.0), (0.5, 1.0), (1.0, 1.5)], 2),
        # A staccato chord that does not fall quite together.
        ([(0.0, 0.05), (0.02, 0.06), (0.04, 0.09)], 3),
        # A quick run, its notes shorter than what a legato lets overlap.
        ([(0.0, 0.09), (0.08, 0.17), (0.16, 0.25)], 1),
        ([(0.0, 1.0), (0.01, 1.0), (1.0, 2.0), (1.01, 2.0), (1.02, 2.0)], 3),
    ],
)
def test_notes_at_once_are_counted_as_they_are_meant(notes: list[tuple[float, float]], most: int) -> None:
    assert example(*notes).at_once == most


def test_the_longest_wait_is_from_strike_to_strike_or_for_the_last_note_to_end() -> None:
    assert example((0.0, 0.2), (0.5, 0.7), (1.5, 1.7)).wait_s == pytest.approx(1.0)
    assert example((0.0, 0.2), (0.5, 0.7), (0.8, 3.0)).wait_s == pytest.approx(2.2)
    assert example((0.0, 0.6), (0.03, 0.6), (0.6, 1.2), (0.64, 1.2)).wait_s == pytest.approx(0.6)
    assert example((0.0, 5.0), (0.5, 0.7)).wait_s == pytest.approx(4.5)


def test_the_longest_rest_is_where_nothing_sounds() -> None:
    assert example((0.0, 0.5), (0.5, 1.0)).rest_s == 0.0
    assert example((0.0, 2.0), (0.5, 0.7), (1.5, 1.6), (2.3, 2.5)).rest_s == pytest.approx(0.3)
    assert example((0.0, 0.5)).rest_s == 0.0


@pytest.mark.parametrize(
    ("pitches", "repeats"), [([60, 62, 64, 65], 1), ([60, 60, 62, 60], 2), ([62, 60, 60, 60], 3), ([60] * 4, 4)]
)
def test_repeats_are_strikes_in_a_row(pitches: list[int], repeats: int) -> None:
    assert example((0.0, 0.4), (0.5, 0.9), (1.0, 1.4), (1.5, 1.9), pitches=pitches).repeats == repeats


def test_a_pitch_held_in_changing_chords_is_repeated_with_them() -> None:
    chords = [(0.0, 0.4), (0.01, 0.4), (0.5, 0.9), (0.52, 0.9), (1.0, 1.4), (1.0, 1.4)]
    assert example(*chords, pitches=[60, 64, 65, 60, 60, 67]).repeats == 3
    # Twice within one chord, as by two hands, is no repetition.
    assert example(*chords, pitches=[60, 60, 65, 64, 67, 69]).repeats == 1
