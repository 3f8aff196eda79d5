"""A jam through the modes: each is checked against the truth, and that no note hangs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from support.fakes import FakeModel
from support.jam import SETTINGS, Jam, jam, melody
from support.truth import assert_balanced, assert_true

from musedaemon.core.engine import EngineSettings
from musedaemon.core.events import ControlChange, MidiEvent, NoteOff, NoteOn
from musedaemon.core.modes import Mode
from musedaemon.core.signals import By, SignalSettings

SWITCHES = SignalSettings(key=21, mode_control=80)
CALL = melody([60, 62, 64, 65, 67, 65, 64, 62])
TRADE = replace(SETTINGS, mode=Mode.TRADE, trade_bars=2)
"""Two bars of 4 beats, at 120 bpm four seconds."""
DUET = replace(SETTINGS, mode=Mode.DUET)
SOLO = replace(SETTINGS, mode=Mode.SOLO, longest_beats=16.0)


def mode_change(at: float, mode: Mode) -> ControlChange:
    return ControlChange(at, 0, 80, 13 + 26 * list(Mode).index(mode))


def key(at: float) -> list[MidiEvent]:
    return [NoteOn(at, 0, 21, 50), NoteOff(at + 0.05, 0, 21)]


def play(
    settings: EngineSettings,
    *phrases: Sequence[MidiEvent],
    certain: bool = True,
    by: By = By.PRESS,
    waits: bool = False,
) -> Jam:
    events = sorted((event for phrase in phrases for event in phrase), key=lambda event: event.at)
    done = jam(events, settings, FakeModel(certain), signals=replace(SWITCHES, by=by), waits=waits)
    assert_balanced(done)
    assert_true(done, FakeModel(certain))
    return done
