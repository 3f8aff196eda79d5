"""What the musician plays: passed on, moved to another channel, told from signals, and ended beside our own notes."""

from __future__ import annotations

import pytest
from support.fakes import NoEcho
from support.plain_player import play, player

from musedaemon.core.commands import Heard, Signalled
from musedaemon.core.events import ControlChange, MidiEvent, NoteOff, NoteOn, Other
from musedaemon.core.outlet import Outgoing
from musedaemon.core.player import Player
from musedaemon.core.signals import By, SignalSettings, Wish
from musedaemon.core.thru import nothing, on_channel, unchanged


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


def test_the_musician_striking_our_sounding_pitch_takes_it_over() -> None:
    it = player()
    it.accept(play(0, 0.0, 4.0), 0.0)
    it.advance(0.0)
    assert it.receive(NoteOn(1.0, 0, 60, 99)) == [
        Outgoing(NoteOff(1.0, 0, 60), 0),
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


def test_thru_can_move_everything_to_one_channel() -> None:
    it = player(on_channel(4))
    events: list[MidiEvent] = [
        NoteOn(0.0, 0, 60, 80),
        ControlChange(0.1, 0, 1, 7),
        Other(0.2, b"\xe0\x00\x40"),
        Other(0.3, b"\xf8"),
    ]
    assert [message.event for event in events for message in it.receive(event)] == [
        NoteOn(0.0, 4, 60, 80),
        ControlChange(0.1, 4, 1, 7),
        Other(0.2, b"\xe4\x00\x40"),
        Other(0.3, b"\xf8"),
    ]
    assert it.take_reports() == [Heard(event) for event in events]
    assert it.receive(NoteOff(0.4, 0, 60, 9)) == [Outgoing(NoteOff(0.4, 4, 60, 9), None)]


def test_of_two_keys_moved_to_one_pitch_the_last_struck_holds_it() -> None:
    it = player(on_channel(4))
    it.receive(NoteOn(0.0, 0, 60, 80))
    it.receive(NoteOn(0.1, 1, 60, 90))
    assert it.receive(NoteOff(0.2, 0, 60)) == []
    assert it.receive(NoteOff(0.3, 1, 60)) == [Outgoing(NoteOff(0.3, 4, 60), None)]


def test_a_pedal_that_was_moved_comes_up_where_it_went() -> None:
    it = player(on_channel(4))
    it.receive(ControlChange(0.0, 0, 64, 127))
    assert it.flush(1.0) == [Outgoing(ControlChange(1.0, 4, 64, 0), None)]


def test_on_the_way_out_every_pedal_that_holds_notes_comes_up() -> None:
    it = player()
    for control in (1, 64, 66, 67, 69):
        it.receive(ControlChange(0.0, 3, control, 127))
    it.receive(ControlChange(0.5, 3, 64, 63))
    it.receive(ControlChange(0.5, 2, 66, 64))
    ups = [ControlChange(1.0, 2, 66, 0), ControlChange(1.0, 3, 66, 0), ControlChange(1.0, 3, 69, 0)]
    assert it.flush(1.0) == [Outgoing(up, None) for up in ups]
    assert it.flush(2.0) == []


def test_a_silenced_channel_ends_the_keys_that_were_moved_away_from_it() -> None:
    it = player(on_channel(4))
    it.receive(NoteOn(0.0, 0, 60, 80))
    silence = ControlChange(1.0, 0, 123, 0)
    assert it.receive(silence) == [Outgoing(NoteOff(1.0, 4, 60), None), Outgoing(silence._replace(channel=4), None)]


def test_a_signal_is_told_and_not_passed_and_the_transport_is_both() -> None:
    it = Player(NoEcho(), unchanged, signals=SignalSettings(controls=frozenset({64}), key=21, transport=True))
    start = Other(0.4, b"\xfa")
    events: list[MidiEvent] = [ControlChange(0.1, 0, 64, 127), NoteOn(0.2, 0, 21, 80), NoteOff(0.3, 0, 21), start]
    assert [message for event in events for message in it.receive(event)] == [Outgoing(start, None)]
    assert it.take_reports() == [
        Signalled(0.1, Wish.TURN),
        Signalled(0.2, Wish.TURN),
        Signalled(0.3, None),
        Signalled(0.4, Wish.HAND_OVER),
    ]
    assert it.notes_heard == 0
    assert it.flush(1.0) == []


def test_a_silence_takes_back_what_a_held_key_handed_over_and_is_heard_and_passed_on() -> None:
    it = Player(NoEcho(), unchanged, signals=SignalSettings(key=21, by=By.HOLD))
    it.receive(NoteOn(0.0, 0, 21, 80))
    silence = ControlChange(1.0, 0, 123, 0)
    assert it.receive(silence) == [Outgoing(silence, None)]
    assert it.take_reports() == [Signalled(0.0, Wish.HOLD), Signalled(1.0, Wish.TAKE_BACK), Heard(silence)]
