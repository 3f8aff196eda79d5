from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress

import pytest

from musedaemon.midi.record_stream import WORDS, as_message, as_record, first_words, records, words_of

ON, OFF = b"\x90\x3c\x50", b"\x80\x3c\x40"


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    ends = os.pipe()
    yield ends
    for end in ends:
        with suppress(OSError):
            os.close(end)


def test_records_come_whole_however_the_pipe_cuts_them(pipe: tuple[int, int]) -> None:
    reading, writing = pipe
    expected = [(0.0, ON), (1.25, b"\xf0" + bytes(300) + b"\xf7"), (2.5, OFF)]
    stream = b"".join(as_record(at, data) for at, data in expected)
    came = []
    source = records(reading)
    for first, last in ((0, 27), (27, 28), (28, len(stream) - 1), (len(stream) - 1, len(stream))):
        os.write(writing, stream[first:last])
        if first in (0, len(stream) - 1):
            came.append(next(source))
    os.close(writing)
    assert [*came, *source] == expected


def test_the_first_words_take_no_byte_of_what_follows(pipe: tuple[int, int]) -> None:
    reading, writing = pipe
    os.write(writing, as_record(WORDS, as_message(["auto", "Grand Piano", 3])) + as_record(1.0, ON))
    assert first_words(reading) == ["auto", "Grand Piano", "3"]
    os.close(writing)
    assert list(records(reading)) == [(1.0, ON)]
    assert first_words(reading) == []


def test_words_are_told_apart_from_messages() -> None:
    assert words_of(as_message(["refused", "It is gone; try again."])) == ["refused", "It is gone; try again."]
