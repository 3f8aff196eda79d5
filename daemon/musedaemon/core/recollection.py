"""Recollection: the kept notes vote for the next one, and their votes are mixed into the model's distribution.

Each kept note has a weight, higher the nearer its key is to the hidden vector now (the continuous cache of Grave et al.
2016). A recurrent net forgets a tune sooner than its listener does, so a weight also grows with the run of last notes
that agree, in pitch or in interval, as far back as they do (the unbounded contexts of PPM*, Cleary & Teahan 1997).
Notes vote for their classes and, where intervals agree, for the transposed pitch; for velocity they vote for their rise
or fall. The heavier the votes are in all, and the less sure the model is, the larger their share.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from musedaemon.core import trust
from musedaemon.core.trail import NEVER_NOW, Trail, passage
from musedaemon.core.trust import Likeness, Trust
from musedaemon.encoding import PITCHES, TICKS_OF_CLASS, TIME_CLASSES, VELOCITY_CLASSES, BoolArray
from musedaemon.model.protocol import FloatArray

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Small = npt.NDArray[np.int16]

_COMMON_NOTES = 4
_ONE_EACH = np.ones(_COMMON_NOTES, dtype=np.float32)
_HEAVIEST = 15.0
_FOLDED = 128
_TINY = 1e-30
LEAST_UNSURE = 1e-3
# Of the eight bits of a byte: a run of eight notes is looked up, many times quicker than it is multiplied out.
_LEADING_ONES = np.array([8 - (~byte & 0xFF).bit_length() for byte in range(256)], dtype=np.float32)


class Past(NamedTuple):
    """The kept notes, N of them, in any order. Classes that are unknown are one past the last."""

    keys: FloatArray
    """[N, folded H] of length 1."""
    passages: Small
    """[N, 2 * RUN_NOTES] what each came after: pitches and intervals, the newest first."""
    shift: Ints
    pitch: Ints
    duration: Ints
    shift_ticks: FloatArray
    step: Ints
    """[N] semitones from the note before; beyond all pitches where there was none."""
    rise: Ints
    """[N] classes of velocity from the note before; beyond all where one of the two is unknown."""

    def first(self, count: int) -> Past:
        """The same of the first `count` notes, without copying."""
        return Past(
            self.keys[:count],
            self.passages[:count],
            self.shift[:count],
            self.pitch[:count],
            self.duration[:count],
            self.shift_ticks[:count],
            self.step[:count],
            self.rise[:count],
        )


class Recollection(Protocol):
    """Logits of the model's in, logits of the mixture out, field after field; each sees what is chosen before it."""

    def shift(self, logits: FloatArray) -> FloatArray | Floats:
        """[TIME_CLASSES]."""

    def pitch(self, logits: FloatArray, shift: int) -> FloatArray | Floats:
        """[PITCHES], once the class of the shift is chosen."""

    def velocity(self, logits: FloatArray, shift: int, pitch: int) -> FloatArray | Floats:
        """[VELOCITY_CLASSES], once shift and pitch are chosen."""

    def duration(self, logits: FloatArray, shift: int, pitch: int) -> FloatArray | Floats:
        """[TIME_CLASSES], once shift and pitch are chosen."""


class Nothing:
    """Nothing is remembered, or the memory is off: the model's logits, untouched."""

    def shift(self, logits: FloatArray) -> FloatArray:
        """As they are."""
        return logits

    def pitch(self, logits: FloatArray, shift: int) -> FloatArray:
        """As they are."""
        return logits

    def velocity(self, logits: FloatArray, shift: int, pitch: int) -> FloatArray:
        """As they are."""
        return logits

    def duration(self, logits: FloatArray, shift: int, pitch: int) -> FloatArray:
        """As they are."""
        return logits


def folded_size(hidden: int) -> int:
    """The length of a key once it is `folded`."""
    return min(hidden, _FOLDED)


