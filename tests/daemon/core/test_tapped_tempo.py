"""A tempo that is tapped where no clock runs, in virtual time."""

from __future__ import annotations

import pytest
from support.fakes import NoEcho
from support.jam import jam, melody

from musedaemon.core.beat_source import NoClock
from musedaemon.core.commands import ClockState, Tapped
from musedaemon.core.events import ControlChange, MidiEvent, NoteOff, NoteOn
from musedaemon.core.midi_clock import ClockNews
from musedaemon.core.player import Player
from musedaemon.core.tap_tempo import TapSettings
from musedaemon.core.tempo import TempoFrom
from musedaemon.core.thru import unchanged

TAP_KEY = 21


def taps(bpm: float, count: int, start: float = 0.0) -> list[MidiEvent]:
    times = [start + index * 60.0 / bpm for index in range(count)]
    return [event for at in times for event in (NoteOn(at, 0, TAP_KEY, 90), NoteOff(at + 0.05, 0, TAP_KEY))]


def tapped_player() -> Player:
    return Player(NoEcho(), unchanged, beats=NoClock(TapSettings(key=TAP_KEY, control=80)))


def test_replies_come_at_the_tempo_that_was_tapped() -> None:
    # Even notes at 0.5 s: found in the playing, they would be 120 or 60.
    events = [*taps(100.0, 4), *melody([60, 62, 64, 65, 67, 65, 64, 62], start=3.0)]
    done = jam(events, bpm=None, player=tapped_player())
    assert [(round(over.bpm, 3), over.tempo_from) for over in done.turns] == [(100.0, TempoFrom.TAPPED)]
    told = [(news.news, round(news.bpm, 3)) for news in done.news if isinstance(news, ClockState)]
    assert told == [(ClockNews.TAPPED, 100.0)] * 2


def test_taps_are_no_music() -> None:
    done = jam([*taps(100.0, 4), *melody([60, 62, 64, 65], start=3.0)], bpm=None, player=tapped_player())
    assert {event.pitch for event in done.heard if isinstance(event, NoteOn | NoteOff)} == {60, 62, 64, 65}
    player = tapped_player()
    assert [message for event in taps(100.0, 1) for message in player.receive(event)] == []


def test_a_tempo_that_was_given_gives_way_to_taps() -> None:
    done = jam([*taps(90.0, 3), *melody([60, 62, 64, 65], start=3.0)], bpm=140.0, player=tapped_player())
    assert [over.bpm for over in done.turns] == [pytest.approx(90.0)]


def test_a_control_and_the_terminal_tap_the_same_tempo() -> None:
    source = NoClock(TapSettings(key=TAP_KEY, control=80))
    assert source.receive(ControlChange(0.0, 3, 80, 127))
    assert source.receive(ControlChange(0.1, 3, 80, 0))
    source.tap(0.5)
    source.tap(1.0)
    assert list(source.take_reports()) == [Tapped(1.0, 120.0)]
    assert not source.receive(ControlChange(1.1, 3, 81, 127))
    assert not NoClock().receive(NoteOn(0.0, 0, TAP_KEY, 90))


def test_what_was_heard_of_a_phrase_is_counted_in_the_tempo_that_is_tapped_in_its_midst() -> None:
    """What was taken for quarters at 120 is eighths at 60, for the model too."""
    call = melody([60, 62, 64, 65, 67, 65, 64, 62], start=3.0)
    before = jam([*taps(60.0, 3), *call], bpm=120.0, player=tapped_player())
    events = sorted([*taps(60.0, 3, start=4.1), *call], key=lambda event: event.at)
    midst = jam(events, bpm=120.0, player=tapped_player())
    assert [over.bpm for over in midst.turns] == [pytest.approx(60.0)]
    assert midst.notes() == before.notes()
    assert midst.engine.moment.state.c.tolist() == before.engine.moment.state.c.tolist()
