"""The hands of a soak's musician: phrases from a seed, of which each note can be told from all others."""

from __future__ import annotations

from random import Random
from typing import NamedTuple

from support.flood import Timed

Note = tuple[int, int]
"""Pitch and velocity: no two notes of a musician's are the same in both."""

_LOWEST, _HIGHEST = 36, 95
_PEDAL_DOWN, _PEDAL_UP = bytes((0xB0, 64, 127)), bytes((0xB0, 64, 0))


class Phrase(NamedTuple):
    """What to play, how long it takes (seconds), and its notes."""

    events: list[Timed]
    seconds: float
    notes: list[Note]

    @property
    def lifted(self) -> list[Timed]:
        """All of its keys and the pedal come up, at once."""
        return [(0.0, bytes((0x80, pitch, 64))) for pitch, _ in self.notes] + [(0.0, _PEDAL_UP)]


class Hands:
    """Makes phrases, until after some thousand notes no velocity is left for a pitch."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._left = {pitch: rng.sample(range(20, 120), 100) for pitch in range(_LOWEST, _HIGHEST + 1)}

    def phrase(self) -> Phrase:
        """Six to ten notes, one after the other, some tied; now and then with the pedal."""
        rng = self._rng
        step, pitch, at = rng.choice((0.12, 0.18, 0.25)), rng.randrange(50, 80), 0.0
        events: list[Timed] = []
        notes: list[Note] = []
        for _ in range(rng.randrange(6, 11)):
            pitch = self._near(pitch)
            velocity = self._left[pitch].pop()
            notes.append((pitch, velocity))
            events.append((at, bytes((0x90, pitch, velocity))))
            events.append((at + step * rng.uniform(0.4, 1.3), bytes((0x80, pitch, 64))))
            at += step
        end = max(at for at, _ in events)
        if rng.random() < 0.3:
            events += [(0.01, _PEDAL_DOWN), (end, _PEDAL_UP)]
        return Phrase(events, end, notes)

    def _near(self, pitch: int) -> int:
        """Another pitch not far from it that has velocities left."""
        wide = 5
        while True:
            near = range(max(pitch - wide, _LOWEST), min(pitch + wide, _HIGHEST) + 1)
            if there := [other for other in near if other != pitch and self._left[other]]:
                return self._rng.choice(there)
            wide += 12
