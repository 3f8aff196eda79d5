"""Recollection: the kept notes vote for the next one, and their votes are mixed into the model's distribution.

Each kept note has a weight, higher the nearer its key is to the hidden vector now (the continuous cache of Grave et al.
2016). A recurrent net forgets a tune sooner than its listener does, so a weight also grows with the run of last notes
that agree, in pitch or in interval, as far back as they do (the unbounded contexts of PPM*, Cleary & Teahan 1997).
Notes vote for their classes and, where intervals agree, for the transposed pitch; for velocity they vote for their rise
or fall. The heavier the votes are in all, and the less sure the model is, the larger their share. Beside that, pitches
lean towards the scale that was heard of late.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from musedaemon.core import trust
from musedaemon.core.trail import NEVER_NOW, RUN_NOTES, Small, Trail, history
from musedaemon.core.trust import Likeness, Trust
from musedaemon.encoding import PITCHES, TICKS_OF_CLASS, TIME_CLASSES, VELOCITY_CLASSES
from musedaemon.model.protocol import FloatArray

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_COMMON_NOTES = 4
_ONE_EACH = np.ones(_COMMON_NOTES, dtype=np.float32)
_HEAVIEST = 15.0
_TINY = 1e-30
LEAST_UNSURE = 1e-3
_PITCH_CLASS = np.arange(PITCHES) % 12
# Of the eight bits of a byte: a run of eight notes is looked up, many times quicker than it is multiplied out.
_LEADING_ONES = np.array([8 - (~byte & 0xFF).bit_length() for byte in range(256)], dtype=np.float32)


class Past(NamedTuple):
    """The kept notes, N of them, in any order. Classes that are unknown are one past the last."""

    keys: FloatArray
    """[N, H] of length 1."""
    pitches: Small
    """[N, TRAIL_NOTES] of the trail before each note."""
    intervals: Small
    """[N, RUN_NOTES] of the same."""
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
            self.pitches[:count],
            self.intervals[:count],
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


def unit(key: FloatArray) -> FloatArray:
    """[H] scaled to length 1; zeros stay."""
    scaled: FloatArray = key / max(float(np.sqrt(key @ key)), _TINY)
    return scaled


def run_lengths(kept: Small, now: Small) -> FloatArray:
    """[N] how many of each row of `kept` [N, 8], from the first on without a break, are those of `now` [8]."""
    lengths: FloatArray = _LEADING_ONES.take(np.packbits((kept == now).reshape(-1)))
    return lengths


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
    """What the kept notes say after a hidden vector of length 1 [H] and a trail. `gain` scales the votes' odds.

    `signs` [fields of Likeness, N] is what each kept note has in common with now.
    """

    def __init__(self, past: Past, key: FloatArray, trail: Trail, gain: float) -> None:
        self.past = past
        self._gain = gain
        self.last_pitch = trail.last[0] if trail.last else None
        self.heard = trail.heard
        self.last_velocity = trail.velocity
        self.signs = _signs(past, key, trail)

    def shift(self, logits: FloatArray) -> Floats:
        """[TIME_CLASSES]."""
        model = _softmax(logits)
        votes = _counted(self.past.shift, self._weights(trust.SHIFT.likeness), TIME_CLASSES)
        return self._mixed(model, meant(votes, model), trust.SHIFT)

    def pitch(self, logits: FloatArray, shift: int) -> Floats:
        """[PITCHES]."""
        differs = trust.PITCH.other_shift * self._other_shift(shift)
        votes = _counted(self.past.pitch, self._weights(trust.PITCH.likeness, differs), PITCHES)
        if self.last_pitch is not None:
            pitches = self.last_pitch + self.past.step
            pitches = np.where((pitches >= 0) & (pitches < PITCHES), pitches, PITCHES)
            votes += _counted(pitches, self._weights(trust.TRANSPOSED, differs), PITCHES)
        leaning = logits + min(self._gain, 1.0) * _familiarity(self.heard)
        return self._mixed(_softmax(leaning), votes, trust.PITCH)

    def velocity(self, logits: FloatArray, shift: int, pitch: int) -> Floats:
        """[VELOCITY_CLASSES]."""
        weights = self._weights(trust.VELOCITY.likeness, self._other_note(trust.VELOCITY, shift, pitch))
        votes = _counted(self.levels(), weights, VELOCITY_CLASSES)
        return self._mixed(_softmax(logits), votes, trust.VELOCITY)

    def duration(self, logits: FloatArray, shift: int, pitch: int) -> Floats:
        """[TIME_CLASSES]."""
        model = _softmax(logits)
        weights = self._weights(trust.DURATION.likeness, self._other_note(trust.DURATION, shift, pitch))
        votes = _counted(self.past.duration, weights, TIME_CLASSES)
        return self._mixed(model, meant(votes, model), trust.DURATION)

    def levels(self) -> Ints:
        """[N] the velocity each kept note votes for: it rises from the last note as the kept one did from its own."""
        levels = self.last_velocity + self.past.rise
        known = (levels >= 0) & (levels < VELOCITY_CLASSES) & (self.last_velocity < VELOCITY_CLASSES)
        return np.where(known, levels, VELOCITY_CLASSES)

    def _weights(self, likeness: Likeness, differs: FloatArray | float = 0.0) -> FloatArray:
        logarithms = np.array(likeness, dtype=np.float32) @ self.signs + differs
        weights: FloatArray = np.exp(np.minimum(logarithms, _HEAVIEST))
        return weights

    def _other_shift(self, shift: int) -> FloatArray:
        """[N] 1 where a kept note came after another time than the next one will."""
        ticks = float(TICKS_OF_CLASS[shift])
        other: FloatArray = (np.abs(self.past.shift_ticks - ticks) > 2.0 + 0.1 * ticks).astype(np.float32)
        return other

    def _other_note(self, trusted: Trust, shift: int, pitch: int) -> FloatArray:
        """[N] what the logarithms of the weights lose (or gain) where a kept note is not the one that was chosen."""
        other_pitch = np.where(self.past.pitch == pitch, np.float32(0.0), np.float32(trusted.other_pitch))
        if self.last_pitch is not None:
            moved = (self.past.step == pitch - self.last_pitch) & (self.past.pitch != pitch)
            other_pitch[moved] = trusted.other_pitch_same_interval
        differs: FloatArray = other_pitch + np.float32(trusted.other_shift) * self._other_shift(shift)
        return differs

    def _mixed(self, model: Floats, votes: Floats, trusted: Trust) -> Floats:
        heaviness = float(votes.sum())
        doubt = 1.0 - float(model.max()) + LEAST_UNSURE
        # Beyond the tuned place of the dial the musician asks for more than is likely: the model's word counts less.
        beyond = max(self._gain, 1.0)
        odds = self._gain * heaviness**trusted.power * doubt ** (trusted.unsure / beyond) if heaviness > _TINY else 0.0
        share = max(trusted.most, 1.0 - 1.0 / beyond) * odds / (1.0 + odds)
        mixed: Floats = np.log(np.maximum((1.0 - share) * model + (share / max(heaviness, _TINY)) * votes, _TINY))
        return mixed


def _signs(past: Past, key: FloatArray, trail: Trail) -> FloatArray:
    """[fields of Likeness, N] what each kept note has in common with now."""
    pitches, intervals = history(trail, NEVER_NOW)
    signs = np.ones((len(Likeness._fields), len(past.pitch)), dtype=np.float32)
    signs[1] = past.keys @ key - 1.0
    signs[2] = run_lengths(past.pitches[:, :RUN_NOTES], pitches[:RUN_NOTES])
    signs[3] = run_lengths(past.intervals, intervals)
    signs[4:6] = signs[2:4] > 0.0
    recent = np.zeros(PITCHES + 1, dtype=np.float32)
    recent[list(trail.last[:_COMMON_NOTES])] = 1.0
    signs[6] = recent.take(past.pitches[:, :_COMMON_NOTES]) @ _ONE_EACH
    return signs


def _familiarity(heard: FloatArray) -> FloatArray:
    """[PITCHES] what to add to the logits of pitches for how much they, and their pitch classes, were heard of late.

    The model is rescaled by the unigrams of its own history (Kneser, Peters & Klakow 1997, "Language model adaptation
    using dynamic marginals"): a tune keeps to its scale longer than a net remembers it.
    """
    total = float(heard.sum())
    classes = np.bincount(_PITCH_CLASS, heard, minlength=12)[_PITCH_CLASS]
    scale, tones = trust.SCALE, trust.TONES
    leaning = scale.weight * np.log((classes + scale.doubt / 12) / (total + scale.doubt))
    leaning += tones.weight * np.log((heard + tones.doubt / PITCHES) / (total + tones.doubt))
    added: FloatArray = leaning.astype(np.float32)
    return added


def _counted(classes: Ints, weights: FloatArray, count: int) -> Floats:
    """[count] the weights added up by class; those of unknown ones are left out."""
    votes = np.bincount(classes, weights, minlength=count + 1)[:count]
    return votes.astype(np.float64, copy=False)


def _softmax(logits: FloatArray) -> Floats:
    shifted = logits.astype(np.float64)
    weights: Floats = np.exp(shifted - shifted.max())
    weights /= weights.sum()
    return weights
