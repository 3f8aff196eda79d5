"""The limits of a reply: which pitches and velocities it may use, how often it strikes and how much of it sounds.

They are masks before sampling, so that among what is allowed the model's probabilities stay honest; where a reply is
only to lean to something, chances are lessened by a factor (`leaning`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence, Set
from dataclasses import dataclass
from enum import Enum
from functools import cache
from typing import NamedTuple

import numpy as np

from musedaemon.core.example import Example
from musedaemon.core.key_finding import Span, find_keys, pitch_classes_in
from musedaemon.core.leaning import no_leaning, to_keys, to_register
from musedaemon.core.liveliness import Liveliness
from musedaemon.core.moment import ticks_per_second
from musedaemon.core.sampling import Floats
from musedaemon.core.scales import PITCH_CLASSES, Scale
from musedaemon.encoding import (
    MAX_TICKS,
    PITCHES,
    TICKS_PER_BEAT,
    VELOCITY_CLASSES,
    VELOCITY_STEP,
    BoolArray,
    class_to_velocity,
)

FINGERS = 10
"""Nothing has more notes at once."""
_SPARE_TICKS = TICKS_PER_BEAT // 2
"""A reply waits and rests at most so much longer than its call."""
_MORE_REPEATS, _FEWEST_REPEATS = 2, 4
"""It repeats a pitch at most so many times more than its call, and so many times in any case."""
_OCTAVE = 12
"""A reply as high as its call has at least so much to move in, however narrow the call; others go at most so far beyond
its outermost notes."""
_SPARE_VELOCITY = 4
"""A reply is at most so much softer or louder than its call ever is: it has some life where all of that is as loud."""
_COUNTED_BEATS = 2
"""Strikes are counted over two beats, so that a dotted rhythm passes where even notes as many would."""


class Register(Enum):
    """Where a reply lies, compared with its call."""

    NEAR = "near"
    """From an octave below the call's lowest note to an octave above its highest, the less likely the higher."""
    ANY = "any"
    AS_CALL = "as-call"
    """Between the lowest and the highest note of the call."""
    ABOVE = "above"
    """From the middle note of the call to an octave above its highest."""
    BELOW = "below"
    """From the middle note of the call to an octave below its lowest."""


class KeyOfCall(Enum):
    """In place of a scale: the key that is found in each call."""

    LEANED_TO = "lean"
    """Foreign notes are less likely."""
    FOUND = "auto"
    """Foreign notes are left out."""


class Spacing(NamedTuple):
    """At most `strikes` onsets within any `ticks`; a chord is one strike. No strikes: no limit."""

    strikes: int
    ticks: int


class Pace(NamedTuple):
    """The next strike comes within `wait` ticks of the last one, and after `rest` ticks of silence at most."""

    wait: int
    rest: int


ANY_PACE = Pace(MAX_TICKS, MAX_TICKS)
ANY_REPEATS = 2**30


@dataclass(frozen=True, slots=True)
class LimitSettings:
    """The musician's. `density`: most strikes a beat, 0 for no limit. `polyphony`: most notes at once, 0 for as many as
    the call has.

    `softest` and `loudest` are velocities, 1 to 127. `scale` None: every pitch class.
    """

    scale: Scale | KeyOfCall | None = KeyOfCall.LEANED_TO
    register: Register = Register.NEAR
    polyphony: int = 0
    density: float = 0.0
    softest: int = 1
    loudest: int = 127


class Limits(NamedTuple):
    """What one reply may be: `pitches` [128] (at least one), velocities from `softest` to `loudest`, at most `voices`
    notes sounding at once, the same pitch at most `repeats` strikes in a row, its `spacing` and its `pace`. `leaning`
    [128] is what the chances of the pitches are multiplied by. `key` and `liveliness` limit nothing: there a phrase
    comes home, and to this it keeps by leaning.
    """

    pitches: BoolArray
    leaning: Floats
    softest: int
    loudest: int
    voices: int
    spacing: Spacing
    pace: Pace = ANY_PACE
    repeats: int = ANY_REPEATS
    key: Scale | None = None
    liveliness: Liveliness | None = None

    def as_loud_as(self, velocities: Sequence[int]) -> Limits:
        """The same, but that velocities stay near those of a call (at least one, 1 to 127).

        Where these lie outside `softest` to `loudest`, as near to them as that allows.
        """
        softest, loudest = min(velocities), max(velocities)
        moved = min(self.loudest - loudest, 0) or max(self.softest - softest, 0)
        return self._replace(
            softest=max(softest + moved - _SPARE_VELOCITY, self.softest),
            loudest=min(loudest + moved + _SPARE_VELOCITY, self.loudest),
        )

    def velocity_classes(self) -> BoolArray:
        """[VELOCITY_CLASSES] the classes that hold an allowed velocity: at least one."""
        return velocity_classes(self.softest, self.loudest)

    def velocity(self, velocity_class: int) -> int:
        """The allowed velocity nearest to the middle of a class."""
        return min(max(class_to_velocity(velocity_class), self.softest), self.loudest)


