from __future__ import annotations

import os
import signal
import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace

import pytest
from support.fakes import FakeModel, FakePort, NoEcho
from support.jam import SETTINGS, Jam, jam, melody
from support.modes import mode_change

from musedaemon.core.beat_source import BeatSource, NoClock
from musedaemon.core.commands import TurnOver
from musedaemon.core.engine import Engine, EngineSettings
from musedaemon.core.events import MidiEvent, NoteOff, NoteOn
from musedaemon.core.modes import Mode
from musedaemon.core.player import Player
from musedaemon.core.signals import SignalSettings
from musedaemon.core.tap_tempo import TapSettings
from musedaemon.core.tempo import TempoTracker
from musedaemon.core.thru import nothing
from musedaemon.midi import wire
from musedaemon.run.clock import SessionClock
from musedaemon.run.musician import FilePlayer, Musician, PortMusician, WaitingFilePlayer
from musedaemon.run.priority import NOT_ASKED, Grant, Precedence
from musedaemon.run.realtime import RealTime
from musedaemon.run.threads import Stop

QUICK = replace(SETTINGS, hand_over_s=0.15)
CALL = melody([60, 62, 64, 65, 67, 65], step=0.125, length=0.1)
SWITCHES = SignalSettings(key=21, mode_control=80)
SECOND = melody([67, 65, 64, 62], start=1.5, step=0.125, length=0.1)


@dataclass
class Live:
    """A real-time session with a fake model and port."""

    port: FakePort
    runner: RealTime
    record: Jam


def live(
    musician: Musician,
    clock: SessionClock,
    bpm: float = 240.0,
    on_turn: object = None,
    settings: EngineSettings = QUICK,
    beats: BeatSource | None = None,
    way: Precedence = NOT_ASKED,
) -> Live:
    engine = Engine(FakeModel(), TempoTracker(bpm), settings)
    port, record = FakePort(), Jam(engine)

    def ignore(over: TurnOver) -> None:
        if isinstance(on_turn, Exception):
            raise on_turn

    player = Player(NoEcho(), nothing, signals=settings.signals, beats=beats)
    return Live(port, RealTime(engine, player, musician, port, clock, record, ignore, way), record)


def balance(sent: Sequence[bytes]) -> dict[int, int]:
    """Note-ons less note-offs of every pitch."""
    count: dict[int, int] = {}
    for data in sent:
        sign = {0x90: 1, 0x80: -1}.get(data[0] & 0xF0, 0)
        count[data[1]] = count.get(data[1], 0) + sign
    return count


def shape(events: Sequence[MidiEvent], start: float) -> list[tuple[str, int, int, float]]:
    return [
        (type(event).__name__, event.pitch, event.velocity, round(event.at - start, 6))
        for event in events
        if isinstance(event, NoteOn | NoteOff)
    ]


def strikes(events: Sequence[MidiEvent], start: float) -> list[tuple[str, int, int, float]]:
    return [event for event in shape(events, start) if event[0] == "NoteOn"]


@pytest.mark.parametrize("waits", [True, False])
def test_the_same_events_give_the_same_notes_as_in_virtual_time(waits: bool) -> None:
    events = [*CALL, *SECOND]
    virtual = jam(events, QUICK, bpm=240.0, waits=waits)
    clock = SessionClock()
    start = clock.now() + 0.05
    real = live((WaitingFilePlayer if waits else FilePlayer)(events, start), clock)
    real.runner.run()
    assert len(virtual.turns) >= 1
    heard = shape(real.record.heard, start)
    assert heard == shape(virtual.heard, 0.0)
    if waits:
        assert shape(real.record.response, start) == shape(virtual.response, 0.0)
        assert [wire.decode(data, 0.0) for data in real.port.sent] == [
            event._replace(at=0.0) for event in virtual.response
        ]
    assert strikes(real.record.response, start) == strikes(virtual.response, 0.0)


@pytest.mark.parametrize("keys", [[], [NoteOn(1.0, 0, 21, 80), NoteOff(1.1, 0, 21)]])
def test_with_signals_the_same_and_a_file_without_one_ends_all_the_same(keys: list[MidiEvent]) -> None:
    by_key = replace(QUICK, hand_over_s=0.0, signals=SignalSettings(key=21))
    events = [*CALL, *keys]
    virtual = jam(events, by_key, bpm=240.0, waits=True, signals=by_key.signals)
    clock = SessionClock()
    start = clock.now() + 0.05
    real = live(WaitingFilePlayer(events, start), clock, settings=by_key)
    real.runner.run()
    assert len(virtual.turns) == len(keys) / 2
    assert shape(real.record.response, start) == shape(virtual.response, 0.0)


def test_a_file_goes_on_after_a_tap_of_the_tempo() -> None:
    clock = SessionClock()
    taps = [event for at in (0.2, 0.5, 0.8) for event in press(at)]
    events = sorted([*CALL, *taps], key=lambda event: event.at)
    real = live(FilePlayer(events, clock.now() + 0.05), clock, beats=NoClock(TapSettings(key=21)))
    watchdog = threading.Timer(10.0, real.runner.inbox.put, [Stop.NOW])
    watchdog.start()
    real.runner.run()
    watchdog.cancel()
    assert [event._replace(at=0.0) for event in real.record.heard] == [event._replace(at=0.0) for event in CALL]


