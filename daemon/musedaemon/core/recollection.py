"""Recollection: the kept notes vote for the next one, and their votes are mixed into the model's distribution.

Each kept note has a weight, higher the nearer its key is to the hidden vector now (the continuous cache of Grave et al.
2016). A recurrent net forgets a tune sooner than its listener does, so a weight also grows with the run of last notes
that agree, in pitch or in interval, as far back as they do (the unbounded contexts of PPM*, Cleary & Teahan 1997).
Notes vote for their classes and, where intervals agree, for the transposed pitch; for velocity they vote for their rise
or fall. The heavier the votes are in all, and the less sure the model is, the larger their share.
"""

from __future__ import annotations

import math
from typing import NamedTuple, Protocol, cast

import numpy as np
import numpy.typing as npt

from musedaemon.core import trust
from musedaemon.core.sampling import Floats, chances
from musedaemon.core.trail import NEVER_NOW, Trail, passage
from musedaemon.core.trust import Likeness, Trust
from musedaemon.encoding import PITCHES, TICKS_OF_CLASS, TIME_CLASSES, VELOCITY_CLASSES, BoolArray
from musedaemon.model.protocol import FloatArray

Ints = npt.NDArray[np.int64]
Passages = npt.NDArray[np.uint64]

COMMON_NOTES = 4
_ONE_EACH = np.ones(COMMON_NOTES, dtype=np.float32)
_HEAVIEST = 15.0
_TINY = 1e-30
LEAST_UNSURE = 1e-3
# Of the eight bits of a byte: a run of eight notes is looked up, many times quicker than it is multiplied out.
_LEADING_ZEROS = np.array([8 - byte.bit_length() for byte in range(256)], dtype=np.float32)

NO_STEP = PITCHES + 1
NO_INTERVAL = NO_STEP + PITCHES
"""`step` counts semitones from here: all of it lies beyond the pitches, so that one count serves both."""
NO_RISE = 0
NO_CHANGE = VELOCITY_CLASSES
"""`rise` counts classes of velocity from here."""
_STEPS_END = NO_INTERVAL + PITCHES
_RISES_END = NO_CHANGE + VELOCITY_CLASSES


class Past(NamedTuple):
    """The kept notes, N of them, in any order. Classes that are unknown are one past the last."""

    keys: FloatArray
    """[N, K] of length 1."""
    passages: Passages
    """[2, N] what each came after: pitches and intervals, `RUN_NOTES` bytes each, the newest first."""
    recent: Ints
    """[N, COMMON_NOTES] the pitches before, PITCHES where there was none."""
    classes: Ints
    """[5, N] the fields below, in their order."""
    shift: Ints
    pitch: Ints
    step: Ints
    """[N] the interval from the note before, counted from NO_INTERVAL; NO_STEP where there was none."""
    duration: Ints
    rise: Ints
    """[N] the change of velocity from the note before, counted from NO_CHANGE; NO_RISE where it is unknown."""

    def first(self, count: int) -> Past:
        """The same of the first `count` notes, without copying."""
        return past_of(self.keys[:count], self.passages[:, :count], self.recent[:count], self.classes[:, :count])


def past_of(keys: FloatArray, passages: Passages, recent: Ints, classes: Ints) -> Past:
    """The kept notes, their fields being views of `classes`."""
    return Past(keys, passages, recent, classes, *classes)


class Recollection(Protocol):
    """Logits of the model's in, weights of the mixture out (its chances, but for a factor), field after field.

    Each sees what is chosen before it.
    """

    def shift(self, logits: FloatArray) -> Floats:
        """[TIME_CLASSES]."""

    def pitch(self, logits: FloatArray, shift: int) -> Floats:
        """[PITCHES], once the class of the shift is chosen."""

    def velocity(self, logits: FloatArray, shift: int, pitch: int) -> Floats:
        """[VELOCITY_CLASSES], once shift and pitch are chosen."""

    def duration(self, logits: FloatArray, shift: int, pitch: int) -> Floats:
        """[TIME_CLASSES], once shift and pitch are chosen."""


