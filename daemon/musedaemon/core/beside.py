"""Playing beside the musician: the register their hands leave free, and how many voices there is room for."""

from __future__ import annotations

from collections import deque
from enum import Enum, auto
from typing import NamedTuple

import numpy as np

from musedaemon.core.limits import Limits
from musedaemon.encoding import PITCHES, BoolArray

_VOICES = 3
"""An accompaniment sounds at most so many notes at once."""
_BASS = 48
"""Below this it is a bass line: one note at a time, two would growl."""
_MEMORY_S = 4.0
"""Where the hands were this long ago still counts."""
_APART = 3
"""Semitones from the musician's notes at least."""
_REACH = 31
"""Semitones from the musician's outermost note at most: farther away nobody hears the two as one piece."""
_REACH_ABOVE = 19
"""A descant lies nearer than a bass."""
_ROOM = 7
"""A register of fewer semitones is none."""
_WORTH_IT = 12
"""Semitones that the other side must have more before we move there."""
_LOWEST, _HIGHEST = 28, 100
"""Beyond these a piano growls or tinkles."""


class Beside(NamedTuple):
    """What a reply keeps to that sounds together with the musician: `pitches` [128], and at most `voices` at once."""

    pitches: BoolArray
    voices: int

    def within(self, limits: Limits) -> Limits:
        """Both limits together; where that leaves no pitch, those of `limits` hold."""
        pitches = limits.pitches & self.pitches
        if not pitches.any():
            pitches = limits.pitches
        return limits._replace(pitches=pitches, voices=min(limits.voices, self.voices, int(pitches.sum())))


class Side(Enum):
    """Where we are, seen from the musician."""

    BELOW = auto()
    ABOVE = auto()


class FreeRegister:
    """Follows the musician's hands. Owned by the duet."""

    def __init__(self) -> None:
        self._strikes: deque[tuple[float, int]] = deque()
        self._side = Side.BELOW

    def strike(self, at: float, pitch: int) -> None:
        """A key of the musician's went down (seconds)."""
        self._strikes.append((at, pitch))
        while self._strikes[0][0] < at - _MEMORY_S:
            self._strikes.popleft()

    def beside(self, held: list[int]) -> Beside:
        """What to keep to as things are; `held` are the pitches of the keys that are down."""
        pitches = self._free(held)
        return Beside(pitches, 1 if pitches[_BASS:].sum() == 0 else _VOICES)

    def _free(self, held: list[int]) -> BoolArray:
        """[128]."""
        taken = {*held, *(pitch for _, pitch in self._strikes)}
        if not taken:
            return np.ones(PITCHES, dtype=np.bool_)
        sides = {
            Side.BELOW: (max(_LOWEST, min(taken) - _REACH), min(taken) - _APART),
            Side.ABOVE: (max(taken) + _APART, min(_HIGHEST, max(taken) + _REACH)),
        }
        room = {side: highest - lowest + 1 for side, (lowest, highest) in sides.items()}
        self._side = _chosen(self._side, room)
        if room[self._side] < _ROOM:
            return _between(taken)
        lowest, highest = sides[self._side]
        highest = min(highest, max(taken) + _REACH_ABOVE)
        pitches = np.arange(PITCHES)
        inside: BoolArray = (pitches >= lowest) & (pitches <= highest)
        return inside


def _chosen(now: Side, room: dict[Side, int]) -> Side:
    """The side with clearly more room; else we stay where we are."""
    other = Side.ABOVE if now is Side.BELOW else Side.BELOW
    moves = room[other] >= room[now] + _WORTH_IT or room[now] < _ROOM <= room[other]
    return other if moves else now


def _between(taken: set[int]) -> BoolArray:
    """[128] the gaps between hands that are everywhere."""
    distance = np.abs(np.arange(PITCHES)[:, None] - np.array(sorted(taken))[None, :]).min(axis=1)
    inside: BoolArray = distance >= _APART
    return inside
