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


SHIFT = Trust(
    Likeness(base=1.41, key=26.32, run=-0.09, interval_run=1.99, repeats=0.79, interval_repeats=-0.48, common=-0.72),
    power=0.226,
    most=0.999,
    unsure=0.29,
)
PITCH = Trust(
    Likeness(base=-6.58, key=15.49, run=0.44, interval_run=-0.5, repeats=2.56, interval_repeats=0.72, common=1.02),
    power=0.353,
    most=0.963,
    unsure=0.66,
    other_shift=-14.15,
)
TRANSPOSED = Likeness(
    base=-6.8, key=11.13, run=0.01, interval_run=1.67, repeats=1.16, interval_repeats=2.71, common=0.16
)
"""For the votes of kept notes for their interval from the note before; they count beside those for their pitch."""
VELOCITY = Trust(
    Likeness(base=7.69, key=33.24, run=-0.43, interval_run=0.37, repeats=1.74, interval_repeats=0.7, common=-0.9),
    power=0.505,
    most=0.999,
    unsure=0.52,
    other_shift=-10.78,
    other_pitch=-3.6,
    other_pitch_same_interval=-0.12,
)
DURATION = Trust(
    Likeness(base=1.84, key=15.55, run=-0.15, interval_run=0.54, repeats=0.46, interval_repeats=0.64, common=-0.03),
    power=0.304,
    most=0.997,
    unsure=0.58,
    other_shift=-18.56,
    other_pitch=-2.18,
    other_pitch_same_interval=0.31,
)
