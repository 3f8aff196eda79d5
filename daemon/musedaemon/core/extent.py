"""How long a reply is to be, and by which ticks that bounds it."""

from __future__ import annotations

import math
from typing import NamedTuple

from musedaemon.core.ending import LATEST
from musedaemon.core.texture import SHORTEST_TICKS
from musedaemon.encoding import TICKS_PER_BEAT

_ENTRY_TICKS = 2 * TICKS_PER_BEAT
"""The reply enters within two beats of the first moment it may."""
_NEVER = 2**40
"""A number of ticks that is never reached."""
_LAST_NOTE_TICKS = TICKS_PER_BEAT
"""So much is left for the last note where the reply has to be over by a moment, a quarter of a short one: no stumps."""
EXACT = 1e-6
"""A share of a tick that floating point may be off."""


class Extent(NamedTuple):
    """How long a reply is to be: about `target` ticks from its first note, never more than `most`, and over `by` that
    many ticks after the first moment it may begin; its first note comes within `entry`. Where a clock runs, that moment
    is the nearest of its lines that are `line_ticks` apart.
    """

    target: int
    most: int
    by: int = _NEVER
    entry: int = _ENTRY_TICKS
    line_ticks: int = 1


ENDLESS = Extent(_NEVER, _NEVER)


class Bounds(NamedTuple):
    """Of a reply that enters on the tick `start`: about so many ticks are its `target`, and all has ended by `last`."""

    start: int
    target: int
    last: int

    @classmethod
    def of(cls, extent: Extent, start: int, counts_from: float) -> Bounds:
        """`counts_from`: the place among the ticks from which `by` is counted. One that enters late and must be over by
        a moment lasts less, and at the very end as long as a shortest note.
        """
        by = max(math.floor(counts_from + extent.by + EXACT), start + SHORTEST_TICKS)
        last = min(start + extent.most, by)
        return cls(start, min(extent.target, last - start), last)

    def after(self, share: float) -> int:
        """The tick after that share of the target."""
        return min(self.start + round(share * self.target), self.last)

    @property
    def latest_onset(self) -> int:
        """The tick before which the last note must start."""
        return min(self.after(LATEST), self.last - min((self.last - self.start) // 4, _LAST_NOTE_TICKS) + 1)
