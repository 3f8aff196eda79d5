from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from musedaemon.midi.frame_clock import FrameCount
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


def test_what_is_to_leave_at_once_does_so_on_a_server_that_has_run_for_more_than_half_a_day() -> None:
    queue, frames = FrameQueue(), FrameCount()
    start = frames.count(2**31 + 2**28)
    queue.put(0, ON)
    queue.put(frames.near(2**31 + 2**28 + 10), OTHER_ON)
    assert written(queue, start) == [(0, ON), (10, OTHER_ON)]


def test_a_note_off_with_an_earlier_frame_stays_behind_its_note_on() -> None:
    queue = FrameQueue()
    queue.put(48_000, ON)
    queue.put(47_990, OFF)
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


PEDAL_DOWN, PEDAL_UP, SILENCE = b"\xb0\x40\x7f", b"\xb0\x40\x00", b"\xb0\x7b\x00"


def period(queue: FrameQueue, *messages: bytes) -> list[bytes]:
    """What is written in the next period, with these put before it."""
    for data in messages:
        queue.put(0, data)
    return [data for _, data in written(queue, 0)]


def test_what_a_lost_period_ended_ends_again_before_all_else() -> None:
    queue = FrameQueue()
    period(queue, OFF, b"\x90\x3f\x00", PEDAL_DOWN, PEDAL_UP, SILENCE, b"\xe0\x00\x40", b"\xf8")
    queue.put(0, ON)
    queue.lost_period()
    assert period(queue) == [OFF, b"\x90\x3f\x00", PEDAL_UP, SILENCE, ON]
    assert not FrameQueue().releases_written


def test_what_was_struck_or_pressed_again_in_the_lost_period_is_left_alone() -> None:
    queue = FrameQueue()
    period(queue, OFF, PEDAL_UP, SILENCE, ON, PEDAL_DOWN, b"\x91\x3e\x50")
    queue.lost_period()
    assert period(queue) == []


def test_the_end_of_a_period_that_was_heard_is_not_sent_twice() -> None:
    queue = FrameQueue()
    period(queue, OFF)
    assert queue.releases_written
    assert period(queue) == []
    queue.lost_period()
    assert period(queue) == []


def test_ends_that_are_lost_again_are_sent_again() -> None:
    queue = FrameQueue()
    period(queue, OFF)
    for _ in range(3):
        queue.lost_period()
        assert period(queue) == [OFF]


MOVES = st.sampled_from(
    [ON, OFF, OTHER_ON, b"\x80\x3e\x40", b"\x90\x3e\x00", PEDAL_DOWN, PEDAL_UP, b"\x91\x3c\x50", b"\x81\x3c\x40"]
)


def left_on(messages: list[bytes]) -> set[bytes]:
    """Notes and pedals that are on after these."""
    on: set[bytes] = set()
    for data in messages:
        place = bytes((data[0] & 0x2F, data[1]))
        starts = data[0] & 0xF0 != 0x80 and data[2] > 0
        (on.add if starts else on.discard)(place)
    return on


@given(st.lists(st.tuples(st.lists(MOVES, max_size=4), st.booleans()), max_size=12))
def test_nothing_hangs_whichever_periods_are_late(periods: list[tuple[list[bytes], bool]]) -> None:
    """JACK hands on the period before in place of one that is late."""
    queue, sent, heard, before = FrameQueue(), list[bytes](), list[bytes](), list[bytes]()
    for messages, late in [*periods, ([], False)]:
        content = period(queue, *messages)
        sent += messages
        heard += before if late else content
        before = content
        if late and queue.releases_written:
            queue.lost_period()
    heard += period(queue)
    assert left_on(heard) <= left_on(sent)


def test_no_period_gets_more_messages_than_it_has_frames() -> None:
    queue = FrameQueue()
    panic = [bytes((0x80 + channel, pitch, 0)) for channel in range(2) for pitch in range(100)]
    assert period(queue, *panic) == panic[:PERIOD]
    assert period(queue) == panic[PERIOD : 2 * PERIOD]
    queue.lost_period()
    assert period(queue) == panic[PERIOD : 2 * PERIOD]