class Nothing:
    """Nothing is remembered, or the memory is off: the model's chances, untouched."""

    def shift(self, logits: FloatArray) -> Floats:
        """As the model says."""
        return chances(logits)

    def pitch(self, logits: FloatArray, shift: int) -> Floats:
        """As the model says."""
        return chances(logits)

    def velocity(self, logits: FloatArray, shift: int, pitch: int) -> Floats:
        """As the model says."""
        return chances(logits)

    def duration(self, logits: FloatArray, shift: int, pitch: int) -> Floats:
        """As the model says."""
        return chances(logits)


def run_lengths(kept: Passages, now: Passages, lengths: FloatArray) -> None:
    """Set `lengths` [2, N] to how many pitches and intervals, from the newest on without a break, are those of now.

    `kept` [2, N] and `now` [2] are passages.
    """
    differ = np.packbits((kept ^ now[:, None]).view(np.uint8))
    _LEADING_ZEROS.take(differ, out=lengths.reshape(-1), mode="clip")


def _times_meant() -> Floats:
    """[heard, meant]: how near two times are, for a hand that errs by 0.7 ticks and a tenth of the time."""
    ticks = TICKS_OF_CLASS.astype(np.float64)
    off = np.abs(ticks[None, :] - ticks[:, None]) / (0.7 + 0.1 * ticks[:, None])
    near: Floats = np.exp(-0.5 * off**2) * (off <= 3.0)
    return near


TIMES_MEANT = _times_meant()


def meant(votes: Floats, model: Floats) -> Floats:
    """[TIME_CLASSES] votes for times as a hand played them, given to the times about there that the model finds likely.

    So a sloppy call is recalled clean (DESIGN 3).
    """
    shares: Floats = model * ((votes / np.maximum(TIMES_MEANT @ model, _TINY)) @ TIMES_MEANT)
    return shares


class Recalled:
    """What the kept notes say after a key and a trail. `gain` scales the votes' odds.

    `signs` [fields of Likeness, N] is what each kept note has in common with now, but that `key` is the whole cosine.
    A note costs calls of numpy more than their work: so there are few.
    """

    def __init__(self, past: Past, key: FloatArray, trail: Trail, gain: float) -> None:
        self.past = past
        self.trail = trail
        self.signs = _signs(past, key, trail)
        weights = _LIKENESSES @ self.signs
        self._weights: FloatArray = np.exp(np.minimum(weights, _HEAVIEST, out=weights), out=weights)
        self._gain = gain
        self._chosen = (-1, -1)
        self._of_chosen: FloatArray = self._weights[:0]

    def shift(self, logits: FloatArray) -> Floats:
        """[TIME_CLASSES]."""
        model = chances(logits)
        votes = _counted(self.past.shift, self._weights[_BY_SHIFT], TIME_CLASSES + 1)[:TIME_CLASSES]
        return self._mixed(model, meant(votes, model), trust.SHIFT)

    def pitch(self, logits: FloatArray, shift: int) -> Floats:
        """[PITCHES], votes for the kept pitches and for the transposed ones together."""
        weights = self._weights[_BY_PITCH] * _FACTORS_OF_PITCH[shift].take(self.past.shift)
        counts = _counted(self.past.classes[1:3].reshape(-1), weights.reshape(-1), _STEPS_END)
        votes = counts[:PITCHES]
        if self.trail.last:
            lowest = NO_INTERVAL - self.trail.last[0]
            votes += counts[lowest : lowest + PITCHES]
        return self._mixed(chances(logits), votes, trust.PITCH)

    def velocity(self, logits: FloatArray, shift: int, pitch: int) -> Floats:
        """[VELOCITY_CLASSES], votes to rise from the last note as the kept one did from its own."""
        if self.trail.velocity >= VELOCITY_CLASSES:
            return chances(logits)
        lowest = NO_CHANGE - self.trail.velocity
        counts = _counted(self.past.rise, self._weights_after(shift, pitch)[0], _RISES_END)
        return self._mixed(chances(logits), counts[lowest : lowest + VELOCITY_CLASSES], trust.VELOCITY)

    def duration(self, logits: FloatArray, shift: int, pitch: int) -> Floats:
        """[TIME_CLASSES]."""
        model = chances(logits)
        weights = self._weights_after(shift, pitch)[1]
        votes = _counted(self.past.duration, weights, TIME_CLASSES + 1)[:TIME_CLASSES]
        return self._mixed(model, meant(votes, model), trust.DURATION)

    def _weights_after(self, shift: int, pitch: int) -> FloatArray:
        """[2, N] for velocity and duration, by how each kept note differs from what is chosen of the next one."""
        if self._chosen != (shift, pitch):
            self._chosen = shift, pitch
            step = pitch - self.trail.last[0] + NO_INTERVAL if self.trail.last else _STEPS_END
            kind = _OTHER_SHIFT[shift].take(self.past.shift)
            kind += self.past.step == step
            same = self.past.pitch == pitch
            kind += same
            kind += same
            self._of_chosen = self._weights[_BY_CHOSEN] * _FACTORS_OF_CHOSEN.take(kind, axis=1)
        return self._of_chosen

    def _mixed(self, model: Floats, votes: Floats, trusted: Trust) -> Floats:
        """The mixture of the model's weights, of which the largest is 1, and the votes; it takes their place."""
        heaviness, mass = float(np.add.reduce(votes)), float(np.add.reduce(model))
        if heaviness <= _TINY:
            return model
        doubt = 1.0 - 1.0 / mass + LEAST_UNSURE
        # Beyond the tuned place of the dial the musician asks for more than is likely: the model's word counts less.
        beyond = max(self._gain, 1.0)
        odds = self._gain * heaviness**trusted.power * doubt ** (trusted.unsure / beyond)
        share = max(trusted.most, 1.0 - 1.0 / beyond) * odds / (1.0 + odds)
        model *= (1.0 - share) / mass
        votes *= share / heaviness
        model += votes
        return model


