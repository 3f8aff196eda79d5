"""An Ableton Link session as the source of the beats, in virtual time."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.fake_link import FakeLink, TimedLinkClock

from musedaemon.core.beat_grid import Meter
from musedaemon.core.events import ControlChange, MidiEvent, NoteOff, NoteOn, Other
from musedaemon.core.link_peer import LinkState
from musedaemon.core.midi_clock import ClockNews
from musedaemon.core.tap_tempo import TapSettings

Told = tuple[float, ClockNews, float | None]


def watched(clock: TimedLinkClock, until: float, start: float = 0.0) -> list[Told]:
    """Let it look whenever it wants to; when it told what, and where the song then began."""
    now, told = start, []
    while now <= until:
        assert clock.advance(now) == []
        told += [(one.beat.at, one.news, one.beat.song_begins) for one in clock.take_reports()]
        deadline = clock.next_deadline()
        assert deadline > now
        now = deadline
    return told


def test_it_looks_once_a_beat_and_tells_nothing_while_nothing_moves() -> None:
    looks: list[float] = []

    class Watched(FakeLink):
        def look(self) -> LinkState:
            looks.append(self.now)
            return super().look()

    clock = TimedLinkClock(Watched(bpm=120.0))
    assert watched(clock, 60.0) == [(0.0, ClockNews.STARTED, 0.0)]
    assert len(looks) == 121
    assert clock.end(60.0) == []


def test_before_any_start_bars_are_those_of_the_session() -> None:
    peer = FakeLink(bpm=60.0, at=-6.25)  # now is beat 6.25: the bar began on beat 4
    clock = TimedLinkClock(peer)
    assert watched(clock, 3.0) == [(0.0, ClockNews.STARTED, 4.0)]
    waltz = TimedLinkClock(FakeLink(bpm=60.0, at=-5.25), Meter(3, 4))
    assert watched(waltz, 3.0) == [(0.0, ClockNews.STARTED, 3.0)]


def test_a_peers_tempo_moves_the_beats_from_the_next_look_on() -> None:
    peer = FakeLink(bpm=120.0)
    peer.later(1.6, lambda at: peer.turn_to(60.0, at))
    clock = TimedLinkClock(peer)
    assert watched(clock, 1.5) == [(0.0, ClockNews.STARTED, 0.0)]
    assert watched(clock, 1.6, start=1.6) == [(1.6, ClockNews.PULSE, 0.0)]
    assert clock.grid is not None
    assert clock.grid.time_of(4.2) == pytest.approx(2.6)


def test_a_start_begins_the_song_on_the_first_bar_line_from_then_on() -> None:
    peer = FakeLink(bpm=120.0)
    peer.later(1.0, lambda at: peer.play(3.0))  # beat 6, while beat 2 sounds
    assert watched(TimedLinkClock(peer), 9.0) == [(0.0, ClockNews.STARTED, 0.0), (4.0, ClockNews.STARTED, 8.0)]


def test_a_start_a_few_microseconds_after_the_bar_line_is_on_it() -> None:
    peer = FakeLink(bpm=120.0)
    peer.later(1.0, lambda at: peer.play(2.00002))
    assert watched(TimedLinkClock(peer), 9.0) == [(0.0, ClockNews.STARTED, 0.0), (2.0, ClockNews.STARTED, 4.0)]


def test_a_session_that_runs_already_is_joined_in_mid_song() -> None:
    peer = FakeLink(bpm=120.0)
    peer.play(-100.0)
    assert watched(TimedLinkClock(peer), 9.0) == [(0.0, ClockNews.STARTED, -200.0)]


def test_a_stop_holds_until_the_next_start() -> None:
    peer = FakeLink(bpm=120.0)
    peer.later(1.0, lambda at: peer.play(2.0))
    peer.later(3.0, lambda at: peer.halt(3.3))
    peer.later(6.0, lambda at: peer.play(7.5))
    assert watched(TimedLinkClock(peer), 9.0) == [
        (0.0, ClockNews.STARTED, 0.0),
        (2.0, ClockNews.STARTED, 4.0),
        (3.3, ClockNews.STOPPED, None),
        (8.0, ClockNews.STARTED, 16.0),
    ]


def test_a_start_that_is_called_off_is_none() -> None:
    peer = FakeLink(bpm=120.0)
    peer.later(1.0, lambda at: peer.play(2.0))
    peer.later(1.5, lambda at: peer.halt(1.5))
    assert watched(TimedLinkClock(peer), 4.0) == [(0.0, ClockNews.STARTED, 0.0), (1.5, ClockNews.STOPPED, None)]


def test_another_tempo_leaves_the_song_where_it_began() -> None:
    """Link tells the time of a start anew by the new tempo: it is not another start."""
    peer = FakeLink(bpm=120.0)
    peer.later(1.0, lambda at: peer.play(2.0))

    def slower(at: float) -> None:
        peer.turn_to(60.0, at)
        peer.play(peer.state.grid.time_of(4.0))

    peer.later(3.0, slower)
    told = watched(TimedLinkClock(peer), 12.0)
    assert [(news, begins) for _, news, begins in told] == [
        (ClockNews.STARTED, 0.0),
        (ClockNews.STARTED, 4.0),
        (ClockNews.PULSE, 4.0),
    ]


def test_joining_a_session_that_counts_otherwise_moves_no_beat_by_more_than_half() -> None:
    peer = FakeLink(bpm=120.0)

    def join(at: float) -> None:
        peer.leap(1.75)
        peer.meet(1)

    peer.later(2.0, join)
    clock = TimedLinkClock(peer)
    assert watched(clock, 2.4)[-2:] == [(2.0, ClockNews.STARTED, 2.0), (2.0, ClockNews.FOUND, 2.0)]
    assert clock.grid is not None
    assert clock.grid.beat_at(2.0) == pytest.approx(3.75)  # and not 5.75: the bar began 1.75 beats before


@given(st.lists(st.tuples(st.floats(0.05, 3.0), st.floats(-40.0, 40.0), st.floats(30.0, 240.0)), max_size=8))
def test_bars_stay_the_sessions_whatever_it_does(moves: list[tuple[float, float, float]]) -> None:
    peer, now = FakeLink(bpm=120.0), 0.0
    for wait, leap, bpm in moves:
        now += wait

        def move(at: float, leap: float = leap, bpm: float = bpm) -> None:
            peer.leap(leap)
            peer.turn_to(bpm, at)

        peer.later(now, move)
    clock = TimedLinkClock(peer)
    told = watched(clock, now + 5.0)
    begins = told[-1][2]
    assert clock.grid is not None
    assert begins is not None
    ours, theirs = (clock.grid.beat_at(now) - begins) % 4.0, peer.state.grid.beat_at(now) % 4.0
    assert min(abs(ours - theirs), 4.0 - abs(ours - theirs)) < 2e-3


def test_who_comes_and_who_goes_is_told() -> None:
    peer = FakeLink(bpm=120.0)
    for at, peers in ((1.0, 1), (2.0, 2), (3.0, 1), (4.0, 0)):
        peer.later(at, lambda at, peers=peers: peer.meet(peers))  # type: ignore[misc]
    told = watched(TimedLinkClock(peer), 6.0)
    assert [(at, news) for at, news, _ in told[1:]] == [(1.0, ClockNews.FOUND), (4.0, ClockNews.LOST)]


def test_taps_turn_the_tempo_of_all_and_are_no_music() -> None:
    peer = FakeLink(bpm=120.0)
    clock = TimedLinkClock(peer, tap=TapSettings(key=24, control=80))
    clock.advance(0.0)
    for at in (1.0, 1.6, 2.2):
        assert clock.receive(NoteOn(at, 3, 24, 90))
        assert clock.receive(NoteOff(at + 0.1, 3, 24))
    assert peer.wishes == [("100.0 bpm", 2.2)]
    clock.take_reports()
    clock.advance(2.3)
    assert [report.news for report in clock.take_reports()] == [ClockNews.TAPPED]
    assert not clock.passes(NoteOn(1.0, 3, 24, 90))
    assert clock.receive(ControlChange(9.0, 0, 80, 127))
    assert not clock.receive(NoteOn(9.0, 0, 25, 90))
    assert not clock.receive(ControlChange(9.0, 0, 64, 127))


def test_transport_that_comes_in_is_a_wish_and_is_passed_on() -> None:
    peer = FakeLink(bpm=120.0)
    clock = TimedLinkClock(peer)
    clock.advance(0.0)
    sent: list[MidiEvent] = [Other(1.0, b"\xfa"), Other(1.5, b"\xf8"), Other(2.0, b"\xfc"), Other(3.0, b"\xfb")]
    assert [clock.receive(event) for event in sent] == [True] * 4
    assert [clock.passes(event) for event in sent] == [True] * 4
    assert peer.wishes == [("start", 1.0), ("stop", 2.0), ("start", 3.0)]
    assert not clock.receive(Other(4.0, b"\xe0\x00\x40"))
