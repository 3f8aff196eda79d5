"""Scales: which pitch classes a reply may use, by name. Without numpy, which the command line is too quick for."""

from __future__ import annotations

from typing import NamedTuple

PITCH_CLASSES = 12
MAJOR, MINOR = "major", "minor"
TONICS = ("C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
"""The name of each pitch class, as the first note of a scale is most often spelt."""

STEPS: dict[str, tuple[int, ...]] = {
    MAJOR: (0, 2, 4, 5, 7, 9, 11),
    MINOR: (0, 2, 3, 5, 7, 8, 10),
    "harmonic minor": (0, 2, 3, 5, 7, 8, 11),
    "melodic minor": (0, 2, 3, 5, 7, 9, 11),
    "dorian": (0, 2, 3, 5, 7, 9, 10),
    "phrygian": (0, 1, 3, 5, 7, 8, 10),
    "lydian": (0, 2, 4, 6, 7, 9, 11),
    "mixolydian": (0, 2, 4, 5, 7, 9, 10),
    "locrian": (0, 1, 3, 5, 6, 8, 10),
    "phrygian dominant": (0, 1, 4, 5, 7, 8, 10),
    "pentatonic": (0, 2, 4, 7, 9),
    "minor pentatonic": (0, 3, 5, 7, 10),
    "blues": (0, 3, 5, 6, 7, 10),
    "major blues": (0, 2, 3, 4, 7, 9),
    "whole tone": (0, 2, 4, 6, 8, 10),
}
"""The kinds of scale: semitones above the first note."""


class Scale(NamedTuple):
    """A scale: the pitch class it starts on, 0 (C) to 11, and its kind, a key of `STEPS`."""

    tonic: int
    kind: str

    @property
    def pitch_classes(self) -> frozenset[int]:
        """Those that belong to it, 0 (C) to 11."""
        return frozenset((self.tonic + step) % PITCH_CLASSES for step in STEPS[self.kind])

    @property
    def triad(self) -> frozenset[int]:
        """The pitch classes of the chord on its tonic: with the major third where the scale has it, and the fifth."""
        third = self.tonic + 4
        if third % PITCH_CLASSES not in self.pitch_classes:
            third -= 1
        return frozenset(pitch % PITCH_CLASSES for pitch in (self.tonic, third, self.tonic + 7))

    def __str__(self) -> str:
        return f"{TONICS[self.tonic]} {self.kind}"
