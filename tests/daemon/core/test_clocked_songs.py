"""Songs along a MIDI clock begin, stop and leap, and bars are traded, in virtual time."""

from __future__ import annotations

from dataclasses import replace

import pytest
from support.clocked import LONG_CALL, ON_BAR, along, beats_of, clock
from support.fakes import FakeModel, NoEcho
from support.jam import SETTINGS, jam, melody

from musedaemon.core.beat_grid import Beat, BeatGrid
from musedaemon.core.beat_source import FollowedClock
from musedaemon.core.commands import (
    ClockMoved,
    ClockState,
    HandedOver,
    Heard,
    OutputFound,
    OutputLost,
    Signalled,
    Withdraw,
    Withdrawn,
)
from musedaemon.core.engine import Engine
from musedaemon.core.events import ControlChange, MidiEvent, NoteOff, NoteOn, Other
from musedaemon.core.feel import Feel, StartOn
from musedaemon.core.midi_clock import ClockNews
from musedaemon.core.modes import Mode
from musedaemon.core.outlet import Outgoing
from musedaemon.core.player import Player
from musedaemon.core.signals import SignalSettings, Wish
from musedaemon.core.tempo import TempoTracker
from musedaemon.core.thru import nothing, unchanged


def sent_by(player: Player, events: list[MidiEvent]) -> list[bytes]:
    sent: list[Outgoing] = []
    for event in events:
        sent += player.receive(event)
    return [one.event.data for one in sent if isinstance(one.event, Other)]


def test_the_clock_is_passed_thru_also_where_start_is_a_signal() -> None:
    events: list[MidiEvent] = [Other(0.0, b"\xfa"), Other(0.1, b"\xf8"), Other(0.2, b"\xfc")]
    signals = SignalSettings(transport=True)
    player = Player(NoEcho(), unchanged, signals=signals, beats=FollowedClock())
    assert sent_by(player, events) == [b"\xfa", b"\xf8", b"\xfc"]


LOOPS: dict[str, list[tuple[float, bytes]]] = {
    "by Song Position": [(0.001, b"\xf2\x00\x00")],
    "by Start": [(0.001, b"\xfa")],
    "by Song Position and Continue": [(0.001, b"\xf2\x10\x00"), (0.001, b"\xfb")],
    "as Ardour does": [(0.0053, b"\xfc"), (0.0, b"\xfa")],
    "with a position": [(0.01, b"\xfc"), (0.01, b"\xf2\x20\x00"), (0.001, b"\xfb")],
}
"""Before the pulse that begins it anew, so many seconds."""
LOOPED_AT = 0.1 + 16 * 0.5
"""At 120 beats a minute the fifth bar begins then; the reply to `LONG_CALL` sounds."""


def looped(messages: list[tuple[float, bytes]], at: float = LOOPED_AT) -> list[MidiEvent]:
    """A clock that is put elsewhere just before the pulse at that time."""
    leap: list[MidiEvent] = [Other(at - before - 1e-6, data) for before, data in messages]
    return sorted([*clock([120.0] * 32), *leap], key=lambda event: event.at)


def told_of(event: MidiEvent) -> tuple[type, int, float]:
    assert isinstance(event, NoteOn | NoteOff)
    return type(event), event.pitch, round(event.at, 9)


@pytest.mark.parametrize("mode", [Mode.CALL_RESPONSE, Mode.TRADE, Mode.DUET, Mode.SOLO])
@pytest.mark.parametrize("messages", LOOPS.values(), ids=LOOPS)
def test_a_loop_of_whole_bars_is_not_noticed(messages: list[tuple[float, bytes]], mode: Mode) -> None:
    settings = replace(ON_BAR, mode=mode, trade_bars=3, longest_beats=12.0)
    through, around = along(clock([120.0] * 32), LONG_CALL, settings), along(looped(messages), LONG_CALL, settings)
    assert any(note.at > LOOPED_AT for note in through.notes()) or mode is Mode.DUET
    assert [told_of(event) for event in around.response] == [told_of(event) for event in through.response]
    assert [(over.call_notes, over.withdrawn) for over in around.turns] == [
        (over.call_notes, over.withdrawn) for over in through.turns
    ]
    assert [one.news for one in around.news if isinstance(one, ClockState)] == [ClockNews.STARTED, ClockNews.LOST]


