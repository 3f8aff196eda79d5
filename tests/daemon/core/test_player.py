"""Notes of ours: when they leave, what is left out, how they are taken back, and that all of them end."""

from __future__ import annotations

import pytest
from support.plain_player import play, player

from musedaemon.core.commands import Dropped, Played, Withdraw, Withdrawn
from musedaemon.core.events import ControlChange, NoteOff, NoteOn
from musedaemon.core.outlet import Outgoing
from musedaemon.core.player import PlayerTiming


def test_a_planned_note_leaves_in_time_and_is_reported() -> None:
    it = player()
    assert it.accept(play(7, 1.0, 2.0), 0.0) == []
    assert it.next_deadline() == 1.0
    assert it.advance(1.25) == [Outgoing(NoteOn(1.0, 0, 60, 80), 7)]
    assert it.take_reports() == [Played(7, 1.0, 1.25)]
    assert it.advance(2.0) == [Outgoing(NoteOff(2.0, 0, 60), 7)]
    assert it.take_reports() == []
    assert it.sounding == 0


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


def test_a_note_that_would_leave_too_late_is_left_out_with_its_off_and_reported() -> None:
    it = player(timing=PlayerTiming(max_lateness=0.05))
    it.accept(play(0, 1.0, 2.0), 0.0)
    it.accept(play(1, 1.04, 2.0, pitch=64), 0.0)
    assert it.advance(1.07) == [Outgoing(NoteOn(1.04, 0, 64, 80), 1)]
    assert it.take_reports() == [Dropped(0, 1.07), Played(1, 1.04, 1.07)]
    assert it.advance(9.0) == [Outgoing(NoteOff(2.0, 0, 64), 1)]
    assert (it.notes_played, it.notes_dropped) == (1, 1)
    assert list(it.lateness) == pytest.approx([0.03])


def test_a_note_off_is_never_too_late() -> None:
    it = player(timing=PlayerTiming(max_lateness=0.05))
    it.accept(play(0, 1.0, 2.0), 0.0)
    it.advance(1.0)
    assert it.advance(99.0) == [Outgoing(NoteOff(2.0, 0, 60), 0)]


def test_with_an_offset_our_notes_leave_earlier_and_keep_their_musical_times() -> None:
    it = player(timing=PlayerTiming(offset=0.25))
    it.accept(play(0, 1.0, 2.0), 0.0)
    assert it.next_deadline() == 0.75
    assert it.advance(0.75) == [Outgoing(NoteOn(1.0, 0, 60, 80), 0)]
    assert it.take_reports() == [Played(0, 1.0, 0.75)]
    assert it.next_deadline() == 1.75
    assert list(it.lateness) == [0.0]


def test_with_an_offset_thru_leaves_at_once_and_a_withdrawn_note_ends_after_it_began() -> None:
    it = player(timing=PlayerTiming(offset=0.25))
    it.accept(play(0, 1.0, 2.0), 0.0)
    it.advance(0.75)
    assert it.receive(NoteOn(0.8, 0, 48, 80)) == [Outgoing(NoteOn(0.8, 0, 48, 80), None)]
    assert it.accept(Withdraw(0.8), 0.8) == [Outgoing(NoteOff(1.05, 0, 60), 0)]


def test_a_port_that_times_its_messages_gets_them_ahead() -> None:
    it = player()
    it.accept(play(0, 1.0, 1.01), 0.0)
    assert it.next_deadline(ahead=0.125) == 0.875
    assert it.advance(0.875, ahead=0.125) == [Outgoing(NoteOn(1.0, 0, 60, 80), 0, not_before=1.0)]
    assert it.take_reports() == [Played(0, 1.0, 1.0)]
    assert it.advance(0.9, ahead=0.125) == [Outgoing(NoteOff(1.01, 0, 60), 0, not_before=1.01)]


def test_what_a_timing_port_has_already_is_never_overtaken_on_its_own_pitch() -> None:
    it = player()
    it.accept(play(0, 1.0, 2.0), 0.0)
    it.advance(0.9, ahead=0.125)
    assert it.receive(NoteOn(0.95, 0, 60, 99)) == [
        Outgoing(NoteOff(1.0, 0, 60), 0, not_before=1.0),
        Outgoing(NoteOn(0.95, 0, 60, 99), None, not_before=1.0),
    ]
    assert it.receive(NoteOn(0.95, 0, 61, 99)) == [Outgoing(NoteOn(0.95, 0, 61, 99), None)]
    assert it.flush(0.96)[0].not_before == 1.0


def test_a_withdrawal_ends_what_a_timing_port_has_already_as_it_begins() -> None:
    it = player()
    it.accept(play(0, 1.0, 2.0), 0.0)
    it.advance(0.9, ahead=0.125)
    assert it.accept(Withdraw(0.95), 0.95) == [Outgoing(NoteOff(1.0, 0, 60), 0, not_before=1.0)]
