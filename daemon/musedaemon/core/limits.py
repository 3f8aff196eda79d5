"""The limits of a reply: which pitches and velocities it may use, how often it strikes and how much of it sounds.

They are masks before sampling, so that among what is allowed the model's probabilities stay honest.
"""

from __future__ import annotations

import math
from collections.abc import Sequence, Set
from dataclasses import dataclass
from enum import Enum
from functools import cache
from typing import NamedTuple

import numpy as np

from musedaemon.core.key_finding import Span, find_keys, pitch_classes_in
from musedaemon.core.scales import PITCH_CLASSES, Scale
from musedaemon.encoding import (
    PITCHES,
    TICKS_PER_BEAT,
    VELOCITY_CLASSES,
    VELOCITY_STEP,
    BoolArray,
    class_to_velocity,
)

MOST_VOICES = PITCHES
_NARROWEST = 12
"""A reply as high as its call has at least an octave to move in, however narrow the call."""
_COUNTED_BEATS = 2
"""Strikes are counted over two beats, so that a dotted rhythm passes where even notes as many would."""


class Register(Enum):
    """Where a reply lies, compared with its call."""

    ANY = "any"
    AS_CALL = "as-call"
    """Between the lowest and the highest note of the call."""
    ABOVE = "above"
    """Not below the middle note of the call."""
    BELOW = "below"
    """Not above the middle note of the call."""


class KeyOfCall(Enum):
    """In place of a scale: the key that is found in each call."""

    FOUND = "auto"


class Spacing(NamedTuple):
    """At most `strikes` onsets within any `ticks`; a chord is one strike. No strikes: no limit."""

    strikes: int
    ticks: int


@dataclass(frozen=True, slots=True)
class LimitSettings:
    """The musician's. `density`: most strikes a beat, 0 for no limit. `polyphony`: most notes at once, 0 for no limit.

    `softest` and `loudest` are velocities, 1 to 127. `scale` None: every pitch class.
    """

    scale: Scale | KeyOfCall | None = None
    register: Register = Register.ANY
    polyphony: int = 0
    density: float = 0.0
    softest: int = 1
    loudest: int = 127


class Limits(NamedTuple):
    """What one reply may be: `pitches` [128] (at least one), velocities from `softest` to `loudest`, at most `voices`
    notes sounding at once, and its `spacing`.
    """

    pitches: BoolArray
    softest: int
    loudest: int
    voices: int
    spacing: Spacing

    def velocity_classes(self) -> BoolArray:
        """[VELOCITY_CLASSES] the classes that hold an allowed velocity: at least one."""
        return _velocity_classes(self.softest, self.loudest)

    def velocity(self, velocity_class: int) -> int:
        """The allowed velocity nearest to the middle of a class."""
        return min(max(class_to_velocity(velocity_class), self.softest), self.loudest)


@cache
def _velocity_classes(softest: int, loudest: int) -> BoolArray:
    """Asked for at every note, and not to be changed."""
    lowest = np.arange(VELOCITY_CLASSES) * VELOCITY_STEP
    inside: BoolArray = (lowest + VELOCITY_STEP > softest) & (lowest <= loudest)
    inside.flags.writeable = False
    return inside


def without_limits(playable: BoolArray) -> Limits:
    """No limit but the playable pitches [128]."""
    return Limits(playable, 1, 127, MOST_VOICES, Spacing(0, 0))


class Limiter:
    """Makes the limits of each reply from the settings and the call. Owned by the engine.

    `playable` [128] holds in any case. What would leave no pitch of it is passed over: first the register, then the
    scale. A call too short to have a key is in the one of the call before.
    """

    def __init__(self, settings: LimitSettings, playable: BoolArray) -> None:
        self._settings = settings
        self._playable = playable
        self._keys: list[Scale] = []

    def limits_for(self, call: Sequence[Span]) -> Limits:
        """The limits of the reply to a call; an empty call leaves the register free."""
        settings = self._settings
        pitches = _narrowed(self._playable, [self._in_scale(call), _in_register(call, settings.register)])
        voices = settings.polyphony or MOST_VOICES
        return Limits(
            pitches=pitches,
            softest=settings.softest,
            loudest=settings.loudest,
            voices=min(voices, int(pitches.sum())),
            spacing=_spacing(settings.density),
        )

    def _in_scale(self, call: Sequence[Span]) -> BoolArray:
        """[128]."""
        scale = self._settings.scale
        if isinstance(scale, Scale):
            return _in_every_octave(scale.pitch_classes)
        if scale is KeyOfCall.FOUND:
            self._keys = find_keys(call) or self._keys
        return _in_every_octave(pitch_classes_in(self._keys, call)) if self._keys else np.ones(PITCHES, dtype=np.bool_)


def _narrowed(pitches: BoolArray, masks: Sequence[BoolArray]) -> BoolArray:
    """The pitches left by each mask after the other, but for those that would leave none."""
    for mask in masks:
        if (pitches & mask).any():
            pitches = pitches & mask
    return pitches


def _in_every_octave(pitch_classes: Set[int]) -> BoolArray:
    """[128]."""
    inside: BoolArray = np.isin(np.arange(PITCHES) % PITCH_CLASSES, list(pitch_classes))
    return inside


def _in_register(call: Sequence[Span], register: Register) -> BoolArray:
    """[128]."""
    inside = np.ones(PITCHES, dtype=np.bool_)
    if register is Register.ANY or not call:
        return inside
    heard = sorted(span.pitch for span in call)
    lowest, highest = _bounds(heard, register)
    inside[: max(lowest, 0)] = False
    inside[highest + 1 :] = False
    return inside


def _bounds(heard: Sequence[int], register: Register) -> tuple[int, int]:
    middle = heard[len(heard) // 2]
    if register is Register.ABOVE:
        return middle, PITCHES - 1
    if register is Register.BELOW:
        return 0, middle
    spare = max(_NARROWEST - (heard[-1] - heard[0]), 0)
    return heard[0] - spare // 2, heard[-1] + spare - spare // 2


def _spacing(density: float) -> Spacing:
    """`density` strikes a beat, counted over `_COUNTED_BEATS` or a little more: whole strikes in whole ticks."""
    if density <= 0.0:
        return Spacing(0, 0)
    strikes = math.ceil(density * _COUNTED_BEATS)
    return Spacing(strikes, math.ceil(strikes * TICKS_PER_BEAT / density))
