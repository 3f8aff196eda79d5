from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from musedaemon.core.commands import PlannedNote
from musedaemon.core.scheduler import Scheduler

times = st.integers(0, 40).map(lambda eighth: eighth / 8)
spans = st.lists(st.tuples(times, st.integers(1, 20).map(lambda eighth: eighth / 8)), max_size=30)


def note(serial: int, at: float, until: float, pitch: int = 60) -> PlannedNote:
    return PlannedNote(serial, at, until, 0, pitch, 80)


def test_offs_leave_before_ons_of_the_same_time() -> None:
    scheduler = Scheduler()
    scheduler.schedule(note(1, 1.0, 2.0))
    scheduler.schedule(note(0, 0.0, 1.0))
    assert [(due.at, due.starts, due.note.serial) for due in scheduler.pop_due(5.0)] == [
        (0.0, True, 0),
        (1.0, False, 0),
        (1.0, True, 1),
        (2.0, False, 1),
    ]


def test_nothing_leaves_early() -> None:
    scheduler = Scheduler()
    scheduler.schedule(note(0, 1.0, 2.0))
    assert scheduler.pop_due(0.999) == []
    assert scheduler.next_deadline() == 1.0
    assert [due.starts for due in scheduler.pop_due(1.0)] == [True]
    assert scheduler.next_deadline() == 2.0


def test_nothing_pending_has_no_deadline() -> None:
    scheduler = Scheduler()
    scheduler.schedule(note(0, 1.0, 2.0))
    scheduler.cancel_pending()
    assert len(scheduler) == 0
    assert scheduler.next_deadline() == float("inf")


def test_a_note_without_length_is_refused() -> None:
    with pytest.raises(ValueError, match="must end after it starts"):
        Scheduler().schedule(note(0, 1.0, 1.0))


@given(spans, st.lists(times, max_size=8))
def test_every_note_leaves_once_in_order_at_its_time(plan: list[tuple[float, float]], stops: list[float]) -> None:
    scheduler = Scheduler()
    for serial, (at, length) in enumerate(plan):
        scheduler.schedule(note(serial, at, at + length))
    due = []
    for now in [*sorted(stops), 100.0]:
        popped = scheduler.pop_due(now)
        assert all(entry.at <= now for entry in popped)
        due += popped
    assert [entry.at for entry in due] == sorted(entry.at for entry in due)
    for serial, (at, length) in enumerate(plan):
        mine = [(entry.at, entry.starts) for entry in due if entry.note.serial == serial]
        assert mine == [(at, True), (at + length, False)]
