from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.fakes import NoEcho

from musedaemon.core.commands import Heard, PlannedNote, Play, Played, Withdraw, Withdrawn
from musedaemon.core.events import ControlChange, MidiEvent, NoteOff, NoteOn, Other
from musedaemon.core.player import Outgoing, Player, Thru, nothing, unchanged


def player(thru: Thru = unchanged) -> Player:
    return Player(NoEcho(), thru)


def play(serial: int, at: float, until: float, pitch: int = 60, channel: int = 0) -> Play:
    return Play(PlannedNote(serial, at, until, channel, pitch, 80))


def test_a_planned_note_leaves_in_time_and_is_reported() -> None:
    it = player()
    assert it.accept(play(7, 1.0, 2.0), 0.0) == []
    assert it.next_deadline() == 1.0
    assert it.advance(1.25) == [Outgoing(NoteOn(1.0, 0, 60, 80), 7)]
    assert it.take_reports() == [Played(7, 1.0, 1.25)]
    assert it.advance(2.0) == [Outgoing(NoteOff(2.0, 0, 60), 7)]
    assert it.take_reports() == []
    assert it.sounding == 0


def test_thru_passes_everything_unchanged() -> None:
    it = player()
    events: list[MidiEvent] = [
        NoteOn(0.0, 3, 60, 1),
        ControlChange(0.1, 3, 1, 77),
        Other(0.2, b"\xe3\x00\x40"),
        NoteOff(0.3, 3, 60, 12),
    ]
    assert [message for event in events for message in it.receive(event)] == [Outgoing(e, None) for e in events]
    assert it.take_reports() == [Heard(event) for event in events]


def test_without_thru_it_only_hears() -> None:
    it = player(thru=nothing)
    assert it.receive(NoteOn(0.0, 0, 60, 80)) == []
    assert it.take_reports() == [Heard(NoteOn(0.0, 0, 60, 80))]
    assert it.flush(1.0) == []


def test_an_orphan_note_off_is_dropped() -> None:
    assert player().receive(NoteOff(0.0, 0, 60)) == []


def test_withdraw_releases_ours_and_only_ours() -> None:
    it = player()
    it.receive(NoteOn(0.0, 0, 48, 80))
    it.accept(play(0, 0.0, 4.0, pitch=60), 0.0)
    it.accept(play(1, 1.0, 2.0, pitch=62), 0.0)
    it.advance(0.0)
    it.take_reports()
    assert it.accept(Withdraw(0.5), 0.5) == [Outgoing(NoteOff(0.5, 0, 60), 0)]
    assert it.take_reports() == [Withdrawn(0.5)]
    assert it.next_deadline() == float("inf")
    assert it.flush(1.0) == [Outgoing(NoteOff(1.0, 0, 48), None)]


def test_the_musician_striking_our_sounding_pitch_takes_it_over() -> None:
    it = player()
    it.accept(play(0, 0.0, 4.0), 0.0)
    it.advance(0.0)
    assert it.receive(NoteOn(1.0, 0, 60, 99)) == [
        Outgoing(NoteOff(1.0, 0, 60), None),
        Outgoing(NoteOn(1.0, 0, 60, 99), None),
    ]
    assert it.advance(4.0) == []  # our own off comes too late and says nothing
    assert it.receive(NoteOff(5.0, 0, 60)) == [Outgoing(NoteOff(5.0, 0, 60), None)]


def test_the_musicians_off_does_not_end_our_note() -> None:
    it = player()
    it.receive(NoteOn(0.0, 0, 60, 99))
    it.accept(play(0, 1.0, 4.0), 0.0)
    it.advance(1.0)
    assert it.receive(NoteOff(2.0, 0, 60)) == []
    assert it.advance(4.0) == [Outgoing(NoteOff(4.0, 0, 60), 0)]


@pytest.mark.parametrize("control", [120, 123, 124, 125, 126, 127])
def test_a_channel_silenced_from_outside_leaves_no_note_in_the_ledger(control: int) -> None:
    it = player()
    it.receive(NoteOn(0.0, 2, 60, 99))
    it.receive(NoteOn(0.0, 3, 60, 99))
    silence = ControlChange(1.0, 2, control, 0)
    assert it.receive(silence) == [Outgoing(NoteOff(1.0, 2, 60), None), Outgoing(silence, None)]
    assert it.sounding == 1


def test_on_the_way_out_pedals_come_up_and_every_note_ends() -> None:
    it = player()
    it.receive(ControlChange(0.0, 1, 64, 127))
    it.receive(NoteOn(0.0, 1, 50, 80))
    it.accept(play(0, 0.0, 9.0), 0.0)
    it.accept(play(1, 5.0, 9.0), 0.0)
    it.advance(0.0)
    assert it.flush(2.0) == [
        Outgoing(ControlChange(2.0, 1, 64, 0), None),
        Outgoing(NoteOff(2.0, 0, 60), 0),
        Outgoing(NoteOff(2.0, 1, 50), None),
    ]
    assert it.flush(3.0) == []
    assert it.advance(99.0) == []


def test_on_the_way_out_what_was_due_ends_at_its_own_time_and_nothing_starts() -> None:
    it = player()
    it.accept(play(0, 0.0, 1.0), 0.0)
    it.accept(play(1, 1.0, 2.0, pitch=62), 0.0)
    it.advance(0.0)
    assert it.flush(1.5) == [Outgoing(NoteOff(1.0, 0, 60), 0)]


class EverythingEchoes(NoEcho):
    def is_echo(self, event: MidiEvent, held: object) -> bool:
        return True


def test_our_own_echo_is_neither_heard_nor_passed_on() -> None:
    it = Player(EverythingEchoes())
    assert it.receive(NoteOn(0.0, 0, 60, 80)) == []
    assert it.take_reports() == []


steps = st.lists(
    st.one_of(
        st.tuples(st.just("on"), st.integers(0, 1), st.integers(60, 63)),
        st.tuples(st.just("off"), st.integers(0, 1), st.integers(60, 63)),
        st.tuples(st.just("play"), st.integers(0, 1), st.integers(60, 63)),
        st.tuples(st.just("withdraw"), st.just(0), st.just(0)),
        st.tuples(st.just("silence"), st.integers(0, 1), st.just(123)),
        st.tuples(st.just("wait"), st.integers(1, 9), st.just(0)),
    ),
    max_size=60,
)


@given(steps)
def test_whatever_happens_every_note_on_has_exactly_one_note_off(script: list[tuple[str, int, int]]) -> None:
    it = player()
    now = 0.0
    sent: list[Outgoing] = []
    for serial, (what, a, b) in enumerate(script):
        if what == "on":
            sent += it.receive(NoteOn(now, a, b, 80))
        elif what == "off":
            sent += it.receive(NoteOff(now, a, b))
        elif what == "play":
            sent += it.accept(play(serial, now + b % 3, now + b % 3 + 1 + b % 4, pitch=b, channel=a), now)
        elif what == "withdraw":
            sent += it.accept(Withdraw(now), now)
        elif what == "silence":
            sent += it.receive(ControlChange(now, a, b, 0))
        else:
            now += a / 4
        sent += it.advance(now)
    sent += it.flush(now)
    sounding: set[tuple[int, int]] = set()
    for message in sent:
        match message.event:
            case NoteOn(_, channel, pitch, _):
                assert (channel, pitch) not in sounding
                sounding.add((channel, pitch))
            case NoteOff(_, channel, pitch, _):
                assert (channel, pitch) in sounding
                sounding.remove((channel, pitch))
    assert not sounding