_BY_SHIFT = 0
_BY_CHOSEN = slice(1, 3)
_BY_PITCH = slice(3, 5)


def _likenesses() -> FloatArray:
    """[5, fields of Likeness] shift, velocity, duration, pitch, transposed, for the whole cosine of the keys."""
    fields = (trust.SHIFT, trust.VELOCITY, trust.DURATION, trust.PITCH)
    likenesses = np.array([*(field.likeness for field in fields), trust.TRANSPOSED], dtype=np.float32)
    base, key = Likeness._fields.index("base"), Likeness._fields.index("key")
    likenesses[:, base] -= likenesses[:, key]
    return likenesses


def _others_in_time() -> BoolArray:
    """[TIME_CLASSES, TIME_CLASSES + 1] whether a kept shift (the last: none) is another than one that is chosen."""
    chosen, kept = TICKS_OF_CLASS[:, None].astype(np.float64), TICKS_OF_CLASS[None, :]
    other = np.abs(kept - chosen) > 2.0 + 0.1 * chosen
    return np.concatenate((other, np.ones((TIME_CLASSES, 1), dtype=np.bool_)), axis=1)


def _factors(trusted: Trust) -> list[float]:
    """[8] by difference: pitch, pitch but not the interval to it, none (twice); then these with another shift too."""
    of_pitch = (trusted.other_pitch, trusted.other_pitch_same_interval, 0.0, 0.0)
    return [math.exp(of_shift + of_one) for of_shift in (0.0, trusted.other_shift) for of_one in of_pitch]


_LIKENESSES = _likenesses()
_OTHER_SHIFT: Ints = 4 * _others_in_time().astype(np.int64)
_FACTORS_OF_CHOSEN: FloatArray = np.array([_factors(trust.VELOCITY), _factors(trust.DURATION)], dtype=np.float32)
_FACTORS_OF_PITCH: FloatArray = np.exp(trust.PITCH.other_shift * _others_in_time()).astype(np.float32)


def _counted(classes: Ints, weights: FloatArray, count: int) -> Floats:
    """[count] the weights added up by class."""
    return cast(Floats, np.bincount(classes, weights, count))


def _signs(past: Past, key: FloatArray, trail: Trail) -> FloatArray:
    """[fields of Likeness, N] what each kept note has in common with now."""
    signs = np.empty((len(Likeness._fields), len(past.keys)), dtype=np.float32)
    signs[0] = 1.0
    np.matmul(past.keys, key, out=signs[1])
    run_lengths(past.passages, np.frombuffer(passage(trail, NEVER_NOW), dtype=np.uint64), signs[2:4])
    np.minimum(signs[2:4], 1.0, out=signs[4:6])
    recent = np.zeros(PITCHES + 1, dtype=np.float32)
    recent[list(trail.last[:COMMON_NOTES])] = 1.0
    np.matmul(recent.take(past.recent), _ONE_EACH, out=signs[6])
    return signs
