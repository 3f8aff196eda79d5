from __future__ import annotations

from support.fakes import NoEcho

from musedaemon.core.active_sensing import GONE_AFTER_S
from musedaemon.core.commands import Heard
from musedaemon.core.connected import ConnectedPlayer
from musedaemon.core.events import ControlChange, MidiEvent, NoteOff, NoteOn, Other
from musedaemon.core.outlet import Outgoing
from musedaemon.core.player import Player

DOWN = NoteOn(1.0, 3, 60, 80)
SENSING = Other(1.2, b"\xfe")


def after(*events: MidiEvent) -> ConnectedPlayer:
    it = ConnectedPlayer(Player(NoEcho()))
    for event in events:
        it.receive(event)
    it.take_reports()
    return it


def test_an_instrument_that_falls_silent_lets_go_of_its_keys_and_pedals() -> None:
    it = after(DOWN, ControlChange(1.0, 3, 64, 127), SENSING)
    gone = 1.2 + GONE_AFTER_S
    assert it.next_deadline() == gone
    assert it.heard_nothing(gone - 0.001) == []
    ends: list[MidiEvent] = [NoteOff(gone, 3, 60), ControlChange(gone, 3, 64, 0)]
    assert it.heard_nothing(gone) == [Outgoing(event, None) for event in ends]
    assert it.take_reports() == [Heard(event) for event in ends]
    assert it.next_deadline() == float("inf")


def test_any_message_shows_that_it_is_there() -> None:
    it = after(DOWN, SENSING, Other(1.4, b"\xf8"))
    assert it.heard_nothing(1.2 + GONE_AFTER_S) == []
    assert it.next_deadline() == 1.4 + GONE_AFTER_S


def test_who_never_sends_it_may_be_silent_for_ever() -> None:
    it = after(DOWN)
    assert it.next_deadline() == float("inf")
    assert it.heard_nothing(1e9) == []


def test_it_is_neither_passed_on_nor_heard() -> None:
    it = after()
    assert it.receive(SENSING) == []
    assert it.take_reports() == []


def test_one_that_comes_back_is_watched_again() -> None:
    it = after(SENSING)
    assert it.heard_nothing(2.0) == []
    it.receive(DOWN._replace(at=3.0))
    it.receive(SENSING._replace(at=3.2))
    assert it.heard_nothing(4.0) == [Outgoing(NoteOff(4.0, 3, 60), None)]
