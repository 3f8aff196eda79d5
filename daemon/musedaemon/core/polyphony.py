"""How many notes a phrase has at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from musedaemon.core.accents import Strike

_LEGATO_S = 0.1
"""A key that comes up so soon after the next went down was let go for it."""
_SAME_CHORD_S = 0.05


def most_at_once(strikes: Sequence[Strike]) -> int:
    """The most notes that sound at once in a phrase, as it is meant: a line played legato is one; 0 without notes.

    However short they are, notes struck within 50 ms are a chord.
    """
    if not strikes:
        return 0
    begins, ends = np.array(sorted(strikes), dtype=np.float64).T
    meant = np.sort(np.maximum(ends - _LEGATO_S, begins + _SAME_CHORD_S))
    sounding = np.arange(1, len(begins) + 1) - meant.searchsorted(begins, side="right")
    return int(sounding.max())