def folded(key: FloatArray) -> FloatArray:
    """A hidden vector [H] folded to at most 128 numbers, parts of it added up, and scaled to length 1; zeros stay.

    Units of a net have no order, so that this is as good as a random projection (Johnson & Lindenstrauss 1984): with
    512 units it costs 0.001 bits on validation pieces, and the cost of a note does not grow with the net.
    """
    if len(key) > _FOLDED:
        whole = key if len(key) % _FOLDED == 0 else np.append(key, np.zeros(-len(key) % _FOLDED, dtype=np.float32))
        key = whole.reshape(-1, _FOLDED).sum(axis=0)
    scaled: FloatArray = key / max(float(np.sqrt(key @ key)), _TINY)
    return scaled


def run_lengths(kept: Small, now: Small) -> FloatArray:
    """[N, 2] how many pitches and how many intervals, from the newest on without a break, are those of now.

    `kept` [N, 2 * RUN_NOTES] and `now` [2 * RUN_NOTES] are passages.
    """
    lengths: FloatArray = _LEADING_ONES.take(np.packbits((kept == now).reshape(-1)))
    return lengths.reshape(-1, 2)


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
    """What the kept notes say after a folded key and a trail. `gain` scales the votes' odds.

    `signs` [fields of Likeness, N] is what each kept note has in common with now. A note costs calls of numpy more than
    their work: so there are few.
    """

    def __init__(self, past: Past, key: FloatArray, trail: Trail, gain: float) -> None:
        self.past = past
        self.trail = trail
        self.signs = _signs(past, key, trail)
        weights: FloatArray = np.exp(np.minimum(_LIKENESSES @ self.signs, _HEAVIEST))
        self._by_shift, self._by_velocity, self._by_duration = weights[:3]
        self._by_pitch = weights[3:]
        self._gain = gain
        self._chosen = (-1, -1)
        self._kinds: Ints = past.pitch

    def shift(self, logits: FloatArray) -> Floats:
        """[TIME_CLASSES]."""
        model, surest = _softmax(logits)
        votes = _counted(self.past.shift, self._by_shift, TIME_CLASSES)
        return self._mixed(model, surest, meant(votes, model), trust.SHIFT)

    def pitch(self, logits: FloatArray, shift: int) -> Floats:
        """[PITCHES], votes for the kept pitches and for the transposed ones together."""
        weights = self._by_pitch * _FACTORS_OF_PITCH.take(self._other_shift(shift))
        votes = _counted(self._pitches().reshape(-1), weights.reshape(-1), PITCHES)
        return self._mixed(*_softmax(logits), votes, trust.PITCH)

    def velocity(self, logits: FloatArray, shift: int, pitch: int) -> Floats:
        """[VELOCITY_CLASSES]."""
        weights = self._by_velocity * _FACTORS_OF_VELOCITY.take(self._differences(shift, pitch))
        votes = _counted(self.levels(), weights, VELOCITY_CLASSES)
        return self._mixed(*_softmax(logits), votes, trust.VELOCITY)

    def duration(self, logits: FloatArray, shift: int, pitch: int) -> Floats:
        """[TIME_CLASSES]."""
        model, surest = _softmax(logits)
        weights = self._by_duration * _FACTORS_OF_DURATION.take(self._differences(shift, pitch))
        votes = _counted(self.past.duration, weights, TIME_CLASSES)
        return self._mixed(model, surest, meant(votes, model), trust.DURATION)

    def levels(self) -> Ints:
        """[N] the velocity each kept note votes for: it rises from the last note as the kept one did from its own."""
        if self.trail.velocity >= VELOCITY_CLASSES:
            return np.full(len(self.past.rise), VELOCITY_CLASSES)
        return _within(self.trail.velocity + self.past.rise, VELOCITY_CLASSES)

    def _pitches(self) -> Ints:
        """[2, N] the pitch of each kept note, and the one as far from the last note as that was from its own."""
        last = self.trail.last[0] if self.trail.last else 2 * PITCHES
        return _within(np.stack((self.past.pitch, self.past.step + last)), PITCHES)

    def _other_shift(self, shift: int) -> BoolArray:
        """[N] whether a kept note came after another time than the next one will."""
        ticks = float(TICKS_OF_CLASS[shift])
        other: BoolArray = np.abs(self.past.shift_ticks - ticks) > 2.0 + 0.1 * ticks
        return other

    def _differences(self, shift: int, pitch: int) -> Ints:
        """[N] the kind of difference (as in `_factors`) of each kept note from what is chosen of the next one."""
        if self._chosen != (shift, pitch):
            self._chosen = shift, pitch
            self._kinds = self._kinds_of_difference(shift, pitch)
        return self._kinds

    def _kinds_of_difference(self, shift: int, pitch: int) -> Ints:
        of_pitch = 2 * (self.past.pitch != pitch)
        if self.trail.last:
            of_pitch -= (self.past.step == pitch - self.trail.last[0]) & (of_pitch > 0)
        kinds: Ints = of_pitch + 3 * self._other_shift(shift)
        return kinds

    def _mixed(self, model: Floats, surest: float, votes: Floats, trusted: Trust) -> Floats:
        """The logarithms of the mixture; `surest` is the model's chance for its likeliest class."""
        heaviness = max(float(votes.sum()), _TINY)
        doubt = 1.0 - surest + LEAST_UNSURE
        # Beyond the tuned place of the dial the musician asks for more than is likely: the model's word counts less.
        beyond = max(self._gain, 1.0)
        odds = self._gain * heaviness**trusted.power * doubt ** (trusted.unsure / beyond)
        share = max(trusted.most, 1.0 - 1.0 / beyond) * odds / (1.0 + odds)
        share = share if heaviness > _TINY else 0.0
        mixed: Floats = np.log((1.0 - share) * model + (share / heaviness) * votes + _TINY)
        return mixed


