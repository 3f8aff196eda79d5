"""How long a reply is to be."""

from __future__ import annotations

from typing import NamedTuple

from musedaemon.encoding import TICKS_PER_BEAT

_ENTRY_TICKS = 2 * TICKS_PER_BEAT
"""The reply enters within two beats of the first moment it may."""
_NEVER = 2**40
"""A number of ticks that is never reached."""


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
