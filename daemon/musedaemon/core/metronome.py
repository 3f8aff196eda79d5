"""The metronome: a click on each count of the meter, another one on the first of the bar."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from musedaemon.core.beat_grid import BeatGrid, Meter, first_from

CLICK_S = 0.03
"""How long a click is held down."""
TOO_LATE_S = 0.05
"""A click that is missed by more would only mislead."""
_SAME_BEAT = 1e-3


@dataclass(frozen=True, slots=True)
class MetronomeSettings:
    """`channel` is 0 to 15, the pitches those of General MIDI's drums: high and low wood block."""

    channel: int = 9
    accent_pitch: int = 76
    pitch: int = 77
    accent_velocity: int = 110
    velocity: int = 80


class Click(NamedTuple):
    """A note to play `at`, and to end `until` (seconds)."""

    at: float
    until: float
    channel: int
    pitch: int
    velocity: int


class Metronome:
    """Clicks along a song's grid, which may change at any time. One thread."""

    def __init__(self, meter: Meter, settings: MetronomeSettings | None = None) -> None:
        self._meter = meter
        self._settings = settings or MetronomeSettings()
        self._last: float | None = None

    def stop(self) -> None:
        """The song stops: where it goes on, the first count clicks, whichever it is."""
        self._last = None

    def next_deadline(self, grid: BeatGrid, now: float) -> float:
        """When the next click is due on this grid (seconds)."""
        return grid.time_of(self._next_count(grid, now))

    def pop_due(self, grid: BeatGrid, now: float) -> list[Click]:
        """The clicks due at `now` or before, without those that are too late by now."""
        due = []
        while grid.time_of(count := self._next_count(grid, now)) <= now:
            self._last = count
            due.append(self._click(grid.time_of(count), count))
        return due

    def _next_count(self, grid: BeatGrid, now: float) -> float:
        step = self._meter.count_beats
        count = first_from(grid.beat_at(now - TOO_LATE_S), step)
        after_last = count if self._last is None else first_from(self._last + _SAME_BEAT, step)
        return max(count, after_last)

    def _click(self, at: float, count: float) -> Click:
        chosen, in_bar = self._settings, self._meter.in_bar(count)
        accent = min(in_bar, self._meter.bar_beats - in_bar) < _SAME_BEAT
        pitch = chosen.accent_pitch if accent else chosen.pitch
        velocity = chosen.accent_velocity if accent else chosen.velocity
        return Click(at, at + CLICK_S, chosen.channel, pitch, velocity)
