from __future__ import annotations

import numpy as np
import pytest

from musedaemon.core.beside import FreeRegister


def free_beside(*strikes: int, held: list[int] | None = None) -> list[int]:
    """The pitches that are free once the musician has struck these, one a second."""
    register = FreeRegister()
    for second, pitch in enumerate(strikes):
        register.strike(float(second), pitch)
    return np.flatnonzero(register.beside(held or []).pitches).tolist()


def test_a_melody_is_accompanied_from_below() -> None:
    assert free_beside(67, 72, 76) == list(range(36, 65))


def test_above_low_hands_the_partner_stays_within_an_octave_and_a_half() -> None:
    assert free_beside(36, 40, 52, 60) == list(range(63, 80))


@pytest.mark.parametrize("held", [[30, 98], [28, 64, 100]])
def test_between_hands_that_are_everywhere_the_gaps_are_free(held: list[int]) -> None:
    free = free_beside(held=held)
    assert free
    assert all(abs(pitch - key) >= 3 for pitch in free for key in held)


def test_what_was_struck_long_ago_is_free_again() -> None:
    assert free_beside(40, 72, 72, 72, 72, 72, 72)[0] == 41
