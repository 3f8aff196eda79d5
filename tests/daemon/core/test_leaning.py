from __future__ import annotations

import numpy as np
import pytest

from musedaemon.core.key_finding import Span
from musedaemon.core.leaning import to_beat, to_keys
from musedaemon.core.scales import MAJOR, MINOR, Scale
from musedaemon.encoding import TICKS_OF_CLASS

C, A_MINOR = Scale(0, MAJOR), Scale(9, MINOR)


def call(*pitches: int, seconds: float = 1.0) -> list[Span]:
    return [Span(pitch, seconds) for pitch in pitches]


def test_what_is_in_any_of_the_keys_is_as_likely_as_the_model_has_it() -> None:
    leaning = to_keys([C, A_MINOR], call(60, 64, 67))
    assert set(np.flatnonzero(leaning == 1.0) % 12) == {0, 2, 4, 5, 7, 8, 9, 11}
    assert np.all((leaning > 0.1) & (leaning <= 1.0))


def test_a_foreign_note_is_the_likelier_the_more_the_call_uses_it() -> None:
    scale = call(60, 62, 64, 65, 67, 69, 71, 72)
    never, once, often = (to_keys([C], [*scale, *call(61, seconds=seconds)])[61] for seconds in (0.0, 0.3, 1.0))
    assert never < once < often == 1.0


@pytest.mark.parametrize(
    ("place", "favoured"),
    [(0, {0, 6, 8, 12, 16, 18, 24}), (6, {0, 2, 6, 10, 12, 18, 24}), (5, {0, 1, 3, 7, 11, 13, 19})],
)
def test_shifts_to_a_fourth_or_a_third_of_the_beat_are_favoured_and_chords_always(
    place: int, favoured: set[int]
) -> None:
    leaning = to_beat(place)
    ticks = TICKS_OF_CLASS[leaning == 1.0]
    assert set(ticks[ticks <= 24].tolist()) - {21, 23} == favoured - {21, 23}
    assert (leaning > 0.2).all()
    assert leaning[0] == 1.0