def test_a_loop_of_no_whole_bars_takes_the_reply_back() -> None:
    at = LOOPED_AT + 0.5
    done = along(looped(LOOPS["by Start"], at), LONG_CALL)
    assert [over.withdrawn for over in done.turns] == [True]
    assert max(event.at for event in done.response) <= at + 0.01


@pytest.mark.parametrize("mode", [Mode.CALL_RESPONSE, Mode.SOLO])
def test_a_song_that_is_stopped_to_be_put_elsewhere_has_not_ended(mode: Mode) -> None:
    pulses, again = clock([120.0] * 8)[: 1 + 95], clock([120.0] * 20, start=2.1)
    settings = replace(SETTINGS, mode=mode, longest_beats=4.0)
    done = along([*pulses, Other(2.03, b"\xfc"), *again], LONG_CALL, settings)
    assert [over.call_notes for over in done.turns] == [len(LONG_CALL) // 2]
    ended = along([*pulses, Other(2.03, b"\xfc"), *again], LONG_CALL[:14], settings)
    assert [over.call_notes for over in ended.turns] == [7]


def test_a_new_song_takes_the_reply_back() -> None:
    pulses = clock([120.0] * 15)
    done = along([*pulses, *clock([120.0] * 20, start=pulses[-1].at + 0.06)], LONG_CALL)
    assert [over.withdrawn for over in done.turns] == [True]
    assert max(event.at for event in done.response) <= pulses[-1].at + 0.07


LEAPS: dict[str, list[MidiEvent]] = {
    "stopped and continued": [Other(6.3, b"\xfc"), Other(8.3, b"\xfb")],
    "started again": [Other(6.3, b"\xfa")],
    "put elsewhere": [Other(6.3, b"\xf2\x00\x00")],
}


@pytest.mark.parametrize("ahead", [0.003, 0.1])
@pytest.mark.parametrize(("start_on", "first"), [(StartOn.BEAT, 1.0), (StartOn.BAR, 4.0)])
def test_a_turn_that_start_hands_over_lies_on_the_beats_of_its_song(
    ahead: float, start_on: StartOn, first: float
) -> None:
    signals = SignalSettings(transport=True)
    settings = replace(SETTINGS, feel=Feel(start_on), signals=signals, hand_over_s=0.0)
    song: list[MidiEvent] = [Other(6.0 - ahead, b"\xfa"), *clock([120.0] * 20, start=6.0)[1:]]
    events = sorted([*clock([120.0] * 8), Other(4.11, b"\xfc"), *song, *LONG_CALL[:8]], key=lambda event: event.at)
    player = Player(NoEcho(), nothing, signals=signals, beats=FollowedClock())
    beats = beats_of(jam(events, settings, bpm=None, player=player, signals=signals), 120.0, start=6.0)
    assert beats[:3] == pytest.approx([first, first + 0.5, first + 1.0])


@pytest.mark.parametrize("leap", LEAPS.values(), ids=LEAPS)
def test_a_duet_and_a_solo_go_on_with_the_next_song(leap: list[MidiEvent]) -> None:
    pulses, again = [*clock([120.0] * 30), *leap], melody([67, 65, 64, 62] * 3, start=10.0, step=0.25, length=0.2)
    stops_at, goes_on_at = leap[0].at, leap[-1].at
    duet = along(pulses, [*LONG_CALL, *again], replace(SETTINGS, mode=Mode.DUET))
    assert any(note.at > 10.0 for note in duet.notes())
    solo = along(pulses, LONG_CALL, replace(SETTINGS, mode=Mode.SOLO, longest_beats=40.0))
    assert any(note.at < stops_at for note in solo.notes())
    assert not any(stops_at < note.at < goes_on_at for note in [*duet.notes(), *solo.notes()])
    assert any(note.at < goes_on_at + 1.0 for note in solo.notes() if note.at > goes_on_at)


def test_a_reply_or_what_was_taken_back_before_does_not_go_on_with_the_next_song() -> None:
    pulses = [*clock([120.0] * 30), *LEAPS["stopped and continued"]]
    assert not any(note.at > 6.3 for note in along(pulses, LONG_CALL, SETTINGS).notes())
    take_back: list[MidiEvent] = [NoteOn(6.0, 0, 21, 80), NoteOff(6.1, 0, 21)]
    settings = replace(SETTINGS, mode=Mode.SOLO, longest_beats=40.0, signals=SignalSettings(key=21))
    events = sorted([*pulses, *LONG_CALL, *take_back], key=lambda event: event.at)
    player = Player(NoEcho(), nothing, signals=settings.signals, beats=FollowedClock())
    solo = jam(events, settings, bpm=None, player=player, signals=settings.signals)
    assert solo.notes()
    assert not any(note.at > 6.0 for note in solo.notes())


@pytest.mark.parametrize("mode", [Mode.CALL_RESPONSE, Mode.TRADE, Mode.SOLO])
@pytest.mark.parametrize("stop_at", [3.4, 3.9])
def test_what_was_played_before_a_song_ended_is_not_answered_and_what_is_played_after_is(
    mode: Mode, stop_at: float
) -> None:
    """Stop in mid-call, and in the silence after it that would have handed over."""
    call = LONG_CALL[:26]
    again = melody([67, 65, 64, 62], start=8.0, step=0.25, length=0.2)
    settings = replace(SETTINGS, mode=mode, trade_bars=2, longest_beats=4.0)
    song: list[MidiEvent] = [*clock([120.0] * 20)[: int(stop_at * 48)], Other(stop_at, b"\xfc")]
    done = along(song, [*call, *again], settings)
    assert min(note.at for note in done.notes()) > 8.7
    assert [over.call_notes for over in done.turns] == [4]


@pytest.mark.parametrize("before", [Mode.LISTEN, Mode.SOLO])
def test_what_was_played_before_a_song_ended_is_not_answered_in_another_mode_either(before: Mode) -> None:
    signals = SignalSettings(mode_control=80)
    settings = replace(SETTINGS, mode=before, signals=signals)
    song: list[MidiEvent] = [*clock([120.0] * 20)[:96], Other(2.05, b"\xfc")]
    switch: list[MidiEvent] = [ControlChange(2.3, 0, 80, 0)]
    events = [*sorted([*song, *LONG_CALL[:12]], key=lambda event: event.at), *switch]
    player = Player(NoEcho(), nothing, signals=signals, beats=FollowedClock())
    done = jam(events, settings, bpm=None, player=player, signals=signals)
    assert done.engine.mode is Mode.CALL_RESPONSE
    assert not any(note.at > 2.06 for note in done.notes())


def test_who_plays_on_over_the_end_of_the_song_is_answered_to_all_of_it() -> None:
    song: list[MidiEvent] = [*clock([120.0] * 20)[:96], Other(2.1, b"\xfc")]
    done = along(song, LONG_CALL, SETTINGS)
    assert [over.call_notes for over in done.turns] == [len(LONG_CALL) // 2]


def test_a_signal_still_hands_over_what_was_played_before_the_song_ended() -> None:
    settings = replace(SETTINGS, signals=SignalSettings(key=21))
    key: list[MidiEvent] = [NoteOn(8.0, 0, 21, 80), NoteOff(8.1, 0, 21)]
    song: list[MidiEvent] = [*clock([120.0] * 20)[:96], Other(4.2, b"\xfc")]
    player = Player(NoEcho(), nothing, signals=settings.signals, beats=FollowedClock())
    done = jam(
        [*sorted([*song, *LONG_CALL], key=lambda e: e.at), *key],
        settings,
        bpm=None,
        player=player,
        signals=settings.signals,
    )
    assert 8.0 < min(note.at for note in done.notes()) < 8.6


def test_a_duet_is_silent_while_the_song_is_stopped_and_so_is_what_it_becomes() -> None:
    settings = replace(SETTINGS, mode=Mode.DUET, signals=SignalSettings(mode_control=80))
    stopped = [*clock([120.0] * 30), Other(4.3, b"\xfc")]
    switch: list[MidiEvent] = [ControlChange(7.6, 0, 80, 127)]
    playing = melody([67, 65, 64, 62] * 3, start=5.0, step=0.25, length=0.2)
    events = sorted([*stopped, *LONG_CALL[:24], *playing, *switch], key=lambda event: event.at)
    player = Player(NoEcho(), nothing, signals=settings.signals, beats=FollowedClock())
    done = jam(events, settings, bpm=None, player=player, signals=settings.signals)
    assert done.notes()
    assert not any(note.at > 4.3 for note in done.notes())


def test_a_duet_that_a_stopped_song_silenced_stays_silent_after_a_panic() -> None:
    settings = replace(SETTINGS, mode=Mode.DUET, signals=SignalSettings(panic_control=80))
    stopped = [*clock([120.0] * 30)[:200], Other(4.3, b"\xfc"), *clock([120.0] * 30, start=9.0)]
    panic: list[MidiEvent] = [ControlChange(4.6, 0, 80, 127)]
    playing = melody([67, 65, 64, 62] * 6, start=5.0, step=0.25, length=0.2)
    events = sorted([*stopped, *LONG_CALL[:24], *panic, *playing], key=lambda event: event.at)
    player = Player(NoEcho(), nothing, signals=settings.signals, beats=FollowedClock())
    done = jam(events, settings, bpm=None, player=player, signals=settings.signals)
    assert not any(4.3 < note.at < 9.0 for note in done.notes())
    assert any(note.at > 9.0 for note in done.notes())


def test_an_output_that_is_back_begins_no_solo_while_the_song_is_stopped() -> None:
    engine = Engine(FakeModel(), TempoTracker(None), replace(SETTINGS, mode=Mode.SOLO))
    grid = BeatGrid(0.0, 0.0, 120.0)
    engine.receive(ClockMoved(Beat(0.0, grid, 0.0), ClockNews.STARTED))
    for event in LONG_CALL:
        engine.receive(Heard(event))
    engine.receive(Signalled(6.3, Wish.HAND_OVER))
    assert Withdraw(7.0) in engine.receive(ClockMoved(Beat(7.0, grid, None), ClockNews.STOPPED))
    engine.receive(Withdrawn(7.0))
    assert engine.receive(OutputLost(8.0)) == engine.receive(OutputFound(9.0)) == []
    begun = engine.receive(ClockMoved(Beat(10.0, grid, 20.0), ClockNews.STARTED))
    assert any(isinstance(effect, HandedOver) for effect in begun)


def test_who_comes_in_with_the_song_takes_the_solo_back() -> None:
    pulses = [*clock([120.0] * 30), *LEAPS["stopped and continued"]]
    entry = melody([72], start=8.35, length=4.0)
    solo = along(pulses, [*LONG_CALL, *entry], replace(SETTINGS, mode=Mode.SOLO, longest_beats=40.0))
    assert not any(8.35 < note.at < 12.35 for note in solo.notes())


@pytest.mark.parametrize("bpms", [[120.0] * 12 + [80.0] * 40, [120.0] * 12 + [180.0] * 40])
def test_traded_bars_end_with_the_clocks_bars_though_the_tempo_changes_in_them(bpms: list[float]) -> None:
    trade = replace(SETTINGS, mode=Mode.TRADE, trade_bars=2)
    done = along(clock(bpms), melody([60, 62, 64, 65, 67, 65, 64, 62], start=0.1), trade)
    # Theirs are the beats 0 to 8, ours 8 to 16: the tempo changes on beat 12.
    ends = 0.1 + 12 * 0.5 + 4 * 60.0 / bpms[-1]
    assert [over.at for over in done.turns] == pytest.approx([ends], abs=1e-3)
    assert max(event.at for event in done.response) <= ends + 1e-3


@pytest.mark.parametrize(
    ("start_on", "handed_over", "begins", "ends"),
    [
        (StartOn.BEAT, 4.54, 5.0, 12.0),
        (StartOn.BEAT, 6.54, 7.0, 16.0),
        (StartOn.BAR, 4.54, 8.0, 16.0),
        (StartOn.NOW, 4.54, 4.5, 12.0),
    ],
)
def test_bars_that_a_signal_begins_end_on_a_bar_line(
    start_on: StartOn, handed_over: float, begins: float, ends: float
) -> None:
    signals = SignalSettings(key=21)
    settings = replace(SETTINGS, mode=Mode.TRADE, trade_bars=2, feel=Feel(start_on), signals=signals)
    at = 0.1 + handed_over / 2
    key: list[MidiEvent] = [NoteOn(at, 0, 21, 80), NoteOff(at + 0.05, 0, 21)]
    call, again = melody([60, 62, 64, 65], start=0.1), melody([67, 69], start=0.1 + ends / 2)
    events = sorted([*clock([120.0] * 40), *call, *key, *again], key=lambda event: event.at)
    player = Player(NoEcho(), nothing, signals=signals, beats=FollowedClock())
    done = jam(events, settings, bpm=None, player=player, signals=signals)
    beats = beats_of(done, 120.0)
    assert begins <= beats[0] + 1e-6 < begins + 1.0
    assert [(over.at - 0.1) * 2 for over in done.turns] == pytest.approx([ends, ends + 16.0])
    assert min(beat for beat in beats if beat > ends) == pytest.approx(ends + 8.0)
