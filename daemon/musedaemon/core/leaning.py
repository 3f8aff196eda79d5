"""Leaning: a reply keeps to the key of its call about as closely as a musician would, without being bound to it.

A sampled reply strays: each foreign note makes the next one likelier, and the state still knows the keys of earlier
calls. So the chances of notes outside the key are lessened (docs/decisions.md has the measurements).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from musedaemon.core.key_finding import STRESSED, Span, durations, pitch_classes_in
from musedaemon.core.sampling import Floats
from musedaemon.core.scales import PITCH_CLASSES, Scale
from musedaemon.encoding import PITCHES

_FOREIGN = 1.5
"""The logarithm of how much less likely a foreign note is."""
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
