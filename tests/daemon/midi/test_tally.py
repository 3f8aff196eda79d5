from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from musedaemon.midi.tally import Tally


class Clock:
    """Turned by hand; what is to be done later is done when its time has come."""

    def __init__(self) -> None:
        self.now = 10.0
        self._waiting: list[tuple[float, Callable[[], None]]] = []

    def later(self, after_s: float, do: Callable[[], None]) -> None:
        self._waiting.append((self.now + after_s, do))

    def turn_to(self, now: float) -> None:
        due = [waiting for waiting in self._waiting if waiting[0] <= now]
        for waiting in due:
            self._waiting.remove(waiting)
            self.now = waiting[0]
            waiting[1]()
        self.now = now


def told(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records]


def test_it_is_told_once_a_second_with_all_that_came_between(caplog: pytest.LogCaptureFixture) -> None:
    clock = Clock()
    tally = Tally("notes were left out", lambda: clock.now, clock.later)
    for now in (10.0, 10.1, 10.9, 11.2, 11.3):
        clock.turn_to(now)
        tally.count()
    assert told(caplog) == ["1 notes were left out", "2 notes were left out"]
    clock.turn_to(20.0)
    assert told(caplog)[2:] == ["2 notes were left out"]
    clock.turn_to(30.0)
    tally.count()
    clock.turn_to(40.0)
    assert told(caplog)[3:] == ["1 notes were left out"]
    assert tally.total == 6


def test_the_end_of_a_flood_is_told_though_nothing_comes_after_it(caplog: pytest.LogCaptureFixture) -> None:
    rung = threading.Event()

    def soon(after_s: float, do: Callable[[], None]) -> None:
        def ring() -> None:
            do()
            rung.set()

        assert 0.0 < after_s <= 1.0
        threading.Thread(target=ring).start()

    tally = Tally("notes were left out", lambda: 5.0, soon)
    tally.count(3)
    tally.count(4)
    assert rung.wait(20.0)
    assert told(caplog) == ["3 notes were left out", "4 notes were left out"]
