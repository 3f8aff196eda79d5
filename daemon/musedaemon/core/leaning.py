"""Leaning: a reply keeps mostly to the key and register of its call and to the parts of the beat, but is not bound to.

A sampled reply strays: each foreign note makes the next one likelier, and the state still knows the keys of earlier
calls; it climbs; one odd shift moves all that follow off the beat. So the chances of these are lessened
(docs/decisions.md has the measurements).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache

import numpy as np

from musedaemon.core.key_finding import STRESSED, Span, durations, pitch_classes_in
from musedaemon.core.sampling import Floats
from musedaemon.core.scales import PITCH_CLASSES, Scale
from musedaemon.encoding import PITCHES, TICKS_OF_CLASS, TICKS_PER_BEAT

_FOREIGN = 1.5
"""The logarithm of how much less likely a foreign note is."""
_ABOVE = 0.1
"""The same for each semitone above the call's highest note. Below its lowest, replies go no farther than composers."""
_OFF_BEAT = 0.7
"""The same for one that is on none of the coarse parts of the beat, and again on none of the fine ones."""
_PARTS = ((4, 3), (8, 6))
_SEMITONES = np.arange(PITCHES)


def no_leaning() -> Floats:
    """[128] every pitch as likely as the model has it."""
    return np.ones(PITCHES)


def to_keys(keys: Iterable[Scale], call: Sequence[Span]) -> Floats:
    """[128] what the chance of each pitch is multiplied by, for the keys of a call.

    1 in them; less outside, the less the call itself uses it.
    """
    used = durations(call)
    share = used / max(float(used.sum()), 1e-9)
    against = _FOREIGN * np.maximum(1.0 - share / STRESSED, 0.0)
    against[list(pitch_classes_in(keys, call))] = 0.0
    leaning: Floats = np.exp(-against)[_SEMITONES % PITCH_CLASSES]
    return leaning


def to_register(call: Sequence[Span]) -> Floats:
    """[128] what the chance of each pitch is multiplied by, for the register of a call (at least one note)."""
    above = np.maximum(_SEMITONES - max(span.pitch for span in call), 0)
    leaning: Floats = np.exp(-_ABOVE * above)
    return leaning


@cache
def to_beat(place: int) -> Floats:
    """[TIME_CLASSES] what the chance of each shift is multiplied by after a note `place` ticks after the beat.

    1 for what lies on a fourth or a third of the beat, less for eighths and sixths, least for what is on no part. It is
    not to be changed.
    """
    ticks = place + TICKS_OF_CLASS
    against = np.zeros(len(TICKS_OF_CLASS))
    for parts in _PARTS:
        against += _OFF_BEAT * np.all([ticks % (TICKS_PER_BEAT // part) for part in parts], axis=0)
    against[TICKS_OF_CLASS == 0] = 0.0
    leaning: Floats = np.exp(-against)
    leaning.flags.writeable = False
    return leaning


@cache
def to_no_beat() -> Floats:
    """[TIME_CLASSES] every shift as likely as the model has it. Not to be changed."""
    leaning = np.ones(len(TICKS_OF_CLASS))
    leaning.flags.writeable = False
    return leaning
