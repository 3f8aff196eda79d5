from __future__ import annotations

import pytest

from musedaemon.core.events import RESET_CONTROLLERS, ControlChange, MidiEvent, NoteOff, NoteOn, Other
from musedaemon.core.modes import Mode
from musedaemon.core.signals import By, Reading, Signals, SignalSettings, Wish

PEDAL = SignalSettings(controls=frozenset({64}))
KEY = SignalSettings(key=21)


def pedal(value: int, channel: int = 0) -> ControlChange:
    return ControlChange(0.0, channel, 64, value)


@pytest.mark.parametrize(
    ("by", "down", "up"),
    [
        (By.PRESS, Wish.TURN, None),
        (By.RELEASE, None, Wish.TURN),
        (By.HOLD, Wish.HOLD, Wish.TAKE_BACK),
    ],
)
def test_what_a_pedal_and_a_key_say(by: By, down: Wish | None, up: Wish | None) -> None:
    foot = Signals(SignalSettings(controls=frozenset({66}), by=by))
    hand = Signals(SignalSettings(key=21, by=by))
    assert foot.read(ControlChange(0.0, 2, 66, 127)) == Reading(down)
    assert foot.read(ControlChange(0.0, 2, 66, 0)) == Reading(up)
    assert hand.read(NoteOn(0.0, 0, 21, 1)) == Reading(down)
    assert hand.read(NoteOff(0.0, 0, 21)) == Reading(up)


def test_a_pedal_that_sends_many_values_is_pressed_once() -> None:
    signals = Signals(PEDAL)
    readings = [signals.read(pedal(value)) for value in (10, 63, 64, 90, 127, 80, 63, 64)]
    assert [reading and reading.wish for reading in readings] == [
        None, None, Wish.TURN, None, None, None, None, Wish.TURN,
    ]  # fmt: skip
    assert all(reading is not None for reading in readings)


def test_the_same_pedal_on_another_channel_is_another_pedal() -> None:
    signals = Signals(PEDAL)
    assert signals.read(pedal(127)) == Reading(Wish.TURN)
    assert signals.read(pedal(127, channel=1)) == Reading(Wish.TURN)


def test_a_release_without_a_press_says_nothing_and_is_no_music() -> None:
    assert Signals(KEY).read(NoteOff(0.0, 0, 21)) == Reading(None)


def test_the_transport_speaks_and_is_passed_on() -> None:
    signals = Signals(SignalSettings(transport=True))
    said = [signals.read(Other(0.0, data)) for data in (b"\xfa", b"\xfb", b"\xfc", b"\xf8")]
    assert said == [
        Reading(Wish.HAND_OVER, passes=True),
        Reading(Wish.HAND_OVER, passes=True),
        Reading(Wish.TAKE_BACK, passes=True),
        None,
    ]


def test_a_control_picks_the_mode_by_fifths_of_its_range() -> None:
    signals = Signals(SignalSettings(mode_control=80))
    picked = [signals.read(ControlChange(0.0, 0, 80, value)) for value in (0, 25, 26, 51, 64, 90, 103, 127)]
    wishes = [reading and reading.wish for reading in picked]
    assert wishes == [
        Mode.CALL_RESPONSE, Mode.CALL_RESPONSE, Mode.TRADE, Mode.TRADE, Mode.DUET, Mode.SOLO, Mode.LISTEN, Mode.LISTEN,
    ]  # fmt: skip


@pytest.mark.parametrize(
    "event", [NoteOn(0.0, 0, 22, 1), NoteOff(0.0, 0, 60), ControlChange(0.0, 0, 1, 64), Other(0.0, b"\xfa")]
)
def test_all_else_is_music(event: MidiEvent) -> None:
    assert Signals(SignalSettings(controls=frozenset({64}), key=21, mode_control=80)).read(event) is None


SILENCE, RESET = ControlChange(0.0, 0, 123, 0), ControlChange(0.0, 0, 121, 0)
PRESSED_KEY, PRESSED_PEDAL = NoteOn(0.0, 0, 21, 80), pedal(127)


@pytest.mark.parametrize(("pressed", "put_up"), [(PRESSED_KEY, SILENCE), (PRESSED_PEDAL, RESET)])
@pytest.mark.parametrize(("by", "says"), [(By.PRESS, None), (By.RELEASE, None), (By.HOLD, Wish.TAKE_BACK)])
def test_what_a_channel_puts_up_can_be_pressed_again(
    pressed: MidiEvent, put_up: MidiEvent, by: By, says: Wish | None
) -> None:
    signals = Signals(SignalSettings(controls=frozenset({64}), key=21, by=by))
    first = signals.read(pressed)
    assert signals.let_go(put_up) == says
    assert signals.let_go(put_up) is None
    assert signals.read(put_up) is None
    assert signals.read(pressed) == first


@pytest.mark.parametrize(
    ("pressed", "other"),
    [
        (PRESSED_KEY, RESET),
        (PRESSED_PEDAL, SILENCE),
        (PRESSED_KEY, SILENCE._replace(channel=1)),
        (PRESSED_PEDAL, RESET._replace(channel=1)),
    ],
)
def test_a_silence_lifts_no_pedal_a_reset_no_key_and_neither_on_another_channel(
    pressed: MidiEvent, other: MidiEvent
) -> None:
    signals = Signals(SignalSettings(controls=frozenset({64}), key=21, by=By.HOLD))
    signals.read(pressed)
    assert signals.let_go(other) is None
    assert signals.read(pressed) == Reading(None)


def test_a_control_or_key_keeps_the_last_minutes_once_a_press() -> None:
    signals = Signals(SignalSettings(keep_control=85, keep_key=21))
    values = [0, 127, 127, 64, 63, 90]
    read = [signals.read(ControlChange(0.0, 0, 85, value)) for value in values]
    assert [reading.wish for reading in read if reading] == [None, Wish.KEEP, None, None, None, Wish.KEEP]
    assert signals.read(NoteOn(0.0, 3, 21, 80)) == Reading(Wish.KEEP)
    assert signals.read(NoteOff(0.1, 3, 21)) == Reading(None)
    signals.let_go(ControlChange(0.2, 0, RESET_CONTROLLERS, 0))
    assert signals.read(ControlChange(0.3, 0, 85, 127)) == Reading(Wish.KEEP)