def press(at: float) -> list[MidiEvent]:
    return [NoteOn(at, 0, 21, 80), NoteOff(at + 0.04, 0, 21)]


TRADE = replace(QUICK, mode=Mode.TRADE, trade_bars=1, signals=SWITCHES)
LISTEN = replace(QUICK, mode=Mode.LISTEN, signals=SWITCHES)
SOLO = replace(QUICK, mode=Mode.SOLO, longest_beats=8.0, signals=SWITCHES)
SCRIPTS: dict[str, tuple[EngineSettings, list[MidiEvent]]] = {
    "bars, taken back and asked for": (TRADE, [*CALL, *press(1.4), *press(1.7)]),
    "a solo, taken back": (SOLO, [*CALL, *press(1.9)]),
    "listening, then an answer": (LISTEN, [*CALL, mode_change(0.9, Mode.CALL_RESPONSE)]),
    "an answer, then a solo": (replace(QUICK, signals=SWITCHES), [*CALL, mode_change(1.7, Mode.SOLO)]),
}


@pytest.mark.parametrize(("settings", "script"), SCRIPTS.values(), ids=SCRIPTS)
def test_the_modes_and_signals_play_as_in_virtual_time(settings: EngineSettings, script: list[MidiEvent]) -> None:
    chosen = replace(settings, longest_beats=8.0)
    virtual = jam(script, chosen, bpm=240.0, signals=SWITCHES)
    clock = SessionClock()
    start = clock.now() + 0.05
    real = live(FilePlayer(script, start), clock, settings=chosen)
    real.runner.run()
    assert virtual.notes()
    assert strikes(real.record.response, start) == strikes(virtual.response, 0.0)
    assert real.record.engine.mode is virtual.engine.mode
    assert set(balance(real.port.sent).values()) == {0}


def test_a_duet_plays_along_in_real_time_and_a_switch_out_of_it_leaves_no_note() -> None:
    hands = melody([72, 74, 76, 77] * 3, step=0.125, length=0.1)
    script = sorted([*hands, mode_change(1.1, Mode.LISTEN)], key=lambda event: event.at)
    clock = SessionClock()
    start = clock.now() + 0.05
    duet = replace(QUICK, mode=Mode.DUET, signals=SWITCHES)
    real = live(FilePlayer(script, start), clock, settings=duet)
    real.runner.run()
    assert real.record.notes()
    assert len(real.record.engine.memory) == len(hands) // 2
    assert set(balance(real.port.sent).values()) == {0}
    assert max(note.at for note in real.record.notes()) < start + 1.1


def test_one_thread_owns_the_port() -> None:
    clock = SessionClock()
    real = live(WaitingFilePlayer(CALL, clock.now()), clock)
    real.runner.run()
    assert real.port.threads == {"musedaemon player"}
    assert real.port.closed


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_in_mid_reply_releases_every_note(number: signal.Signals) -> None:
    clock = SessionClock()
    real = live(PortMusician(), clock)

    def interrupt() -> None:
        for event in CALL:
            real.runner.inbox.put(event)
        real.port.on_send.wait(20)
        os.kill(os.getpid(), number)

    before = signal.getsignal(number)
    thread = threading.Thread(target=interrupt)
    thread.start()
    real.runner.run()
    thread.join()
    assert real.port.sent
    assert set(balance(real.port.sent).values()) == {0}
    assert real.port.closed
    assert signal.getsignal(number) is before


def test_what_is_typed_changes_mode_and_memory_and_ends_the_session() -> None:
    real = live(PortMusician(), SessionClock())
    runner = real.runner
    assert (runner.mode, runner.memory) == (Mode.CALL_RESPONSE, QUICK.memory)
    runner.switch(Mode.LISTEN)
    runner.turn_memory(0.9)
    runner.end()
    runner.run()
    assert (runner.mode, runner.memory) == (Mode.LISTEN, 0.9)
    assert real.port.closed


def test_an_error_in_the_engine_thread_ends_the_session_with_every_note_released() -> None:
    clock = SessionClock()
    real = live(WaitingFilePlayer(CALL, clock.now()), clock, on_turn=ZeroDivisionError("a bug"))
    with pytest.raises(ZeroDivisionError, match="a bug"):
        real.runner.run()
    assert set(balance(real.port.sent).values()) == {0}
    assert real.port.closed


def test_a_system_that_fails_where_it_is_asked_for_priority_ends_the_session_and_is_not_waited_for() -> None:
    class Broken:
        def ask(self) -> Grant:
            raise OSError("no such call")

        def give_back(self) -> None:
            raise AssertionError("nothing was granted")

    with pytest.raises(OSError, match="no such call"):
        live(PortMusician(), SessionClock(), way=Broken()).runner.run()


def test_a_port_that_fails_ends_the_session_and_is_closed() -> None:
    clock = SessionClock()
    real = live(WaitingFilePlayer(CALL, clock.now()), clock)
    real.port.fails = True
    with pytest.raises(OSError, match="cable"):
        real.runner.run()
    assert real.port.closed
