from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator

import pytest

from musedaemon.midi.message_pipe import PATIENCE_S, SHED_FROM, MessagePipe
from musedaemon.midi.record_stream import HEADER, as_message

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="pipes that do not block")

ON, OFF, PULSE, BEND = b"\x90\x3c\x50", b"\x80\x3c\x40", b"\xf8", b"\xe0\x00\x40"


class Pipe:
    """A pipe that takes a few messages, and who reads it."""

    def __init__(self, patience_s: float = PATIENCE_S) -> None:
        self.reading, writing = os.pipe()
        self.shed = 0
        self.way_in = MessagePipe(writing, self._count, patience_s)

    def _count(self) -> None:
        self.shed += 1

    def fill(self) -> int:
        """Put note-ons until one has to wait; how many there are then."""
        count = 0
        while not self.way_in._waiting:
            self.way_in.put(ON, float(count))
            count += 1
        return count

    def read(self, messages: int) -> list[bytes]:
        """So many messages, in order."""
        held = b""
        found: list[bytes] = []
        while len(found) < messages:
            held += os.read(self.reading, 65_536)
            while len(held) >= HEADER.size and len(held) >= HEADER.size + HEADER.unpack_from(held)[1]:
                length = HEADER.unpack_from(held)[1]
                found.append(held[HEADER.size : HEADER.size + length])
                held = held[HEADER.size + length :]
        assert held == b""
        return found


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    pipe = Pipe()
    yield pipe
    os.close(pipe.reading)


def test_what_is_put_is_there_to_be_read_at_once(pipe: Pipe) -> None:
    pipe.way_in.put(ON, 1.5)
    assert os.read(pipe.reading, 99) == HEADER.pack(1.5, 3) + ON
    pipe.way_in.close(1.0)
    assert os.read(pipe.reading, 99) == b""


def test_what_does_not_fit_waits_and_arrives_whole_and_in_order(pipe: Pipe) -> None:
    count = pipe.fill()
    sysex = bytes((0xF0, *[7] * 200_000, 0xF7))
    for data in (OFF, sysex, PULSE):
        pipe.way_in.put(data, 0.0)
    assert pipe.read(count + 3) == [ON] * count + [OFF, sysex, PULSE]
    pipe.way_in.close(5.0)
    assert os.read(pipe.reading, 99) == b""
    assert pipe.shed == 0


def test_a_reader_that_stalls_costs_note_ons_and_nothing_else(pipe: Pipe) -> None:
    count = pipe.fill()
    for _ in range(2 * SHED_FROM):
        for data in (ON, OFF, PULSE, BEND):
            pipe.way_in.put(data, 0.0)
    came = pipe.read(count + 8 * SHED_FROM - pipe.shed)
    assert came.count(OFF) == came.count(PULSE) == 2 * SHED_FROM
    assert pipe.shed > 2 * SHED_FROM
    assert came.count(ON) - count < SHED_FROM


def test_words_are_never_left_out(pipe: Pipe) -> None:
    count = pipe.fill()
    for _ in range(SHED_FROM):
        pipe.way_in.put(OFF, 0.0)
    pipe.way_in.tell("refused", "It is gone.")
    assert pipe.read(count + SHED_FROM + 1)[-1] == as_message(["refused", "It is gone."])
    pipe.way_in.close(1.0)


def test_a_reader_that_takes_nothing_for_long_is_given_up() -> None:
    pipe = Pipe(patience_s=-1.0)
    pipe.fill()
    with pytest.raises(TimeoutError):
        pipe.way_in.put(OFF, 0.0)
    pipe.way_in.close(0.0)


def test_a_reader_that_has_gone_is_told(pipe: Pipe) -> None:
    os.dup2(os.open(os.devnull, os.O_RDONLY), pipe.reading)
    with pytest.raises(BrokenPipeError):
        pipe.way_in.put(ON, 0.0)
    pipe.way_in.close(1.0)


def test_a_writer_that_finds_its_pipe_closed_ends_quietly(monkeypatch: pytest.MonkeyPatch) -> None:
    tried, closed = threading.Event(), threading.Event()
    died: list[object] = []

    class Slow(MessagePipe):
        def _write_some(self) -> int:
            still = super()._write_some()
            tried.set()
            closed.wait(20)
            return still

    monkeypatch.setattr(threading, "excepthook", died.append)
    reading, writing = os.pipe()
    pipe = Slow(writing, lambda: None)
    while not pipe._waiting:
        pipe.put(ON, 0.0)
    assert tried.wait(20)
    pipe.close(0.0)
    closed.set()
    assert pipe._writer is not None
    pipe._writer.join(20)
    os.close(reading)
    assert died == []
