from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from musedaemon.core.events import ControlChange, MidiEvent, NoteOff, NoteOn
from musedaemon.core.grip import Grip


def test_what_is_down_is_let_go_in_the_order_in_which_it_went_down() -> None:
    grip = Grip(frozenset((20,)))
    for event in (
        ControlChange(0.0, 0, 64, 127),
        NoteOn(0.1, 0, 67, 80),
        NoteOn(0.2, 3, 60, 80),
        NoteOn(0.3, 0, 62, 80),
        NoteOff(0.4, 0, 62),
        ControlChange(0.5, 0, 20, 127),
        ControlChange(0.6, 0, 7, 100),
        ControlChange(0.7, 1, 64, 30),
    ):
        grip.follow(event)
    assert grip.letting_go(2.0) == [
        NoteOff(2.0, 0, 67),
        NoteOff(2.0, 3, 60),
        ControlChange(2.0, 0, 64, 0),
        ControlChange(2.0, 0, 20, 0),
    ]


def test_all_notes_off_lifts_the_keys_of_its_channel() -> None:
    grip = Grip()
    for event in (NoteOn(0.0, 0, 60, 80), NoteOn(0.0, 1, 60, 80), ControlChange(0.1, 0, 123, 0)):
        grip.follow(event)
    assert grip.letting_go(1.0) == [NoteOff(1.0, 1, 60)]


_EVENTS = st.one_of(
    st.builds(NoteOn, st.just(0.0), st.integers(0, 2), st.integers(60, 63), st.integers(1, 127)),
    st.builds(NoteOff, st.just(0.0), st.integers(0, 2), st.integers(60, 63)),
    st.builds(ControlChange, st.just(0.0), st.integers(0, 2), st.sampled_from((64, 66, 123)), st.integers(0, 127)),
)


@given(st.lists(_EVENTS))
def test_letting_go_leaves_nothing_down(events: list[MidiEvent]) -> None:
    grip = Grip()
    for event in events:
        grip.follow(event)
    for event in grip.letting_go(1.0):
        grip.follow(event)
    assert grip.letting_go(2.0) == []
