"""Panic: everything is silent at once, and the turn is the musician's."""

from __future__ import annotations

from dataclasses import replace

import pytest
from support.fakes import NoEcho
from support.jam import SETTINGS, Jam, TapedPlayer, jam, melody

from musedaemon.core.commands import GoOn, Panicked, PlannedNote, Play, Signalled, Silenced
from musedaemon.core.engine import EngineSettings
from musedaemon.core.events import ControlChange, MidiEvent, NoteOff, NoteOn, Other
from musedaemon.core.modes import Mode
from musedaemon.core.outlet import Outgoing
from musedaemon.core.player import Player, PlayerTiming
from musedaemon.core.signals import By, SignalSettings
from musedaemon.core.thru import nothing, unchanged
from musedaemon.core.turns import Turn

KEY = SignalSettings(panic_key=21)
CALL = melody([60, 62, 64, 65, 67])
HAND_OVER = 2.4 + 0.6


def play(serial: int, at: float, until: float, pitch: int) -> Play:
    return Play(PlannedNote(serial, at, until, 2, pitch, 80))


def playing(timing: PlayerTiming | None = None, signals: SignalSettings = KEY) -> Player:
    """The musician holds a key and the pedal on channel 0, a note of ours sounds on 2, another is pending."""
    it = Player(NoEcho(), unchanged, timing, signals)
    it.receive(NoteOn(0.0, 0, 50, 80))
    it.receive(ControlChange(0.0, 0, 64, 127))
    it.receive(ControlChange(0.0, 0, 66, 127))
    it.accept(play(0, 0.0, 9.0, 60), 0.0)
    it.accept(play(1, 5.0, 9.0, 62), 0.0)
    it.advance(0.0)
    it.take_reports()
    return it


def silence(at: float) -> list[MidiEvent]:
    return [
        ControlChange(at, 0, 64, 0),
        ControlChange(at, 2, 64, 0),
        ControlChange(at, 0, 66, 0),
        NoteOff(at, 0, 50),
        NoteOff(at, 2, 60),
        ControlChange(at, 0, 123, 0),
        ControlChange(at, 0, 120, 0),
        ControlChange(at, 2, 123, 0),
        ControlChange(at, 2, 120, 0),
    ]


def test_pedals_notes_and_every_channel_used_in_that_order() -> None:
    it = playing()
    assert [message.event for message in it.panic(1.0)] == silence(1.0)
    assert it.take_reports() == [Panicked(1.0, frozenset({0}))]
    assert it.sounding == 0
    assert it.next_deadline() == float("inf")
    assert it.flush(2.0) == []
    assert it.receive(NoteOff(2.0, 0, 50)) == []


def test_it_leaves_at_once_but_no_note_off_before_its_note_on() -> None:
    it = playing()
    it.accept(play(2, 1.5, 9.0, 70), 1.0)
    assert it.advance(1.0, ahead=0.6) == [Outgoing(NoteOn(1.5, 2, 70, 80), 2, 1.5)]
    waits = [message for message in it.panic(1.1) if message.not_before]
    silences = [Outgoing(ControlChange(1.1, on, mode, 0), None, 1.5) for on in (0, 2) for mode in (123, 120)]
    assert waits == [Outgoing(NoteOff(1.5, 2, 70), 2, 1.5), *silences]


def test_what_was_planned_before_the_engine_knew_never_sounds() -> None:
    it = playing()
    it.panic(1.0)
    it.panic(1.1)
    for command in (play(2, 1.0, 2.0, 70), GoOn(1.0), play(3, 1.0, 2.0, 70)):
        it.accept(command, 1.2)
    assert it.advance(1.2) == []
    it.accept(GoOn(1.1), 1.3)
    it.accept(play(4, 1.3, 2.0, 71), 1.3)
    assert [message.event for message in it.advance(1.3)] == [NoteOn(1.3, 2, 71, 80)]


