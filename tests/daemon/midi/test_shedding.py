from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from musedaemon.core.events import ControlChange, MidiEvent, NoteOff, NoteOn, Other
from musedaemon.midi.shedding import Gate, may_be_shed


@pytest.mark.parametrize(
    "data",
    [
        b"\x80\x3c\x40", b"\x9f\x3c\x00", b"\xb0\x40\x00", b"\xb3\x42\x3f", b"\xb0\x45\x00", b"\xb0\x78\x00",
        b"\xb0\x7b\x00", b"\xb0\x7f\x00", b"\xf8", b"\xfa", b"\xfb", b"\xfc", b"\xf2\x00\x00", b"\xff",
    ],
)  # fmt: skip
def test_what_ends_something_and_the_clock_are_never_left_out(data: bytes) -> None:
    assert not may_be_shed(data)


@pytest.mark.parametrize(
    "data", [b"\x90\x3c\x01", b"\xb0\x40\x40", b"\xb0\x01\x00", b"\xe0\x00\x40", b"\xf0\x01\xf7", b"\xfe", b"\x90"]
)
def test_what_starts_something_or_colours_it_is(data: bytes) -> None:
    assert may_be_shed(data)


class Flood:
    """A gate and how many wait behind it."""

    def __init__(self) -> None:
        self.shed = 0
        self.gate = Gate(shed_from=4, most=8, on_shed=self._count)

    def _count(self) -> None:
        self.shed += 1


def test_what_is_full_takes_the_ends_of_what_it_has_taken_and_no_others() -> None:
    flood = Flood()
    on, other = NoteOn(0.0, 0, 60, 80), NoteOn(0.0, 0, 62, 80)
    assert flood.gate.admits(on, 3)
    assert not flood.gate.admits(other, 4)
    assert not flood.gate.admits(NoteOff(0.0, 0, 62), 4)
    assert flood.gate.admits(NoteOff(0.0, 0, 60), 99)
    assert not flood.gate.admits(NoteOff(0.0, 0, 60), 99)
    assert flood.shed == 3
    assert flood.gate.admits(NoteOff(0.0, 0, 62), 3)


def test_the_clock_and_what_silences_go_in_for_long() -> None:
    flood = Flood()
    for event in (Other(0.0, b"\xf8"), ControlChange(0.0, 0, 64, 0), ControlChange(0.0, 0, 123, 0)):
        assert flood.gate.admits(event, 7)
        assert not flood.gate.admits(event, 8)
    assert not flood.gate.admits(ControlChange(0.0, 0, 1, 0), 4)


EVENTS = st.one_of(
    st.builds(NoteOn, st.just(0.0), st.integers(0, 1), st.integers(60, 62), st.just(80)),
    st.builds(NoteOff, st.just(0.0), st.integers(0, 1), st.integers(60, 62), st.just(64)),
    st.sampled_from([Other(0.0, b"\xf8"), ControlChange(0.0, 0, 64, 0), ControlChange(0.0, 0, 1, 5)]),
)


@given(st.lists(st.tuples(EVENTS, st.integers(0, 3)), max_size=200))
def test_a_queue_is_bounded_and_no_note_in_it_lacks_its_end(moves: list[tuple[MidiEvent, int]]) -> None:
    flood, queue, heard, sent = Flood(), list[MidiEvent](), list[MidiEvent](), list[MidiEvent]()
    for event, taken in moves:
        sent.append(event)
        if flood.gate.admits(event, len(queue)):
            queue.append(event)
        assert len(queue) <= 8 + 6  # six keys
        heard += queue[:taken]
        del queue[:taken]
    assert keys_down([*heard, *queue]) <= keys_down(sent)


def keys_down(events: list[MidiEvent]) -> set[tuple[int, int]]:
    down: set[tuple[int, int]] = set()
    for event in events:
        if isinstance(event, NoteOn | NoteOff):
            move = down.add if isinstance(event, NoteOn) else down.discard
            move((event.channel, event.pitch))
    return down
