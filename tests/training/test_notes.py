from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from musedaemon import encoding
from musedaemon.encoding import Note
from musedaemon_training.notes import from_encoding, in_playing_order, ticks_to_next_strike, to_encoding

NOTES = st.lists(
    st.builds(
        Note,
        onset=st.integers(0, 40),
        pitch=st.integers(60, 64),
        velocity=st.integers(0, 127),
        duration=st.integers(0, 60),
        bar_tick=st.integers(-1, 95),
    ),
    max_size=40,
)


@given(NOTES)
def test_columns_are_ordered_as_the_encoding_orders_notes(notes: list[Note]) -> None:
    assert to_encoding(in_playing_order(from_encoding(notes))) == encoding.in_playing_order(notes)


def test_the_longest_of_two_equal_onsets_stays_and_ends_at_the_next_strike() -> None:
    notes = [Note(0, 60, 50, 4), Note(0, 60, 70, 40), Note(24, 60, 90, 10)]
    assert to_encoding(in_playing_order(from_encoding(notes))) == [Note(0, 60, 70, 24), Note(24, 60, 90, 10)]


def test_ticks_to_the_next_strike_of_each_pitch() -> None:
    gaps = ticks_to_next_strike(np.array([0, 5, 7, 30]), np.array([60, 62, 60, 62]))
    assert gaps[:2].tolist() == [7, 25]
    assert (gaps[2:] > 10**9).all()