_LIKENESSES: FloatArray = np.array(
    [
        trust.SHIFT.likeness,
        trust.VELOCITY.likeness,
        trust.DURATION.likeness,
        trust.PITCH.likeness,
        trust.TRANSPOSED,
    ],
    dtype=np.float32,
)


def _factors(trusted: Trust) -> FloatArray:
    """[6] by kind of difference: none, pitch but not the interval to it, pitch; then these with another shift too."""
    of_pitch = (0.0, trusted.other_pitch_same_interval, trusted.other_pitch)
    logarithms = [*of_pitch, *(trusted.other_shift + of_one for of_one in of_pitch)]
    factors: FloatArray = np.exp(np.array(logarithms)).astype(np.float32)
    return factors


_FACTORS_OF_PITCH = _factors(trust.PITCH)[::3].copy()
_FACTORS_OF_VELOCITY = _factors(trust.VELOCITY)
_FACTORS_OF_DURATION = _factors(trust.DURATION)


def _signs(past: Past, key: FloatArray, trail: Trail) -> FloatArray:
    """[fields of Likeness, N] what each kept note has in common with now."""
    signs = np.empty((len(Likeness._fields), len(past.pitch)), dtype=np.float32)
    signs[0] = 1.0
    np.matmul(past.keys, key, out=signs[1])
    signs[1] -= 1.0
    runs = run_lengths(past.passages, np.array(passage(trail, NEVER_NOW), dtype=np.int16)).T
    signs[2:4] = runs
    signs[4:6] = runs > 0.0
    recent = np.zeros(PITCHES + 1, dtype=np.float32)
    recent[list(trail.last[:_COMMON_NOTES])] = 1.0
    np.matmul(recent.take(past.passages[:, :_COMMON_NOTES]), _ONE_EACH, out=signs[6])
    return signs


def _counted(classes: Ints, weights: FloatArray, count: int) -> Floats:
    """[count] the weights added up by class; those of unknown ones are left out."""
    votes = np.bincount(classes, weights, minlength=count + 1)[:count]
    return votes.astype(np.float64, copy=False)


def _within(classes: Ints, count: int) -> Ints:
    """The same classes, `count` for those that are below 0 or beyond: below 0 is far beyond without the sign."""
    return np.minimum(classes.view(np.uint64), np.uint64(count)).view(np.int64)


def _softmax(logits: FloatArray) -> tuple[Floats, float]:
    """The chances, and that of the likeliest class."""
    weights: Floats = np.exp((logits - logits.max()).astype(np.float64))
    surest = 1.0 / float(weights.sum())
    weights *= surest
    return weights, surest
