from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from musedaemon.midi import wire
from musedaemon.midi.byte_stream import LONGEST_SYSEX, ByteStream


def taken(*packets: bytes) -> list[bytes]:
    stream = ByteStream()
    return [message for packet in packets for message in stream.messages(packet)]


@pytest.mark.parametrize(
    ("packets", "expected"),
    [
        # running status, in one packet and over several
        (["903c50 3e50 3e00"], ["903c50", "903e50", "903e00"]),
        (["903c50", "3e", "50", "c105", "06"], ["903c50", "903e50", "c105", "c106"]),
        # real-time bytes anywhere leave everything as it was
        (["90f83cfa50", "f8", "3e50"], ["f8", "fa", "903c50", "f8", "903e50"]),
        (["f001f802fef7"], ["f8", "fe", "f00102f7"]),
        # an unterminated SysEx ends at the next status; its bytes are no music
        (["f0010203", "903c50", "803c40"], ["903c50", "803c40"]),
        (["f00102903c50803c40f7"], ["903c50", "803c40"]),
        # system common messages end running status, data without one is dropped
        (["903c50", "f20001", "3e50", "f6", "3f50"], ["903c50", "f20001", "f6"]),
        (["3c50", "f7", "40"], []),
        # cut messages, and one that another interrupts
        (["90", "3c", "50"], ["903c50"]),
        (["903c", "803c40", "50"], ["803c40"]),
        (["903c80 3c40"], ["803c40"]),
        (["f0", "01", "02f7"], ["f00102f7"]),
        (["f0f7"], ["f0f7"]),
    ],
)
def test_messages_come_out_whole(packets: list[str], expected: list[str]) -> None:
    assert taken(*map(bytes.fromhex, packets)) == [bytes.fromhex(message) for message in expected]


def test_a_sysex_of_64_kb_comes_out_whole_and_an_endless_one_does_not_grow() -> None:
    sysex = bytes((0xF0, *[7] * 65_536, 0xF7))
    assert taken(sysex) == [sysex]
    assert taken(sysex[:30_000], sysex[30_000:]) == [sysex]
    stream = ByteStream()
    stream.messages(b"\xf0")
    for _ in range(3):
        assert stream.messages(bytes(LONGEST_SYSEX)) == []
    assert len(stream._underway) < LONGEST_SYSEX
    assert stream.messages(b"\x90\x3c\x50") == [b"\x90\x3c\x50"]


SHORT = st.one_of(
    st.tuples(st.integers(0x80, 0xBF), st.integers(0, 127), st.integers(0, 127)).map(bytes),
    st.tuples(st.integers(0xC0, 0xDF), st.integers(0, 127)).map(bytes),
    st.binary(max_size=9).map(lambda data: b"\xf0" + bytes(byte & 0x7F for byte in data) + b"\xf7"),
)


@given(st.lists(SHORT), st.data())
def test_however_whole_messages_are_cut_they_come_out_as_they_were(messages: list[bytes], draw: st.DataObject) -> None:
    data = b"".join(messages)
    cuts = sorted(draw.draw(st.sets(st.integers(0, len(data)))) | {0, len(data)})
    assert taken(*(data[begin:end] for begin, end in pairwise(cuts))) == messages


@given(st.lists(st.binary(max_size=40)))
def test_whatever_comes_only_whole_messages_come_out(packets: list[bytes]) -> None:
    for message in taken(*packets):
        assert wire.decode(message, 0.0) is not None


@given(st.lists(st.binary(max_size=40)), st.lists(SHORT, max_size=5))
def test_after_any_garbage_whole_messages_are_heard(garbage: list[bytes], messages: list[bytes]) -> None:
    stream = ByteStream()
    for packet in garbage:
        stream.messages(packet)
    assert [found for message in messages for found in stream.messages(message)] == messages
