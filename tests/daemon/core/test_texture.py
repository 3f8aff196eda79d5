from __future__ import annotations

from musedaemon.core.limits import Limits, Pace, Spacing, without_limits
from musedaemon.core.sampling import SamplingSettings
from musedaemon.core.texture import SHORTEST_TICKS, Room, Struck, Texture

FREE = without_limits(SamplingSettings().playable())


def texture(limits: Limits, *notes: tuple[int, int]) -> Texture:
    """After notes of (onset, end)."""
    made = Texture(limits)
    for onset, end in notes:
        made.strike(onset, end, 60 + onset % 12)
    return made


def test_without_limits_a_chord_has_ten_fingers() -> None:
    nine = [(0, 24)] * 9
    assert texture(FREE, *nine).room() == Room(together=True, least_shift=1)
    assert texture(FREE, *nine, (0, 24)).room() == Room(together=False, least_shift=SHORTEST_TICKS)
    assert texture(FREE, *nine, (0, 24), (24, 48)).room() == Room(together=True, least_shift=1)


def test_what_was_played_before_counts() -> None:
    before = [Struck(-12, 30, 60), Struck(0, 40, 62)]
    assert Texture(FREE, before).free_from(5) == 5
    assert Texture(FREE._replace(voices=1), before).free_from(5) == 40
    assert Texture(FREE._replace(voices=2), before).free_from(5) == 30
    assert Texture(FREE._replace(voices=2), before).free_from(35) == 35
    assert Texture(FREE._replace(spacing=Spacing(2, 48)), before).free_from(5) == 36


def test_a_single_line_is_never_struck_together_and_gives_way() -> None:
    line = texture(FREE._replace(voices=1), (0, 24))
    assert line.room() == Room(together=False, least_shift=SHORTEST_TICKS)
    assert line.gives_way(12)
    assert not line.gives_way(24)


def test_a_note_shorter_than_the_shortest_is_waited_for() -> None:
    assert texture(FREE._replace(voices=1), (0, 1)).room() == Room(together=False, least_shift=1)


def test_two_voices_hold_a_bass_below_a_line() -> None:
    two = texture(FREE._replace(voices=2), (0, 96), (0, 24))
    assert two.room() == Room(together=False, least_shift=SHORTEST_TICKS)
    assert two.gives_way(12)
    two.shorten_last(12)
    two.strike(12, 36, 64)
    assert two.gives_way(24)
    assert not two.gives_way(36)
    assert two.end == 96


def test_the_end_is_that_of_what_was_shortened() -> None:
    line = texture(FREE._replace(voices=1), (0, 96))
    line.shorten_last(12)
    line.strike(12, 24, 64)
    assert line.end == 24


def test_strikes_are_counted_over_a_while_and_chords_once() -> None:
    sparse = FREE._replace(spacing=Spacing(2, 48))
    assert texture(sparse, (0, 6)).room() == Room(together=True, least_shift=1)
    assert texture(sparse, (0, 6), (0, 6), (36, 42)).room() == Room(together=True, least_shift=12)
    assert texture(sparse, (0, 6), (36, 42), (48, 60)).room() == Room(together=True, least_shift=36)


def test_the_next_strike_comes_in_time_and_after_no_long_silence() -> None:
    paced = FREE._replace(pace=Pace(wait=60, rest=12))
    assert texture(paced, (0, 24)).room() == Room(together=True, least_shift=1, most_shift=36)
    assert texture(paced, (0, 96)).room() == Room(together=True, least_shift=1, most_shift=60)
    assert texture(paced, (0, 48), (24, 30)).room() == Room(together=True, least_shift=1, most_shift=36)


def test_a_pitch_that_was_struck_often_enough_in_a_row_is_worn_until_another_strike() -> None:
    made = Texture(FREE._replace(repeats=2))
    made.strike(0, 12, 60)
    made.strike(12, 24, 60)
    made.strike(12, 24, 64)
    assert made.worn(12) == []
    assert made.worn(24) == [60]
    made.strike(24, 36, 64)
    assert made.worn(24) == [60]
    assert made.worn(36) == [64]
    going_on = Texture(FREE._replace(repeats=2), [Struck(0, 12, 60), Struck(12, 24, 60)])
    assert going_on.worn(24) == [60]
