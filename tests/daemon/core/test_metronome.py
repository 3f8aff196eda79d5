from __future__ import annotations

import pytest

from musedaemon.core.beat_grid import BeatGrid, Meter
from musedaemon.core.metronome import CLICK_S, Click, Metronome, MetronomeSettings

GRID = BeatGrid(at=0.0, beat=0.0, bpm=120.0)
SETTINGS = MetronomeSettings(channel=3, accent_pitch=90, pitch=80, accent_velocity=100, velocity=70)


def clicks(metronome: Metronome, grid: BeatGrid, start: float, end: float) -> list[Click]:
    """In virtual time, each when it is due."""
    now, found = start, []
    while (now := max(metronome.next_deadline(grid, now), now)) <= end:
        found += metronome.pop_due(grid, now)
    return found


def test_a_click_a_beat_and_another_one_on_the_bar() -> None:
    found = clicks(Metronome(Meter(3, 4), SETTINGS), GRID, 0.0, 2.0)
    assert [one.at for one in found] == pytest.approx([0.0, 0.5, 1.0, 1.5, 2.0])
    assert [one.pitch for one in found] == [90, 80, 80, 90, 80]
    assert [one.velocity for one in found] == [100, 70, 70, 100, 70]
    assert found[0] == Click(0.0, CLICK_S, 3, 90, 100)


def test_six_eighths_click_on_eighths() -> None:
    found = clicks(Metronome(Meter(6, 8), SETTINGS), GRID, 0.0, 1.6)
    assert [one.at for one in found] == pytest.approx([0.0, 0.25, 0.5, 0.75, 1.0, 1.25, 1.5])
    assert [one.pitch for one in found] == [90, 80, 80, 80, 80, 80, 90]


def test_it_counts_in_before_beat_0() -> None:
    found = clicks(Metronome(Meter(), SETTINGS), GRID._replace(beat=-4.0), 0.0, 2.0)
    assert [one.pitch for one in found] == [90, 80, 80, 80, 90]


def test_a_change_of_tempo_makes_no_click_twice() -> None:
    metronome = Metronome(Meter(), SETTINGS)
    before = clicks(metronome, GRID, 0.0, 1.0)
    after = clicks(metronome, GRID.turned_to(60.0, 1.01), 1.01, 4.0)
    assert [one.at for one in before] == pytest.approx([0.0, 0.5, 1.0])
    assert [one.at for one in after] == pytest.approx([1.99, 2.99, 3.99])


def test_what_is_missed_by_much_is_left_out() -> None:
    metronome = Metronome(Meter(), SETTINGS)
    assert [one.at for one in metronome.pop_due(GRID, 1.02)] == [1.0]
    assert metronome.pop_due(GRID, 1.02) == []


def test_after_a_stop_any_beat_may_be_the_first() -> None:
    metronome = Metronome(Meter(), SETTINGS)
    clicks(metronome, GRID, 0.0, 5.0)
    metronome.stop()
    again = BeatGrid(at=6.0, beat=0.0, bpm=120.0)
    assert [one.at for one in clicks(metronome, again, 6.0, 6.6)] == pytest.approx([6.0, 6.5])