@cache
def velocity_classes(softest: int, loudest: int) -> BoolArray:
    """[VELOCITY_CLASSES] those that hold a velocity from `softest` to `loudest`. Not to be changed."""
    lowest = np.arange(VELOCITY_CLASSES) * VELOCITY_STEP
    inside: BoolArray = (lowest + VELOCITY_STEP > softest) & (lowest <= loudest)
    inside.flags.writeable = False
    return inside


def without_limits(playable: BoolArray) -> Limits:
    """No limit but the playable pitches [128]."""
    return Limits(playable, no_leaning(), 1, 127, FINGERS, Spacing(0, 0))


class Limiter:
    """Makes the limits of each reply from the settings and the call. Owned by the engine.

    `playable` [128] holds in any case. What would leave no pitch of it is passed over: first the register, then the
    scale. A call too short to have a key is in the one of the call before, unless that lacks a note of it.
    """

    def __init__(self, settings: LimitSettings, playable: BoolArray) -> None:
        self._settings = settings
        self._playable = playable
        self._keys: list[Scale] = []

    def limits_for(self, call: Sequence[Span], example: Example, bpm: float) -> Limits:
        """The limits of the reply to a call (at least one note), which is an `example` too, at a tempo."""
        register = self._settings.register
        limits = self._limits(call, register)
        limits = limits._replace(
            leaning=limits.leaning * to_register(call) if register is Register.NEAR else limits.leaning,
            pace=_pace_like(example, bpm),
            repeats=max(example.repeats + _MORE_REPEATS, _FEWEST_REPEATS),
        )
        limits = self._with_voices(limits, min(example.at_once, FINGERS))
        return limits._replace(liveliness=_liveliness_like(example, bpm, limits))

    def limits_beside(self, call: Sequence[Span]) -> Limits:
        """The limits of what sounds together with a call, or follows none: but for its key that is no example."""
        register = self._settings.register
        limits = self._limits(call, Register.ANY if register is Register.NEAR else register)
        return self._with_voices(limits._replace(repeats=_FEWEST_REPEATS), FINGERS)

    def _limits(self, call: Sequence[Span], register: Register) -> Limits:
        """But for the voices."""
        settings, keys = self._settings, self._keys_of(call)
        leans = settings.scale is KeyOfCall.LEANED_TO and keys
        return Limits(
            pitches=_narrowed(self._playable, [_in_scale(settings.scale, keys, call), _in_register(call, register)]),
            leaning=to_keys(keys, call) if leans else no_leaning(),
            softest=settings.softest,
            loudest=settings.loudest,
            voices=FINGERS,
            spacing=_spacing(settings.density),
            key=settings.scale if isinstance(settings.scale, Scale) else next(iter(keys), None),
        )

    def _with_voices(self, limits: Limits, like_call: int) -> Limits:
        return limits._replace(voices=min(self._settings.polyphony or like_call, int(limits.pitches.sum())))

    def _keys_of(self, call: Sequence[Span]) -> list[Scale]:
        if found := find_keys(call):
            self._keys = found
        used = {span.pitch % PITCH_CLASSES for span in call}
        return found or [key for key in self._keys if used <= pitch_classes_in([key], ())]


def _in_scale(scale: Scale | KeyOfCall | None, keys: Sequence[Scale], call: Sequence[Span]) -> BoolArray:
    """[128]."""
    if isinstance(scale, Scale):
        return _in_every_octave(scale.pitch_classes)
    if scale is KeyOfCall.FOUND and keys:
        return _in_every_octave(pitch_classes_in(keys, call))
    return np.ones(PITCHES, dtype=np.bool_)


def _pace_like(example: Example, bpm: float) -> Pace:
    wait, rest = (math.ceil(seconds * ticks_per_second(bpm)) for seconds in (example.wait_s, example.rest_s))
    return Pace(min(wait + _SPARE_TICKS, MAX_TICKS), min(rest + _SPARE_TICKS, MAX_TICKS))


def _liveliness_like(example: Example, bpm: float, limits: Limits) -> Liveliness | None:
    """None where the example does not tell. What would not be allowed is not aimed at."""
    if example.gap_s is None:
        return None
    spaced = limits.spacing.ticks / max(limits.spacing.strikes, 1)
    gap = max(example.gap_s * ticks_per_second(bpm), spaced, 1.0)
    return Liveliness(gap, min(example.fullness, limits.voices), example.middle)


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
        return middle, heard[-1] + _OCTAVE
    if register is Register.BELOW:
        return heard[0] - _OCTAVE, middle
    if register is Register.NEAR:
        return heard[0] - _OCTAVE, heard[-1] + _OCTAVE
    spare = max(_OCTAVE - (heard[-1] - heard[0]), 0)
    return heard[0] - spare // 2, heard[-1] + spare - spare // 2


def _spacing(density: float) -> Spacing:
    """`density` strikes a beat, counted over `_COUNTED_BEATS` or a little more: whole strikes in whole ticks."""
    if density <= 0.0:
        return Spacing(0, 0)
    strikes = math.ceil(density * _COUNTED_BEATS)
    return Spacing(strikes, math.ceil(strikes * TICKS_PER_BEAT / density))
