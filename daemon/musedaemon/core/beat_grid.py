"""Where the beats and the bars lie in time: what a clock says, as a value."""

from __future__ import annotations

import math
from typing import NamedTuple

_JUST_MISSED = 1e-6
"""Beats: what arithmetic loses must not make one wait for the next beat."""


_SHORTEST_BAR_BEATS, _LONGEST_BAR_BEATS = 1.0, 16.0
_LONGEST_SHOWN = 20


class BeatGrid(NamedTuple):
    """Beat `beat` (quarter notes since the song began) lies at `at` (seconds), and they go on at `bpm` for ever."""

    at: float
    beat: float
    bpm: float

    def beat_at(self, at: float) -> float:
        """The beat, with its fraction, of a time (seconds)."""
        return self.beat + (at - self.at) * self.bpm / 60.0

    def time_of(self, beat: float) -> float:
        """The time (seconds) of a beat."""
        return self.at + (beat - self.beat) * 60.0 / self.bpm

    def turned_to(self, bpm: float, at: float) -> BeatGrid:
        """The grid that goes on from this one's place `at` (seconds) with another tempo."""
        return BeatGrid(at, self.beat_at(at), bpm)


class Beat(NamedTuple):
    """What a clock reports `at` (seconds): where its beats lie, counted since it was first heard, and on which of them
    beat 0 of the song lies; None while it is stopped.
    """

    at: float
    grid: BeatGrid
    song_begins: float | None


class Doubt(NamedTuple):
    """Beats are known up to `known_until`; those after it may lie off by `spread` (a standard deviation) until there is
    news of them, which is to be waited for no longer than `news_by` (seconds).
    """

    known_until: float
    spread: float
    news_by: float


class Place(NamedTuple):
    """A moment to count beats from: `at` (seconds), on a clock's `beat`; where none runs, in beats of `beat_s`."""

    at: float
    beat: float | None
    beat_s: float


class Meter(NamedTuple):
    """A time signature: `over` notes of which `under` make a whole one in a bar."""

    over: int = 4
    under: int = 4

    @property
    def bar_beats(self) -> float:
        """How many quarter notes a bar has."""
        return self.over * 4.0 / self.under

    @property
    def count_beats(self) -> float:
        """How many quarter notes lie between two clicks of a metronome: one of the signature's own."""
        return 4.0 / self.under

    @property
    def beat_beats(self) -> float:
        """How many quarter notes one of its beats has: three of its notes where these go by threes (6/8, 9/8, 12/8)."""
        return 3.0 * self.count_beats if self.under >= 8 and self.over in (6, 9, 12) else 1.0

    def __str__(self) -> str:
        return f"{self.over}/{self.under}"

    def in_bar(self, beat: float) -> float:
        """How many beats (quarter notes) after its bar line a beat lies."""
        return beat % self.bar_beats


def first_from(beat: float, step: float) -> float:
    """The first whole multiple of `step` beats that is not before `beat`."""
    return math.ceil(beat / step - _JUST_MISSED) * step


def parse_meter(text: str) -> Meter | None:
    """The meter that `4/4` or `6/8` stands for: 1 to 32 notes, of a half, quarter, eighth or sixteenth, 1 to 16
    quarter notes in all.
    """
    over, slash, under = text.partition("/")
    if not (slash and over.isdecimal() and under.isdecimal() and text.isascii()):
        return None
    if len(text) > 5 or int(under) not in (2, 4, 8, 16) or not 1 <= int(over) <= 32:
        return None
    meter = Meter(int(over), int(under))
    return meter if _SHORTEST_BAR_BEATS <= meter.bar_beats <= _LONGEST_BAR_BEATS else None


def meter_problem(text: str) -> str:
    """What is wrong with a meter, as a sentence; nothing for one that can be used."""
    if parse_meter(text):
        return ""
    shown = text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}..."
    return f'"{shown}" is no meter: write 4/4, 3/4, 6/8, 7/8 or the like, 1 to 16 quarter notes long.'
