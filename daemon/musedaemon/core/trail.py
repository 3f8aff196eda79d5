"""The trail: the pitches heard last, by which a passage is known again, and what else a note is heard against."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from musedaemon.encoding import PITCHES, VELOCITY_UNKNOWN
from musedaemon.model.protocol import FloatArray

TRAIL_NOTES = 9
RUN_NOTES = TRAIL_NOTES - 1
"""The longest run of agreeing intervals."""
NEVER_KEPT, NEVER_NOW = -1, -2
"""What stands for notes before the first: two numbers, so that they never agree."""

_FADING_NOTES = 32
_FADING = math.exp(-1.0 / _FADING_NOTES)
_NO_INTERVAL = 1000


class Trail(NamedTuple):
    """A value: whoever goes on makes a new one with `followed`."""

    last: tuple[int, ...]
    """The newest first, at most `TRAIL_NOTES`."""
    heard: FloatArray
    """[PITCHES] how much each pitch was heard of late: each note counts 1, and fades by e in 32 notes."""
    velocity: int = VELOCITY_UNKNOWN
    """The class of the last note."""

    def followed(self, pitch: int, velocity: int) -> Trail:
        """The trail after one more note; `velocity` is its class, or VELOCITY_UNKNOWN."""
        heard: FloatArray = self.heard * np.float32(_FADING)
        heard[pitch] += 1.0
        return Trail((pitch, *self.last[: TRAIL_NOTES - 1]), heard, velocity)


NO_TRAIL = Trail((), np.zeros(PITCHES, dtype=np.float32))
"""Before anything was heard."""


def passage(trail: Trail, missing: int) -> list[int]:
    """The last `RUN_NOTES` pitches and then as many intervals, the newest first.

    `missing` (NEVER_KEPT or NEVER_NOW) stands for what was never heard.
    """
    last = trail.last
    pitches = [*last[:RUN_NOTES], *[missing] * (RUN_NOTES - len(last))]
    intervals = [after - before for after, before in pairwise(last)]
    return [*pitches, *intervals, *[missing * _NO_INTERVAL] * (RUN_NOTES - len(intervals))]
