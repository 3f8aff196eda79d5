"""Where a reply ends: near its target length, at home in its key, after a long note and one likely to be followed by a
rest.

A phrase closes on a note that is longer than those before it, and more stable in the key, as well as by a rest (Narmour
1990, "The Analysis and Cognition of Basic Melodic Structures"); `docs/decisions.md` has how well each tells an ending.
"""

from __future__ import annotations

import math
from collections.abc import Collection
from typing import NamedTuple

import numpy as np

from musedaemon.core.commands import PlannedNote
from musedaemon.core.moment import Moment
from musedaemon.core.scales import PITCH_CLASSES, Scale
from musedaemon.encoding import TICKS_OF_CLASS, TICKS_PER_BEAT

EARLIEST, LATEST = 0.75, 1.25
"""The reply ends between these shares of its target length."""
REST_TICKS = TICKS_PER_BEAT // 2
"""A silence from half a beat on is a rest."""
_OFF_TARGET = 8.0
"""What it costs to end off the target: a whole target length away is e to this power less likely."""

_LONG = 2.0
"""A last note twice as long is e to this power times log 2 likelier to be an ending."""
_LONG_ENOUGH_TICKS = 2 * TICKS_PER_BEAT


_HOME = 1.0
"""A lowest note on the tonic makes an ending e to this power likelier, and so does a highest one in its chord."""


class TailNote(NamedTuple):
    """A note that may be left out, and how well the reply would end before it; None where it must not end.

    `gives_way_at` is the tick at which it is over if the next note is played, None where it may sound on.
    """

    note: PlannedNote
    after: Moment
    ending_before: float | None
    gives_way_at: int | None = None


def ending_score(moment: Moment, end: int, share: float) -> float:
    """How well the reply would end at `moment`, at this `share` of its target, with all that sounds over at tick `end`.

    The log-probability that the next note comes only after a rest, more for a long last note, less the distance from
    the target.
    """
    logits = moment.state.shift_logits.astype(np.float64)
    weights = np.exp(logits - logits.max())
    first_rest = int(np.searchsorted(TICKS_OF_CLASS, end - moment.tick + REST_TICKS))
    probability = float(weights[first_rest:].sum() / weights.sum())
    last_note = min(max(end - moment.tick, 1), _LONG_ENOUGH_TICKS) / TICKS_PER_BEAT
    return math.log(max(probability, 1e-9)) + _LONG * math.log(last_note) - _OFF_TARGET * abs(share - 1.0)


def homecoming(sounding: Collection[int], key: Scale | None) -> float:
    """How much more likely an ending is for the pitches that sound last, in a key."""
    if key is None or not sounding:
        return 0.0
    on_tonic = min(sounding) % PITCH_CLASSES == key.tonic
    return _HOME * (on_tonic + (max(sounding) % PITCH_CLASSES in key.triad))


def best_ending(tail: list[TailNote], at_the_end: float) -> list[TailNote]:
    """The part of the tail to play: up to its best ending, `at_the_end` being the score of playing it all."""
    endings = [(note.ending_before, index) for index, note in enumerate(tail) if note.ending_before is not None]
    _, stop = max([*endings, (at_the_end, len(tail))])
    return tail[:stop]
