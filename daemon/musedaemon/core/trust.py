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
    """How far pitches lean towards the pitch classes heard of late: `weight` times the logarithm of how much each was,
    with `doubt` notes spread over all of them.
    """

    weight: float
    doubt: float


SHIFT = Trust(
    Likeness(base=0.28, key=40.6, run=0.29, interval_run=2.05, repeats=0.47, interval_repeats=-0.83, common=-0.58),
    power=0.193,
    most=0.997,
    unsure=0.21,
)
PITCH = Trust(
    Likeness(base=-6.04, key=17.83, run=0.51, interval_run=-0.5, repeats=2.28, interval_repeats=0.39, common=1.01),
    power=0.415,
    most=0.966,
    unsure=0.41,
    other_shift=-10.39,
)
TRANSPOSED = Likeness(
    base=-6.42, key=11.06, run=0.03, interval_run=1.33, repeats=1.42, interval_repeats=2.47, common=0.23
)
"""For the votes of kept notes for their interval from the note before; they count beside those for their pitch."""
SCALE = Familiarity(weight=0.46, doubt=2.0)
VELOCITY = Trust(
    Likeness(base=5.85, key=39.53, run=-0.24, interval_run=0.19, repeats=1.77, interval_repeats=0.72, common=-0.28),
    power=0.506,
    most=0.999,
    unsure=0.57,
    other_shift=-7.3,
    other_pitch=-2.54,
    other_pitch_same_interval=0.25,
)
DURATION = Trust(
    Likeness(base=0.52, key=20.78, run=-0.07, interval_run=0.54, repeats=1.0, interval_repeats=0.58, common=0.09),
    power=0.262,
    most=0.991,
    unsure=0.45,
    other_shift=-11.73,
    other_pitch=-2.19,
    other_pitch_same_interval=0.47,
)
