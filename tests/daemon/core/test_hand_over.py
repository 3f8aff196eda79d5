"""Every way in which the turn passes to us and back, in virtual time."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.fakes import FakeModel
from support.jam import SETTINGS, Jam, jam, melody
from support.scripts import TRANSPORT, Script, events_of, let_go, scripts
from support.truth import assert_balanced, assert_true

from musedaemon.core.commands import HandedOver
from musedaemon.core.conversation import LEAD_S, SLIP_S
from musedaemon.core.events import ControlChange, MidiEvent, NoteOff, NoteOn, Other
from musedaemon.core.feel import AS_SAMPLED
from musedaemon.core.signals import By, SignalSettings
from musedaemon.core.turns import Turn

ONLY_SIGNALS = replace(SETTINGS, hand_over_s=0.0, feel=AS_SAMPLED)
CALL = melody([60, 62, 64, 65, 67, 65, 64, 62])


def pedal(at: float, value: int) -> ControlChange:
    return ControlChange(at, 0, 64, value)


def key(at: float) -> list[MidiEvent]:
    return [NoteOn(at, 0, 21, 50), NoteOff(at + 0.05, 0, 21)]


def signals(by: By = By.PRESS) -> SignalSettings:
    return SignalSettings(controls=frozenset({64, 80}), key=21, by=by, transport=True)


def play(*more: MidiEvent, by: By = By.PRESS) -> Jam:
    events = sorted([*CALL, *more], key=lambda event: event.at)
    done = jam(events, ONLY_SIGNALS, signals=signals(by), model=FakeModel())
    assert_true(done, FakeModel())
    assert_balanced(done)
    return done


WAYS = [
    ([pedal(4.0, 127), pedal(4.3, 0)], By.PRESS),
    ([pedal(3.6, 127), pedal(4.0, 0)], By.RELEASE),
    ([ControlChange(4.0, 0, 80, 127)], By.PRESS),
    (key(4.0), By.PRESS),
    (key(3.95), By.RELEASE),
    ([Other(4.0, TRANSPORT["start"])], By.PRESS),
    ([Other(4.0, TRANSPORT["continue"])], By.HOLD),
]


@pytest.mark.parametrize(("way", "by"), WAYS)
def test_a_signal_hands_over_at_once_and_silence_does_not(way: list[MidiEvent], by: By) -> None:
    done = play(*way, by=by)
    assert [(over.number, over.call_notes, over.withdrawn) for over in done.turns] == [(1, 8, False)]
    # The fake model enters three beats after the last note, which began at 3.5 s.
    assert done.notes()[0].at == pytest.approx(5.0)
    assert len(done.heard) == len(CALL)


def test_without_a_signal_nothing_is_answered() -> None:
    assert play().notes() == []


def test_a_key_that_is_a_signal_is_never_music() -> None:
    done = play(*key(1.1), *key(4.0))
    assert 21 not in {event.pitch for event in done.heard if isinstance(event, NoteOn)}
    assert [(over.call_notes, over.withdrawn) for over in done.turns] == [(3, True), (5, False)]


BACK = [
    ([pedal(4.0, 127), pedal(4.1, 0), pedal(6.1, 127), pedal(6.2, 0)], By.PRESS),
    ([pedal(3.6, 127), pedal(4.0, 0), pedal(5.0, 127), pedal(6.1, 0)], By.RELEASE),
    ([pedal(4.0, 127), pedal(6.1, 0)], By.HOLD),
    ([*key(4.0), *key(6.1)], By.PRESS),
    ([Other(4.0, TRANSPORT["start"]), Other(6.1, TRANSPORT["stop"])], By.PRESS),
]


@pytest.mark.parametrize(("way", "by"), BACK)
def test_the_same_signal_takes_the_turn_back(way: list[MidiEvent], by: By) -> None:
    done = play(*way, by=by)
    assert [(over.at, over.withdrawn) for over in done.turns] == [(6.1, True)]
    assert [note.at for note in done.notes()] == pytest.approx([5.0, 5.25, 5.5, 5.75, 6.0])
    assert max(event.at for event in done.response) == 6.1
    assert done.engine.turn is Turn.WAITING


def test_held_it_plays_until_it_is_let_go() -> None:
    done = play(pedal(4.0, 127), pedal(60.1, 0), by=By.HOLD)
    assert len(done.notes()) == 1 + (60 - 5) * 4
    assert done.turns[0].at == 60.1


def test_start_does_not_take_a_turn_back() -> None:
    done = play(Other(4.0, TRANSPORT["start"]), Other(6.1, TRANSPORT["continue"]))
    assert [over.withdrawn for over in done.turns] == [False]


def test_asked_again_it_plays_again() -> None:
    once = play(*key(4.0))
    again_at = once.turns[0].at + 1.0
    done = play(*key(4.0), *key(again_at))
    assert [(over.number, over.call_notes, over.withdrawn) for over in done.turns] == [(1, 8, False), (2, 0, False)]
    assert done.turns[1].reply_beats == pytest.approx(done.turns[0].reply_beats, abs=3)


def test_asked_before_anything_was_played_it_is_silent() -> None:
    assert jam(key(1.0), ONLY_SIGNALS, signals=signals()).response == []


def test_keys_held_over_a_signal_do_not_take_it_back_and_are_heard_to_end() -> None:
    held: list[MidiEvent] = [NoteOn(3.6, 0, 48, 80), NoteOff(6.1, 0, 48)]
    done = play(*held, *key(4.0))
    assert [over.withdrawn for over in done.turns] == [False]
    # Nobody holds it any more, though the reply may have played it too.
    assert done.engine.moment.tracker.ends.get(48, 0) is not None


def test_a_key_held_through_the_whole_reply_still_ends() -> None:
    done = play(NoteOn(3.6, 0, 48, 80), *key(4.0), NoteOff(30.0, 0, 48))
    assert [over.withdrawn for over in done.turns] == [False]
    assert 48 not in done.engine.moment.tracker.ends


def test_a_hand_a_little_later_than_the_foot_still_belongs_to_the_call() -> None:
    done = play(pedal(4.0, 127), NoteOn(4.0 + SLIP_S / 2, 0, 72, 80), NoteOff(4.4, 0, 72))
    assert [(over.number, over.call_notes, over.withdrawn) for over in done.turns] == [(1, 9, False)]
    assert done.notes()[0].at >= 4.0 + SLIP_S / 2 + LEAD_S


def test_a_note_later_than_a_slip_takes_the_turn_back() -> None:
    done = play(pedal(4.0, 127), NoteOn(4.0 + SLIP_S * 1.5, 0, 72, 80), NoteOff(4.4, 0, 72))
    assert done.turns == []
    assert done.engine.turn is Turn.LISTENING


def test_silence_and_signals_go_together() -> None:
    both = replace(ONLY_SIGNALS, hand_over_s=0.6)
    assert jam([*CALL], both, signals=signals()).notes()[0].at >= 3.9 + 0.6
    at_once = jam([*CALL, *key(4.0)], both, signals=signals())
    assert at_once.turns[0].call_notes == 8
    assert at_once.notes()[0].at == pytest.approx(5.0)


def test_the_tempo_is_found_before_a_signal_is_answered() -> None:
    call = melody([60, 62, 64, 65, 67, 65, 64, 62, 60], step=0.625)
    done = jam([*call, *key(5.5)], ONLY_SIGNALS, bpm=None, signals=signals())
    assert done.turns[0].bpm == pytest.approx(96, rel=0.02)


PEDALS = {"sustain": 64, "sostenuto": 66, "hold 2": 69}


@pytest.mark.parametrize("number", PEDALS.values(), ids=PEDALS)
def test_any_pedal_that_holds_notes_holds_the_turn(number: int) -> None:
    pedals: list[MidiEvent] = [ControlChange(3.6, 0, number, 127), ControlChange(5.0, 0, number, 0)]
    done = jam(sorted([*CALL, *pedals], key=lambda event: event.at))
    assert [told.at for told in done.story if isinstance(told, HandedOver)] == pytest.approx([5.6])


def test_a_sostenuto_pedal_that_catches_no_key_holds_nothing() -> None:
    caught_none = [ControlChange(3.95, 0, 66, 127), ControlChange(4.2, 0, 66, 90)]
    done = jam([*CALL, *caught_none])
    assert [told.at for told in done.story if isinstance(told, HandedOver)] == pytest.approx([3.9 + 0.6])


@pytest.mark.parametrize("number", [121, 123])
def test_a_channel_that_is_reset_lifts_its_pedals_alone(number: int) -> None:
    pedals: list[MidiEvent] = [ControlChange(3.6, 0, 69, 127), ControlChange(3.6, 1, 64, 127)]
    done = jam([*CALL[:-1], *pedals, *CALL[-1:], ControlChange(5.0, 0, number, 0), ControlChange(6.0, 1, 64, 0)])
    assert [told.at for told in done.story if isinstance(told, HandedOver)] == pytest.approx([6.6])


@settings(max_examples=80, deadline=None)
@given(
    scripts("on", "off", "pedal", "key down", "key up", "start", "stop", "all off"),
    st.sampled_from(By),
    st.sampled_from([0.0, 0.3]),
)
def test_whatever_is_signalled_the_state_is_what_was_heard_and_no_note_hangs(
    script: Script, by: By, hand_over_s: float
) -> None:
    events = events_of(script)
    events += let_go(events, 60.0)
    chosen = SignalSettings(key=21, by=by, transport=True)
    done = jam(events, replace(SETTINGS, hand_over_s=hand_over_s), FakeModel(certain=False), signals=chosen)
    assert done.engine.turn in (Turn.WAITING, Turn.LISTENING)
    assert_balanced(done)
    assert_true(done, FakeModel(certain=False))
    assert len(done.notes()) == sum(over.reply_notes for over in done.turns)
