from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from musedaemon.core.events import ControlChange, MidiEvent, NoteOff, NoteOn
from musedaemon.midi.hands import letting_go, one_key_each


def test_a_key_two_tracks_hold_is_up_when_the_last_lets_go() -> None:
    events: list[MidiEvent] = [NoteOn(0, 0, 60, 80), NoteOn(0, 0, 60, 70), NoteOff(1, 0, 60), NoteOff(4, 0, 60)]
    assert one_key_each(events) == [events[0], events[3]]


def test_a_key_struck_again_while_down_comes_up_first() -> None:
    events: list[MidiEvent] = [NoteOn(0, 0, 60, 80), NoteOn(2, 0, 60, 70), NoteOff(3, 0, 60), NoteOff(4, 0, 60)]
    assert one_key_each(events) == [events[0], NoteOff(2, 0, 60), events[1], events[3]]


def test_orphan_note_offs_are_dropped_and_everything_else_passes() -> None:
    pedal = ControlChange(0.5, 0, 64, 127)
    assert one_key_each([NoteOff(0, 0, 60), pedal]) == [pedal]


def test_what_was_forgotten_comes_up_at_the_end() -> None:
    events: list[MidiEvent] = [NoteOn(0, 1, 60, 80), ControlChange(1, 2, 64, 127)]
    assert letting_go(events) == [NoteOff(1, 1, 60), ControlChange(1, 2, 64, 0)]
    assert letting_go(events, 5.0) == [NoteOff(5, 1, 60), ControlChange(5, 2, 64, 0)]
    assert letting_go([]) == []


def test_every_pedal_that_holds_notes_comes_up_at_the_end() -> None:
    down: list[MidiEvent] = [ControlChange(0, 2, control, 127) for control in (11, 64, 66, 69)]
    assert letting_go([*down, ControlChange(1, 2, 69, 0)]) == [ControlChange(1, 2, 64, 0), ControlChange(1, 2, 66, 0)]


@given(st.lists(st.tuples(st.booleans(), st.integers(60, 62)), max_size=40))
def test_every_key_alternates_between_down_and_up(moves: list[tuple[bool, int]]) -> None:
    events: list[MidiEvent] = [
        NoteOn(index, 0, pitch, 80) if down else NoteOff(index, 0, pitch) for index, (down, pitch) in enumerate(moves)
    ]
    played = one_key_each(events)
    played += letting_go(played)
    for pitch in (60, 61, 62):
        line = [type(e).__name__ for e in played if isinstance(e, NoteOn | NoteOff) and e.pitch == pitch]
        assert line == ["NoteOn", "NoteOff"] * (len(line) // 2)
