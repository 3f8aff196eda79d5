from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from musedaemon.midi.message_pipe import HEADER
from musedaemon.run.sending import Sounding, messages

ON, OFF, PEDAL = b"\x90\x3c\x50", b"\x80\x3c\x40", b"\xb2\x40\x7f"


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    ends = os.pipe()
    yield ends
    for end in ends:
        try:
            os.close(end)
        except OSError:
            continue


def packed(at: float, data: bytes) -> bytes:
    return HEADER.pack(at, len(data)) + data


def test_messages_come_whole_however_the_pipe_cuts_them(pipe: tuple[int, int]) -> None:
    reading, writing = pipe
    expected = [(0.0, ON), (1.25, b"\xf0" + bytes(300) + b"\xf7"), (2.5, OFF)]
    stream = b"".join(packed(at, data) for at, data in expected)
    came = []
    source = messages(reading)
    for first, last in ((0, 27), (27, 28), (28, len(stream) - 1), (len(stream) - 1, len(stream))):
        os.write(writing, stream[first:last])
        if first in (0, len(stream) - 1):
            came.append(next(source))
    os.close(writing)
    assert [*came, *source] == expected


def test_what_sounds_is_released_pedals_first() -> None:
    sounding = Sounding()
    for data in (ON, b"\x91\x40\x50", OFF, PEDAL, b"\xb1\x40\x7f", b"\xb1\x40\x00", b"\xe0\x00\x40"):
        sounding.follow(data)
    assert sounding.releases() == [b"\xb2\x40\x00", b"\x81\x40\x40"]
    assert Sounding().releases() == []


def test_every_pedal_that_holds_notes_is_released() -> None:
    sounding = Sounding()
    for control in (0x01, 0x40, 0x42, 0x45):
        sounding.follow(bytes((0xB0, control, 0x7F)))
    sounding.follow(b"\xb0\x40\x00")
    assert sounding.releases() == [b"\xb0\x42\x00", b"\xb0\x45\x00"]
