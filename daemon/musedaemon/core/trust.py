"""How far the session memory is trusted: tuned on validation pieces by `training/musedaemon_evaluation/tuning.py`."""

from __future__ import annotations

from typing import NamedTuple


class Likeness(NamedTuple):
    """The logarithm of a kept note's weight is `base` and, for each of the others, that many times what it says.

    `key`: the cosine of its key and the hidden vector now, less 1. `run` and `interval_run`: how many of the last notes
    agree without a break, in pitch and in interval. `repeats` and `interval_repeats`: 1 if any does. `common`: how many
    of the four pitches before it are among the last four now.
    """

    base: float
    key: float
    run: float = 0.0
    interval_run: float = 0.0
    repeats: float = 0.0
    interval_repeats: float = 0.0
    common: float = 0.0


class Trust(NamedTuple):
    """How the votes for a field weigh: by `likeness`, then with the odds `votes ** power * doubt ** unsure` against the
    model, `doubt` being what the model leaves to all but its likeliest class.

    `other_...` is added to the logarithm of a weight where a kept note differs in what is already chosen of the next
    note: its shift, its pitch, its pitch but not the interval to it. `most` is the largest share the votes may have.
    """

    likeness: Likeness
    power: float
    most: float
    unsure: float = 0.0
    other_shift: float = 0.0
    other_pitch: float = 0.0
    other_pitch_same_interval: float = 0.0


class Familiarity(NamedTuple):
    """How far pitches lean towards what was heard of late: `weight` times the logarithm of its share, `doubt` notes of
    which are spread over everything.
    """

    weight: float
    doubt: float


SHIFT = Trust(Likeness(-2.0, 53.0, 0.5, 1.4, 0.0, 0.0, 0.2), power=0.21, most=0.985)
PITCH = Trust(Likeness(-4.5, 10.5, 0.76, 0.23, 1.26, 0.0, 0.94), power=0.34, most=0.965, other_shift=-5.2)
TRANSPOSED = Likeness(-4.8, 10.0, 0.0, 1.63, 0.0, 1.56)
"""For the votes of kept notes for their interval from the note before; they count beside those for their pitch."""
SCALE = Familiarity(weight=0.47, doubt=2.0)
"""For pitch classes."""
TONES = Familiarity(weight=0.2, doubt=8.0)
"""For pitches."""
VELOCITY = Trust(
    Likeness(1.1, 30.6, -0.15, 0.22, 0.74, 0.0, 0.65),
    power=0.67,
    most=0.995,
    other_shift=-4.6,
    other_pitch=-1.1,
    other_pitch_same_interval=0.6,
)
DURATION = Trust(
    Likeness(-4.0, 21.0, 0.4, 1.0, 0.13, 0.0, 0.18),
    power=0.2,
    most=0.92,
    other_shift=-5.9,
    other_pitch=-4.2,
    other_pitch_same_interval=0.5,
)
