from __future__ import annotations

import numpy as np
import pytest

from musedaemon.core.key_finding import Span
from musedaemon.core.leaning import to_beat, to_keys, to_register
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


def test_each_semitone_above_the_call_is_less_likely() -> None:
    leaning = to_register(call(60, 72, 65))
    assert (leaning[:73] == 1.0).all()
    assert (np.diff(leaning[72:90]) < 0.0).all()
    assert 0.2 < leaning[84] < 0.5


@pytest.mark.parametrize("place", [0, 5, 6, 16])
def test_the_coarser_the_part_of_the_beat_the_likelier_it_is_and_chords_stay(place: int) -> None:
    leaning = to_beat(place)
    by_place = {
        (place + int(ticks)) % 24: factor for ticks, factor in zip(TICKS_OF_CLASS, leaning, strict=True) if ticks
    }
    coarse, fine = {0, 6, 8, 12, 16, 18}, {3, 4, 9, 15, 20, 21}
    assert {by_place[one] for one in coarse} == {1.0}
    (less,) = {by_place[one] for one in fine}
    (least,) = {by_place[one] for one in range(24) if one not in coarse | fine}
    assert 0.2 < least < less < 1.0
    assert leaning[0] == 1.0
