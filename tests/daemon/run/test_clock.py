from __future__ import annotations

import time

import pytest

from musedaemon.run.clock import SessionClock


def test_it_is_the_machines_time_from_its_start_on() -> None:
    start = time.perf_counter()
    clock = SessionClock(start)
    assert clock.at(start + 2.5) == pytest.approx(2.5)
    assert 0.0 <= clock.now() <= time.perf_counter() - start


def test_what_leads_it_gives_it_place_and_pace() -> None:
    start = time.perf_counter()
    clock = SessionClock(start)
    clock.lead(start + 10.0, 10.5, 1.01)
    assert clock.at(start + 20.0) == pytest.approx(20.6)


def test_it_waits_where_it_would_go_back() -> None:
    start = time.perf_counter() - 100.0
    clock = SessionClock(start)
    before = clock.now()
    clock.lead(start + 100.0, 90.0, 1.0)
    assert before <= clock.now() == clock.now() < 110.0
    assert clock.reckoned() < 100.0
    clock.lead(start + 100.0, 120.0, 1.0)
    assert 120.0 <= clock.now() < 130.0
