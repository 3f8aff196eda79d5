"""What is pending moves with the beats, in virtual time."""

from __future__ import annotations

import pytest

from musedaemon.core.beat_grid import Beat, BeatGrid, Doubt
from musedaemon.core.beat_source import FollowedClock
from musedaemon.core.commands import ClockMoved, NoteBeats, PlannedNote
from musedaemon.core.midi_clock import ClockNews
from musedaemon.core.pulse import AHEAD_OF_PERIOD_S, Pulse
from musedaemon.core.scheduler import Scheduler


class Beats(FollowedClock):
    """A source whose grid the test sets."""

    def __init__(self) -> None:
        super().__init__()
        self.place: BeatGrid | None = None
        self.strays: Doubt | None = None
        self._told_reports: list[ClockMoved] = []

    @property
    def grid(self) -> BeatGrid | None:
        return self.place

    @property
    def doubt(self) -> Doubt | None:
        return self.strays

    def tell(self, at: float, song_begins: float | None, news: ClockNews = ClockNews.PULSE) -> None:
        assert self.place is not None
        self._told_reports.append(ClockMoved(Beat(at, self.place, song_begins), news))

    def take_reports(self) -> list[ClockMoved]:
        reports, self._told_reports = self._told_reports, []
        return reports


def note(beats: NoteBeats | None = None) -> PlannedNote:
    return PlannedNote(0, 1.0, 1.5, 0, 60, 80, beats)


def pulse_with(grid: BeatGrid | None) -> tuple[Beats, Scheduler, Pulse]:
    source, pending = Beats(), Scheduler()
    source.place = grid
    return source, pending, Pulse(source, pending)


def times(pending: Scheduler) -> list[float]:
    return [due.at for due in pending.pop_due(1e9)]


AT_120 = BeatGrid(0.0, 0.0, 120.0)


def test_without_a_clock_a_note_is_when_it_was_planned() -> None:
    _, pending, pulse = pulse_with(None)
    pulse.schedule(note(NoteBeats(8.0, 9.0)))
    assert times(pending) == [1.0, 1.5]


def test_on_a_clock_a_note_lies_on_its_beats() -> None:
    _, pending, pulse = pulse_with(AT_120)
    pulse.schedule(note(NoteBeats(8.0, 9.0)))
    assert times(pending) == [4.0, 4.5]


def test_a_note_without_beats_stays_where_it_is() -> None:
    source, pending, pulse = pulse_with(AT_120)
    pulse.schedule(note())
    source.place = AT_120._replace(bpm=60.0)
    pulse.follow(0.5)
    assert times(pending) == [1.0, 1.5]


def test_start_and_end_follow_a_change_of_tempo_also_of_a_note_that_sounds() -> None:
    source, pending, pulse = pulse_with(AT_120)
    pulse.schedule(note(NoteBeats(2.0, 4.0)))
    pulse.schedule(note(NoteBeats(4.0, 5.0))._replace(serial=1))
    pulse.follow(0.9)
    assert [due.at for due in pending.pop_due(1.1)] == [1.0]
    source.place = AT_120.turned_to(60.0, 1.5)  # beat 3 is at 1.5 s, and each lasts a second from there on
    pulse.follow(1.5)
    assert times(pending) == pytest.approx([2.5, 2.5, 3.5])


@pytest.mark.parametrize(("off_s", "moves"), [(0.0001, False), (0.0003, True)])
def test_what_nobody_hears_moves_nothing(off_s: float, moves: bool) -> None:
    source, pending, pulse = pulse_with(AT_120)
    pulse.schedule(note(NoteBeats(8.0, 9.0)))
    pulse.follow(0.0)
    source.place = AT_120._replace(at=off_s)
    pulse.follow(0.1)
    assert times(pending)[0] == pytest.approx(4.0 + off_s if moves else 4.0, abs=1e-9)


def test_many_small_moves_add_up_until_they_are_heard() -> None:
    source, pending, pulse = pulse_with(AT_120)
    pulse.schedule(note(NoteBeats(8.0, 9.0)))
    for step in range(101):
        source.place = AT_120._replace(at=step * 0.0001)
        pulse.follow(step * 0.01)
    assert times(pending)[0] == pytest.approx(4.01, abs=0.0002)


def popped(pulse: Pulse, now: float, early: float = 0.0) -> list[float]:
    return [due.at for due in pulse.pop_due(now, early)]


def test_a_note_on_a_pulse_that_is_to_come_waits_for_it_where_the_clock_strays() -> None:
    source, _, pulse = pulse_with(AT_120)
    pulse.schedule(note())
    source.strays = Doubt(known_until=0.99, spread=0.005, news_by=1.02)
    assert popped(pulse, 1.0) == []
    assert pulse.next_deadline(0.0) == 1.02
    source.strays = Doubt(known_until=1.01, spread=0.005, news_by=1.04)
    assert pulse.next_deadline(0.0) == 1.0
    assert popped(pulse, 1.001) == [1.0]


def test_it_waits_no_longer_than_there_may_be_news() -> None:
    source, _, pulse = pulse_with(AT_120)
    pulse.schedule(note())
    source.strays = Doubt(known_until=0.99, spread=0.005, news_by=1.02)
    assert popped(pulse, 1.02) == [1.0]


def test_it_does_not_wait_where_its_own_way_takes_longer_than_the_clock_strays() -> None:
    source, _, pulse = pulse_with(AT_120)
    pulse.schedule(note())
    source.strays = Doubt(known_until=0.9, spread=0.005, news_by=1.1)
    period_s = 1_024 / 48_000
    early = period_s + AHEAD_OF_PERIOD_S
    assert pulse.next_deadline(early) == 1.0 - early
    assert popped(pulse, 1.0 - early, early) == [1.0]