@pytest.mark.parametrize(
    ("asked", "passes"),
    [
        ([NoteOn(1.0, 5, 21, 90)], []),
        ([ControlChange(1.0, 5, 30, 127), ControlChange(1.0, 5, 30, 100), ControlChange(1.1, 5, 30, 0)], []),
        ([Other(1.0, b"\xff")], [Other(1.0, b"\xff")]),
    ],
)
def test_a_key_a_control_or_a_system_reset_asks_for_it_once(asked: list[MidiEvent], passes: list[MidiEvent]) -> None:
    it = playing(signals=SignalSettings(panic_key=21, panic_control=30))
    sent = [message.event for event in asked for message in it.receive(event)]
    assert sent == [*silence(1.0), *passes]
    assert it.take_reports()[:2] == [Signalled(1.0, None), Panicked(1.0, frozenset({0}))]


def test_the_panic_key_itself_is_no_music_and_can_be_pressed_again() -> None:
    it = playing()
    for at in (1.0, 2.0):
        assert it.receive(NoteOn(at, 0, 21, 90))
        assert it.receive(NoteOff(at + 0.1, 0, 21)) == []


def panicked_jam(at: float, settings: EngineSettings = SETTINGS, later: tuple[MidiEvent, ...] = ()) -> Jam:
    events: list[MidiEvent] = [*CALL, NoteOn(at, 0, 21, 90), NoteOff(at + 0.1, 0, 21), *later]
    return jam(sorted(events, key=lambda event: event.at), settings, signals=KEY)


def after(done: Jam, at: float) -> list[MidiEvent]:
    return [event for event in done.response if event.at > at]


@pytest.mark.parametrize("mode", [Mode.CALL_RESPONSE, Mode.TRADE, Mode.DUET, Mode.SOLO])
def test_in_mid_reply_nothing_more_is_played_until_the_musician_plays(mode: Mode) -> None:
    settings = replace(SETTINGS, mode=mode, trade_bars=2, longest_beats=32.0)
    whole = jam(CALL, settings)
    starts = [note.at for note in whole.notes()]
    at = starts[len(starts) // 2] + 0.01
    done = panicked_jam(at, settings)
    assert done.notes() == [note for note in whole.notes() if note.at < at]
    assert [event for event in after(done, at) if isinstance(event, NoteOn)] == []
    again = panicked_jam(at, settings, tuple(melody([60, 62, 64, 65, 67], start=at + 2.0)))
    assert [event for event in after(again, at + 2.0) if isinstance(event, NoteOn)]


def test_in_mid_call_it_is_not_answered_and_what_was_heard_stays() -> None:
    done = panicked_jam(2.45)
    assert done.response == []
    assert done.engine.turn is Turn.WAITING
    assert done.engine.idle
    assert len(done.engine.memory) == len(CALL) / 2
    assert done.engine.moment.note is not None


def test_a_key_that_hangs_keeps_the_turn_no_longer() -> None:
    hanging = NoteOn(0.1, 0, 40, 80)
    call = tuple(melody([60, 62, 64, 65, 67], start=4.0))
    assert panicked_jam(3.0, later=(hanging, *call)).notes()


def test_what_sounds_ends_when_it_is_asked_for() -> None:
    at = HAND_OVER + 1.0
    player = TapedPlayer({}, KEY, thru=nothing)
    done = jam([*CALL, NoteOn(at, 0, 21, 90)], signals=KEY, player=player)
    assert player.sounding == 0
    assert max(event.at for event in done.response) <= at


def test_a_held_hand_over_is_let_go() -> None:
    held = SignalSettings(key=22, by=By.HOLD, panic_key=21)
    it = Player(NoEcho(), nothing, signals=held)
    it.receive(NoteOn(0.0, 0, 22, 80))
    it.receive(NoteOn(1.0, 0, 21, 80))
    it.take_reports()
    it.receive(NoteOn(2.0, 0, 22, 80))
    assert [report for report in it.take_reports() if isinstance(report, Signalled) and report.wish]


def test_it_is_told() -> None:
    done = jam([*CALL, NoteOn(3.5, 0, 21, 80), NoteOff(3.6, 0, 21)], signals=KEY, player=TapedPlayer({}, KEY))
    assert done.news == [Silenced(3.5)]
