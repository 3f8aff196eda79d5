"""Jams along a MIDI clock, in virtual time."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from support.fakes import FakeModel, NoEcho
from support.jam import SETTINGS, Jam, jam, melody

from musedaemon.core.beat_source import FollowedClock
from musedaemon.core.engine import EngineSettings
from musedaemon.core.events import MidiEvent, Other
from musedaemon.core.feel import Feel, StartOn
from musedaemon.core.player import Player
from musedaemon.core.thru import nothing

ON_BAR = replace(SETTINGS, feel=Feel(StartOn.BAR))
CALL = melody([60, 62, 64, 65], start=0.3, step=0.25, length=0.2)
LONG_CALL = melody([60, 62, 64, 65] * 4, start=0.3, step=0.25, length=0.2)
"""At 120 beats a minute its reply begins on beat 12 and lasts some eight beats."""


def clock(bpms: list[float], start: float = 0.1, jitter: float = 0.0) -> list[MidiEvent]:
    """Start, and a beat of pulses for each tempo."""
    periods = np.repeat(60.0 / np.array(bpms) / 24, 24)
    times = start + np.concatenate(([0.0], periods.cumsum()[:-1]))
    off = np.random.default_rng(5).uniform(-jitter, jitter, len(times)) * periods
    events: list[MidiEvent] = [Other(start - 0.05, b"\xfa")]
    return events + [Other(float(at), b"\xf8") for at in np.maximum.accumulate(times + off)]


def along(
    pulses: list[MidiEvent], call: list[MidiEvent], settings: EngineSettings = ON_BAR, model: FakeModel | None = None
) -> Jam:
    events = sorted([*pulses, *call], key=lambda event: event.at)
    return jam(events, settings, model=model, bpm=None, player=Player(NoEcho(), nothing, beats=FollowedClock()))


def after_line(beat: float, beats: float = 4.0) -> float:
    """How far after a bar line (or beat) it lies; a millionth early counts as on it."""
    return max((beat + 1e-6) % beats - 1e-6, 0.0)


def beats_of(done: Jam, bpm: float, start: float = 0.1) -> list[float]:
    return [(note.at - start) * bpm / 60 for note in done.notes()]
