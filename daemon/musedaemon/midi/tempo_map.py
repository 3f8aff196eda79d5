"""Ticks of a MIDI file <-> seconds, through its tempo changes (Standard MIDI Files 1.0, meta event 51). Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from typing import NamedTuple

DEFAULT_MICROSECONDS = 500_000
"""A beat where a file has set no tempo: 120 beats a minute (Standard MIDI Files 1.0)."""
MOST_MICROSECONDS = 0xFFFFFF
"""A tempo has three bytes in a file: 3.58 beats a minute is the slowest."""


class TempoChange(NamedTuple):
    """From `at` seconds on, the tempo is `bpm` beats (quarter notes) a minute."""

    at: float
    bpm: float


class _Stretch(NamedTuple):
    """A run of ticks of one tempo: where it starts, in ticks and seconds, and how long each beat is."""

    tick: int
    at: float
    microseconds: int


class TempoMap:
    """One file's tempi, as the file says them: at whole ticks, in whole microseconds a beat. Immutable."""

    def __init__(self, ticks_per_beat: int, tempi: Iterable[tuple[int, int]] = ()) -> None:
        """`tempi` are (tick, microseconds a beat) in any order; the last one of a tick counts, 0 says nothing."""
        self.ticks_per_beat = ticks_per_beat
        self._stretches = [_Stretch(0, 0.0, DEFAULT_MICROSECONDS)]
        for tick, microseconds in sorted(tempi, key=lambda tempo: tempo[0]):
            if microseconds > 0:
                self._append(tick, microseconds)

    @classmethod
    def of_changes(cls, ticks_per_beat: int, changes: Iterable[TempoChange]) -> TempoMap:
        """The map a file will hold: each change on its nearest tick, counted with the tempi rounded before it."""
        tempo_map = cls(ticks_per_beat)
        for change in sorted(changes, key=lambda change: change.at):
            microseconds = min(max(round(60e6 / change.bpm), 1), MOST_MICROSECONDS)
            tempo_map._append(tempo_map.tick(change.at), microseconds)
        return tempo_map

    @property
    def tempi(self) -> list[tuple[int, int]]:
        """(tick, microseconds a beat) of every tempo, from tick 0 on."""
        return [(stretch.tick, stretch.microseconds) for stretch in self._stretches]

    def seconds(self, tick: int) -> float:
        """The time of a tick."""
        stretch = self._stretches[bisect_right(self._stretches, tick, key=lambda stretch: stretch.tick) - 1]
        return stretch.at + (tick - stretch.tick) * self._tick_seconds(stretch)

    def tick(self, at: float) -> int:
        """The tick nearest to a time; 0 for all times before the start."""
        stretch = self._stretches[max(bisect_right(self._stretches, at, key=lambda stretch: stretch.at) - 1, 0)]
        return stretch.tick + max(round((at - stretch.at) / self._tick_seconds(stretch)), 0)

    def _append(self, tick: int, microseconds: int) -> None:
        at = self.seconds(tick)
        if self._stretches[-1].tick == tick:
            self._stretches.pop()
        self._stretches.append(_Stretch(tick, at, microseconds))

    def _tick_seconds(self, stretch: _Stretch) -> float:
        return stretch.microseconds / 1e6 / self.ticks_per_beat


def bpm_of(microseconds: int) -> float:
    """Beats a minute of a beat's length."""
    return 60e6 / microseconds
