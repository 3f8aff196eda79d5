from __future__ import annotations

import pytest

from musedaemon.core.accents import Strike, accents_of


def test_notes_struck_together_are_one_accent_at_the_first_of_them() -> None:
    chord = [Strike(1.0, 1.5), Strike(1.01, 1.6), Strike(0.99, 1.4)]
    accents = accents_of([*chord, Strike(2.0, 2.2)], 8.0)
    assert accents.at.tolist() == [0.99, 2.0]


def test_a_rolled_chord_is_one_accent() -> None:
    rolled = [Strike(1.0 + 0.04 * finger, 2.0) for finger in range(5)]
    assert accents_of(rolled, 8.0).at.tolist() == [1.0]


def test_a_quick_run_is_no_chord() -> None:
    run = [Strike(0.07 * index, 0.07 * index + 0.06) for index in range(6)]
    assert len(accents_of(run, 8.0)) == 6


def test_an_endless_tremble_is_cut_into_accents() -> None:
    tremble = [Strike(0.03 * index, 0.03 * index + 0.02) for index in range(21)]
    assert accents_of(tremble, 8.0).at == pytest.approx([0.0, 0.21, 0.42])


def test_many_notes_and_long_notes_weigh_more_and_one_is_the_mean() -> None:
    single, long, chord = Strike(0.0, 0.25), Strike(1.0, 2.0), [Strike(2.0, 2.25)] * 4
    weight = accents_of([single, long, *chord], 8.0).weight
    assert weight.mean() == pytest.approx(1.0)
    assert weight / weight[0] == pytest.approx([1.0, 2.0, 2.0])


def test_only_the_newest_seconds_count_and_a_chord_is_never_halved() -> None:
    strikes = [Strike(0.0, 0.1), Strike(1.98, 2.1), Strike(2.02, 2.1), Strike(10.0, 10.5)]
    assert accents_of(strikes, 8.0).at.tolist() == [10.0]
    assert accents_of(strikes, 8.5).at.tolist() == [1.98, 10.0]


def test_nothing_played_has_no_accents() -> None:
    assert len(accents_of([], 8.0)) == 0
