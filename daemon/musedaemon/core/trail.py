"""The trail: the pitches heard last, by which a passage is known again, and what else a note is heard against."""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

from musedaemon.encoding import VELOCITY_UNKNOWN

TRAIL_NOTES = 9
RUN_NOTES = TRAIL_NOTES - 1
"""The longest run of agreeing intervals."""
NEVER_KEPT, NEVER_NOW = 0, 1
"""What stands for notes before the first: two numbers, so that they never agree."""

_LOWEST_PITCH = 2
_NO_INTERVAL = 128
_WIDEST = 126
"""Wider intervals, of more than ten octaves, count as this one: so a byte holds any."""


class Trail(NamedTuple):
    """A value: whoever goes on makes a new one with `followed`."""

    last: tuple[int, ...]
    """The newest first, at most `TRAIL_NOTES`."""
    velocity: int = VELOCITY_UNKNOWN
    """The class of the last note."""

    def followed(self, pitch: int, velocity: int) -> Trail:
        """The trail after one more note; `velocity` is its class, or VELOCITY_UNKNOWN."""
        return Trail((pitch, *self.last[: TRAIL_NOTES - 1]), velocity)


NO_TRAIL = Trail(())
"""Before anything was heard."""


def passage(trail: Trail, missing: int) -> bytes:
    """The last `RUN_NOTES` pitches and then as many intervals, the newest first, a byte for each.

    `missing` (NEVER_KEPT or NEVER_NOW) stands for what was never heard.
    """
    last = trail.last
    pitches = [pitch + _LOWEST_PITCH for pitch in last[:RUN_NOTES]]
    intervals = [min(max(after - before, -_WIDEST), _WIDEST) + _NO_INTERVAL for after, before in pairwise(last)]
    never = [missing] * RUN_NOTES
    return bytes([*pitches, *never[len(pitches) :], *intervals, *never[len(intervals) :]])
