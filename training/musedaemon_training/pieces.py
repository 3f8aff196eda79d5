"""What readers of music files make: pieces, or the reason why there is none."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from musedaemon.errors import MusedaemonError
from musedaemon_training.notes import Notes


class Reason(StrEnum):
    """Why a file or a tune is left out; the keys of the report."""

    UNOPENED = "cannot be opened"
    BROKEN = "broken"
    CRASHES = "crashes or stalls the reader"
    TIMELESS = "no musical time"
    DRUMS = "drums only"
    FEW = "too few notes"
    DENSE = "impossible density"
    LONG = "impossible length"
    LARGE = "impossible size"
    EXACT_COPY = "exact copy"
    NEAR_COPY = "near copy"


class UnreadableError(MusedaemonError):
    """A file or a piece holds nothing to learn from; the message says why in a few words."""

    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class Meter(NamedTuple):
    """A time signature; (0, 0) where none is known."""

    numerator: int
    denominator: int


NO_METER = Meter(0, 0)


class Piece(NamedTuple):
    """One piece of a file. `title` tells the tunes of one book apart and is empty for a file of one piece.

    `seconds` is how long it lasts in its tempo, 120 quarters a minute where none is marked; `tempo` its mean
    in quarters a minute, 0 where none is marked; `meter` its first. `by_hand`: it was played and not written, and
    is put down as it was meant.
    """

    title: str
    notes: Notes
    seconds: float = 0.0
    tempo: float = 0.0
    meter: Meter = NO_METER
    by_hand: bool = False
