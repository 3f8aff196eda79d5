"""From mode to mode in virtual time: what goes on, and that nothing is left behind."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.fakes import FakeModel
from support.jam import SETTINGS, jam, melody
from support.modes import CALL, DUET, SOLO, TRADE, key, mode_change, play
from support.scripts import Script, events_of, let_go, scripts

from musedaemon.core.commands import (
    Effect,
    HandedOver,
    Heard,
    ModeChanged,
    OutputFound,
    OutputLost,
    Play,
    Signalled,
    Withdraw,
    Withdrawn,
)
from musedaemon.core.engine import Engine, EngineSettings
from musedaemon.core.events import NoteOff
from musedaemon.core.manners import Lengths
from musedaemon.core.modes import Mode
from musedaemon.core.signals import By, SignalSettings, Wish
from musedaemon.core.tempo import TempoTracker
from musedaemon.core.turns import Turn


def test_switched_to_solo_it_plays_at_once_and_switched_back_it_is_silent() -> None:
    listening = replace(SOLO, mode=Mode.LISTEN, longest_beats=float("inf"))
    done = play(listening, CALL, [mode_change(5.0, Mode.SOLO), mode_change(30.05, Mode.CALL_RESPONSE)])
    assert 5.0 < done.notes()[0].at < 6.5
    assert done.response[-1].at == 30.05
    assert done.engine.mode is Mode.CALL_RESPONSE
    assert done.news == [ModeChanged(5.0, Mode.SOLO), ModeChanged(30.05, Mode.CALL_RESPONSE)]


def test_a_phrase_goes_on_through_a_switch() -> None:
    done = play(replace(SETTINGS, mode=Mode.LISTEN), CALL, [mode_change(2.1, Mode.CALL_RESPONSE)])
    assert [over.call_notes for over in done.turns] == [8]


def test_the_same_mode_again_changes_nothing() -> None:
    once = play(SETTINGS, CALL)
    again = play(SETTINGS, CALL, [mode_change(5.5, Mode.CALL_RESPONSE)])
    assert again.response == once.response
    assert again.news == []


def test_other_settings_of_the_same_mode_are_no_change_of_mode() -> None:
    engine = Engine(FakeModel(), TempoTracker(120.0), SETTINGS)
    assert engine.adopt(replace(SETTINGS, hand_over_s=0.9), 1.0) == []
    assert engine.adopt(replace(SETTINGS, mode=Mode.DUET), 2.0) == [ModeChanged(2.0, Mode.DUET)]


def test_other_settings_count_also_where_they_come_as_we_give_way() -> None:
    engine = Engine(FakeModel(), TempoTracker(120.0), DUET)
    (command,) = engine.receive(Signalled(1.0, Mode.CALL_RESPONSE))
    assert isinstance(command, Withdraw)
    assert engine.adopt(replace(DUET, hand_over_s=2.0), 1.0) == []
    assert engine.receive(Withdrawn(1.0)) == [ModeChanged(1.0, Mode.CALL_RESPONSE)]


def test_other_settings_count_also_where_they_come_as_a_reply_gives_way() -> None:
    engine = Engine(FakeModel(), TempoTracker(120.0), SETTINGS)
    for event in melody([60, 62, 64]):
        engine.receive(Heard(event))
    engine.receive(Signalled(1.5, Wish.TURN))
    on, off = melody([60], start=2.0, length=0.5)
    (command,) = engine.receive(Heard(on))
    assert isinstance(command, Withdraw)
    assert engine.adopt(replace(SETTINGS, hand_over_s=2.0), 2.0) == []
    engine.receive(Withdrawn(2.0))
    engine.receive(Heard(off))
    assert [effect for step in range(9) for effect in engine.advance(3.5 + 0.01 * step)] == []
    assert engine.turn is Turn.LISTENING


def solo_underway() -> Engine:
    """At 2 s, after three notes."""
    engine = Engine(FakeModel(), TempoTracker(120.0), SOLO)
    for event in melody([60, 62, 64]):
        engine.receive(Heard(event))
    assert types_of(engine.receive(Signalled(2.0, Wish.HAND_OVER)))[:1] == [HandedOver]
    return engine


def types_of(effects: list[Effect]) -> list[type[Effect]]:
    return [type(effect) for effect in effects]


def test_other_settings_begin_no_solo_in_mid_call() -> None:
    engine = Engine(FakeModel(), TempoTracker(120.0), SOLO)
    for event in melody([60, 62, 64])[:-1]:
        engine.receive(Heard(event))
    assert engine.adopt(replace(SOLO, hand_over_s=2.0), 1.2) == []
    assert engine.turn is Turn.LISTENING


def test_other_settings_begin_no_solo_that_was_taken_back() -> None:
    engine = solo_underway()
    assert engine.receive(Signalled(2.1, Wish.TAKE_BACK)) == [Withdraw(2.1)]
    engine.receive(Withdrawn(2.1))
    assert engine.adopt(replace(SOLO, hand_over_s=2.0), 3.0) == []
    assert engine.turn is Turn.WAITING


def test_a_solo_goes_on_by_other_settings_and_one_that_is_paused_waits_on() -> None:
    engine = solo_underway()
    assert engine.adopt(replace(SOLO, hand_over_s=2.0), 2.1) == [Withdraw(2.1)]
    assert HandedOver in types_of(engine.receive(Withdrawn(2.1)))
    assert engine.receive(OutputLost(2.2)) == [Withdraw(2.2)]
    engine.receive(Withdrawn(2.2))
    assert engine.adopt(replace(SOLO, hand_over_s=1.0), 3.0) == []
    assert HandedOver in types_of(engine.receive(OutputFound(4.0)))


@pytest.mark.parametrize("other", [replace(SOLO, trade_bars=2), replace(SOLO, lengths=Lengths(2.0))])
def test_settings_of_another_mode_leave_a_solo_alone(other: EngineSettings) -> None:
    engine = solo_underway()
    assert engine.adopt(other, 2.1) == []
    assert engine.turn is Turn.REPLYING


def test_other_settings_make_no_duet_join_that_was_told_to_be_silent() -> None:
    engine = Engine(FakeModel(), TempoTracker(120.0), DUET)
    assert engine.receive(Signalled(1.0, Wish.TAKE_BACK)) == [Withdraw(1.0)]
    engine.receive(Withdrawn(1.0))
    assert engine.adopt(replace(DUET, hand_over_s=2.0, trade_bars=1), 2.0) == []
    for event in melody([60, 62, 64, 65, 67], start=3.0):
        engine.receive(Heard(event))
    assert Play not in types_of([effect for _ in range(9) for effect in engine.advance(5.5)])


@settings(max_examples=150, deadline=None)
@given(
    scripts("on", "on", "off", "pedal", "key down", "key up", "all off", "mode"),
    st.sampled_from(Mode),
    st.sampled_from(By),
    st.sampled_from([0.0, 0.3]),
    st.booleans(),
)
def test_whatever_is_played_and_switched_the_state_is_what_was_heard_and_no_note_hangs(
    script: Script, mode: Mode, by: By, hand_over_s: float, waits: bool
) -> None:
    events = events_of(script)
    events += let_go(events, 20.0)
    chosen = replace(SETTINGS, mode=mode, hand_over_s=hand_over_s, longest_beats=16.0, trade_bars=1)
    done = play(chosen, events, certain=False, by=by, waits=waits)
    assert done.engine.turn in (Turn.WAITING, Turn.LISTENING, Turn.TOGETHER)
    assert len(done.notes()) >= sum(over.reply_notes for over in done.turns)
    assert [over.number for over in done.turns] == list(range(1, len(done.turns) + 1))


def test_switched_from_listening_a_silence_that_was_long_enough_is_answered_now_and_not_in_the_past() -> None:
    done = play(replace(SETTINGS, mode=Mode.LISTEN), CALL, [mode_change(5.2, Mode.CALL_RESPONSE)])
    assert done.turns[0].call_notes == 8
    assert 5.2 < done.notes()[0].at < 6.5


def test_switched_to_trading_in_mid_phrase_bar_one_begins_with_the_next_note() -> None:
    done = play(replace(TRADE, mode=Mode.LISTEN), CALL, melody([60], start=5.3), [mode_change(3.8, Mode.TRADE)])
    assert [over.at for over in done.turns] == pytest.approx([5.3 + 8.0])


def test_switched_out_of_a_duet_in_mid_phrase_the_phrase_goes_on_and_is_answered() -> None:
    done = play(DUET, CALL, [mode_change(2.1, Mode.CALL_RESPONSE)], certain=False)
    together, answer = done.turns
    assert (together.at, together.call_notes, together.withdrawn) == (2.1, 5, False)
    assert (answer.number, answer.call_notes) == (2, 8)
    assert not [note for note in done.notes() if 2.1 < note.at < 3.9 + 0.6]
    assert [note for note in done.notes() if note.at > 3.9 + 0.6]


def test_switched_to_a_duet_while_a_hold_is_held_it_plays_on() -> None:
    held = [*key(3.9)[:1], NoteOff(12.0, 0, 21)]
    hands = melody([72, 74, 76, 77] * 3, start=5.0)
    done = play(SETTINGS, CALL, held, hands, [mode_change(4.8, Mode.DUET)], certain=False, by=By.HOLD)
    assert [note for note in done.notes() if 5.0 < note.at < 11.0]


def test_a_phrase_with_notes_of_ours_in_it_is_never_heard_again_without_them() -> None:
    """Out of a duet in mid-phrase; the answer is taken back unheard, and the phrase goes on in another tempo."""
    begins = melody([60, 62, 64, 65, 67, 65, 64, 62], step=0.625, length=0.5)
    goes_on = melody([62, 64, 65, 67, 69, 67, 65, 64] * 3, start=5.6, step=0.45, length=0.35)
    events = sorted([*begins, mode_change(3.9, Mode.CALL_RESPONSE), *goes_on], key=lambda event: event.at)
    done = jam(events, DUET, FakeModel(certain=False), bpm=None, signals=SignalSettings(mode_control=80))
    assert [over.call_notes for over in done.turns] == [7, 32]
    assert done.turns[0].bpm != pytest.approx(done.turns[1].bpm, rel=0.02)
    assert done.turns[0].reply_notes > 0
    assert len(done.engine.memory) == 32


def test_a_duet_that_gives_way_is_not_idle_until_it_has() -> None:
    engine = Engine(FakeModel(), TempoTracker(120.0), DUET)
    (command,) = engine.receive(Signalled(1.0, Mode.LISTEN))
    assert isinstance(command, Withdraw)
    assert not engine.idle
    engine.receive(Withdrawn(1.0))
    assert engine.idle
