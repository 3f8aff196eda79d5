from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from musedaemon.midi.pacing import NO_PACE, Bucket, Pace, PacedOutput

PACE = Pace(room=70.0, rate=7_000.0, longest=100)


def test_what_fits_leaves_at_once_and_the_rest_in_its_turn() -> None:
    bucket = Bucket(PACE)
    waits = [bucket.wait(3, 1.0) for _ in range(12)]
    assert waits == pytest.approx([0.0] * 10 + [0.001, 0.002])
    assert bucket.wait(3, 1.5) == 0.0


def test_without_a_pace_nothing_waits() -> None:
    bucket = Bucket(NO_PACE)
    assert [bucket.wait(60_000, 0.0) for _ in range(1_000)] == [0.0] * 1_000


@given(st.lists(st.tuples(st.integers(1, 60), st.floats(0.0, 0.02)), max_size=60))
def test_a_buffer_that_drains_at_the_rate_never_overflows(messages: list[tuple[int, float]]) -> None:
    bucket, now, filled, drained_at = Bucket(PACE), 0.0, 0.0, 0.0
    for size, pause in messages:
        now += pause
        now += bucket.wait(size, now)
        filled = max(filled - (now - drained_at) * PACE.rate, 0.0) + size + 4
        drained_at = now
        assert filled <= PACE.room + 1e-6


class Ear:
    name = "ear"
    ahead_s = 0.0
    listener = None

    def __init__(self) -> None:
        self.heard: list[bytes] = []

    def send(self, data: bytes, at: float = 0.0) -> None:
        self.heard.append(data)

    def close(self) -> None:
        pass


def test_a_message_that_is_too_long_is_told_and_not_sent() -> None:
    ear, lost = Ear(), list[int]()
    output = PacedOutput(ear, PACE, lost.append)
    for data in (bytes(101), b"\xf8"):
        output.send(data, 0.0)
    assert (ear.heard, lost) == ([b"\xf8"], [101])
