from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from musedaemon.midi.frame_clock import FrameClock
from musedaemon.midi.frame_queue import FrameQueue

ON, OFF, OTHER_ON = b"\x90\x3c\x50", b"\x80\x3c\x40", b"\x90\x3e\x50"
PERIOD = 64


class Buffer:
    """A period's room, as JACK gives it."""

    def __init__(self, room: int) -> None:
        self.room = room
        self.written: list[tuple[int, bytes]] = []

    def write(self, offset: int, data: bytes) -> bool:
        if len(data) > self.room:
            return False
        self.room -= len(data)
        self.written.append((offset, data))
        return True


def written(queue: FrameQueue, start: int, room: int = 10_000) -> list[tuple[int, bytes]]:
    buffer = Buffer(room)
    assert queue.write_until(buffer.write, start, PERIOD) == []
    return buffer.written


def test_everything_leaves_at_its_frame_and_what_is_late_at_once() -> None:
    queue = FrameQueue()
    for frame, data in ((1_010, ON), (1_064, OFF), (990, OTHER_ON)):
        queue.put(frame, data)
    assert written(queue, 1_000) == [(0, OTHER_ON), (10, ON)]
    assert written(queue, 1_064) == [(0, OFF)]
    assert len(queue) == 0


def test_a_note_off_of_the_same_second_stays_behind_its_note_on_when_the_clock_was_refined_between() -> None:
    clock, queue = FrameClock(48_000), FrameQueue()
    clock.observe(0.0, 0)
    queue.put(clock.frame_at(1.0), ON)
    clock.observe(0.0003, 0)
    assert clock.frame_at(1.0) < 48_000
    queue.put(clock.frame_at(1.0), OFF)
    assert written(queue, 47_960) == [(40, ON), (40, OFF)]


def test_a_note_off_at_once_stays_behind_its_note_on_whose_period_is_late() -> None:
    queue = FrameQueue()
    queue.put(48_000, ON)
    queue.put(0, OFF)
    queue.put(0, OTHER_ON)
    assert written(queue, 48_000) == [(0, OTHER_ON), (0, ON), (0, OFF)]


def test_a_stop_at_once_stays_behind_the_pulses_that_wait() -> None:
    queue, page = FrameQueue(), list[tuple[int, bytes]]()
    for frame, data in ((10, b"\xf8"), (40, b"\xf8"), (0, b"\xfc")):
        queue.put(frame, data)

    def write(offset: int, data: bytes) -> bool:
        page.append((offset, data))
        return True

    queue.write_until(write, 0, 64)
    assert page == [(10, b"\xf8"), (40, b"\xf8"), (40, b"\xfc")]


def test_a_note_struck_again_stays_behind_its_own_end_and_other_notes_do_not_wait() -> None:
    queue = FrameQueue()
    for frame, data in ((20, ON), (30, OFF), (10, ON), (5, b"\x81\x3c\x40"), (6, b"\xb0\x3c\x40")):
        queue.put(frame, data)
    assert written(queue, 0) == [(5, b"\x81\x3c\x40"), (6, b"\xb0\x3c\x40"), (20, ON), (30, OFF), (30, ON)]


@given(st.lists(st.tuples(st.integers(0, 300), st.integers(60, 61), st.booleans()), max_size=30))
def test_of_one_pitch_messages_leave_in_the_order_they_were_put(moves: list[tuple[int, int, bool]]) -> None:
    queue = FrameQueue()
    put = [bytes((0x90 if down else 0x80, pitch, number)) for number, (_, pitch, down) in enumerate(moves)]
    for (frame, _, _), data in zip(moves, put, strict=True):
        queue.put(frame, data)
    left = [data for start in range(0, 320, PERIOD) for _, data in written(queue, start, room=3 * 30)]
    for pitch in (60, 61):
        assert [data for data in left if data[1] == pitch] == [data for data in put if data[1] == pitch]


def test_a_long_message_waits_for_a_period_that_has_room() -> None:
    queue, sysex = FrameQueue(), bytes((0xF0, *[7] * 998, 0xF7))
    for data in (ON, sysex, OFF):
        queue.put(0, data)
    assert written(queue, 0, room=1_001) == [(0, ON)]
    assert written(queue, PERIOD, room=1_001) == [(0, sysex)]
    assert written(queue, 2 * PERIOD, room=1_001) == [(0, OFF)]


def test_a_message_that_no_period_has_room_for_is_told_and_holds_nothing_up() -> None:
    queue, sysex = FrameQueue(), bytes((0xF0, *[7] * 998, 0xF7))
    queue.put(0, sysex)
    queue.put(0, ON)
    buffer = Buffer(999)
    assert queue.write_until(buffer.write, 0, PERIOD) == [sysex]
    assert buffer.written == [(0, ON)]


def test_a_short_message_is_never_lost() -> None:
    queue = FrameQueue()
    queue.put(0, ON)
    assert written(queue, 0, room=0) == []
    assert written(queue, PERIOD) == [(0, ON)]
