from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from musedaemon.core.events import ControlChange, MidiEvent, NoteOff, NoteOn, Other
from musedaemon.midi.wire import decode, encode

CHANNELS = st.integers(0, 15)
DATA = st.integers(0, 127)
TIMES = st.floats(0, 1e6)


def _others() -> st.SearchStrategy[bytes]:
    three = st.sampled_from([0xA0, 0xE0])
    two = st.sampled_from([0xC0, 0xD0])
    return st.one_of(
        st.builds(lambda kind, channel, a, b: bytes((kind + channel, a, b)), three, CHANNELS, DATA, DATA),
        st.builds(lambda kind, channel, a: bytes((kind + channel, a)), two, CHANNELS, DATA),
        st.builds(lambda body: bytes((0xF0, *body, 0xF7)), st.lists(DATA, max_size=40)),
        st.builds(lambda status, a: bytes((status, a)), st.sampled_from([0xF1, 0xF3]), DATA),
        st.builds(lambda a, b: bytes((0xF2, a, b)), DATA, DATA),
        st.sampled_from([bytes((status,)) for status in (0xF4, 0xF5, 0xF6, *range(0xF8, 0x100))]),
    )


EVENTS: st.SearchStrategy[MidiEvent] = st.one_of(
    st.builds(NoteOn, TIMES, CHANNELS, DATA, st.integers(1, 127)),
    st.builds(NoteOff, TIMES, CHANNELS, DATA, DATA),
    st.builds(ControlChange, TIMES, CHANNELS, DATA, DATA),
    st.builds(Other, TIMES, _others()),
)


@given(EVENTS)
def test_every_event_comes_back_as_it_was(event: MidiEvent) -> None:
    assert decode(encode(event), event.at) == event


@given(st.lists(st.integers(-300, 300), max_size=8) | st.binary(max_size=8), TIMES)
@example([], 0.0)
@example([0x90, 60, 256], 0.0)
def test_any_numbers_decode_to_an_event_or_to_none(data: list[int] | bytes, at: float) -> None:
    event = decode(data, at)
    assert event is None or event.at == at
    if event is not None and not isinstance(event, NoteOff):
        assert encode(event) == bytes(data)


@pytest.mark.parametrize(
    ("data", "event"),
    [
        ([0x90, 60, 100], NoteOn(1.5, 0, 60, 100)),
        ([0x9F, 60, 0], NoteOff(1.5, 15, 60, 64)),
        ([0x83, 60, 17], NoteOff(1.5, 3, 60, 17)),
        ([0xB2, 64, 127], ControlChange(1.5, 2, 64, 127)),
        ([0xB0, 123, 0], ControlChange(1.5, 0, 123, 0)),
        ([0xE1, 0, 64], Other(1.5, b"\xe1\x00\x40")),
        ([0xC5, 9], Other(1.5, b"\xc5\x09")),
        ([0xF8], Other(1.5, b"\xf8")),
        ([0xF0, 1, 2, 0xF7], Other(1.5, b"\xf0\x01\x02\xf7")),
        ([0xFD], Other(1.5, b"\xfd")),
    ],
)
def test_messages_of_every_kind(data: list[int], event: MidiEvent) -> None:
    assert decode(data, 1.5) == event


@pytest.mark.parametrize(
    "data",
    [
        [],
        [60, 100],
        [0x90],
        [0x90, 60],
        [0x90, 60, 100, 0],
        [0x90, 60, 128],
        [0x90, -1, 100],
        [0xC0, 1, 2],
        [0xF0],
        [0xF0, 1, 2],
        [0xF0, 0x90, 0xF7],
        [0xF7],
        [0xF8, 0],
        [0xF2, 1],
        [256, 1, 1],
    ],
)
def test_what_is_no_whole_message_is_none(data: list[int]) -> None:
    assert decode(data, 0.0) is None


@pytest.mark.parametrize(
    "event",
    [
        NoteOn(0.0, 16, 60, 100),
        NoteOn(0.0, -1, 60, 100),
        NoteOn(0.0, 0, 128, 100),
        NoteOff(0.0, 16, 60),
        ControlChange(0.0, 0, 64, 300),
        Other(0.0, b""),
        Other(0.0, b"\x90\x3c"),
    ],
)
def test_an_event_out_of_range_is_refused(event: MidiEvent) -> None:
    with pytest.raises(ValueError, match=r"MIDI message|range"):
        encode(event)
