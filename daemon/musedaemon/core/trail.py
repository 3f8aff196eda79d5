"""The trail: the pitches heard last, by which a passage is known again."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

TRAIL_NOTES = 9
RUN_NOTES = TRAIL_NOTES - 1
"""The longest run of agreeing intervals."""
NEVER_KEPT, NEVER_NOW = -1, -2
"""What stands for notes before the first: two numbers, so that they never agree."""

Trail = tuple[int, ...]
"""Pitches, the newest first, at most `TRAIL_NOTES`. A value: whoever goes on makes a new one."""
Small = npt.NDArray[np.int16]

_NO_INTERVAL = 1000


def followed(trail: Trail, pitch: int) -> Trail:
    """The trail after one more note."""
    return (pitch, *trail[: TRAIL_NOTES - 1])


def history(trail: Trail, missing: int) -> tuple[Small, Small]:
    """([TRAIL_NOTES] pitches, [RUN_NOTES] intervals), the newest first; `missing` stands for what was never heard."""
    pitches = np.full(TRAIL_NOTES, missing, dtype=np.int16)
    pitches[: len(trail)] = trail
    intervals = pitches[:-1] - pitches[1:]
    intervals[max(len(trail) - 1, 0) :] = missing * _NO_INTERVAL
    return pitches, intervals
