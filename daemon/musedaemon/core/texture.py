"""What a reply has played so far, as far as its limits ask: when it struck, and how much of it sounds."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from musedaemon.core.example import Runs
from musedaemon.core.limits import Limits
from musedaemon.encoding import MAX_TICKS, TICKS_OF_CLASS, TICKS_PER_BEAT, BoolArray

SHORTEST_TICKS = TICKS_PER_BEAT // 8
"""A thirty-second note. One that gives way has sounded so long; one that is shorter has to be over."""


class Room(NamedTuple):
    """Where the next note may start: with the last one, if `together`, else `least_shift` ticks after it or later.

    Not later than `most_shift`, unless that leaves nothing.
    """

    together: bool
    least_shift: int
    most_shift: int = MAX_TICKS

    def classes(self) -> BoolArray:
        """[TIME_CLASSES] the shifts that are allowed: at least one. Not to be changed."""
        return _allowed_shifts(*self)


@lru_cache(maxsize=256)
def _allowed_shifts(together: bool, least_shift: int, most_shift: int) -> BoolArray:
    allowed: BoolArray = least_shift <= TICKS_OF_CLASS
    allowed[0] = together
    in_time = allowed & (most_shift >= TICKS_OF_CLASS)
    chosen = in_time if in_time.any() else allowed
    chosen.flags.writeable = False
    return chosen


class Struck(NamedTuple):
    """A note of ours before a reply: its onset, its end (ticks) and its pitch."""

    onset: int
    end: int
    pitch: int


class Texture:
    """The notes of one reply in the order of their onsets, in ticks. Owned by the reply."""

    def __init__(self, limits: Limits, before: Sequence[Struck] = ()) -> None:
        """`before`: our notes that a reply goes on from, in order."""
        self._voices = limits.voices
        self._spacing = limits.spacing
        self._strikes: deque[int] = deque(
            sorted({note.onset for note in before}), maxlen=max(limits.spacing.strikes, 1)
        )
        self._ends = [note.end for note in before]
        self._pace = limits.pace
        self._repeats = limits.repeats
        self._runs = Runs()
        for note in before:
            self._runs.strike(note.onset, note.pitch)
        self._notes_at_once = 0
        self.end = -1
        """When all of it is over."""

    def free_from(self, tick: int) -> int:
        """The first tick from `tick` on where what was played before leaves room for a note."""
        spaced = self._strikes[0] + self._spacing.ticks if self._is_dense else tick
        crowd = sorted(self._ends)[: max(len(self._ends) - self._voices + 1, 0)]
        return max([tick, spaced, *crowd])

    def room(self) -> Room:
        """The room for the next note; something must have been struck."""
        together = self._notes_at_once < self._voices and self._sounding(self._strikes[-1]) < self._voices
        rests_from = max(self.end - self._strikes[-1], 0)
        latest = min(self._pace.wait, rests_from + self._pace.rest)
        return Room(together, max(1, self._until_spaced(), self._until_heard()), latest)

    def worn(self, onset: int) -> list[int]:
        """The pitches that were struck often enough in a row for a while."""
        return self._runs.of(onset, self._repeats)

    def gives_way(self, onset: int) -> bool:
        """Whether the last note must be over for another to start at `onset`."""
        return self._sounding(onset) >= self._voices

    def strike(self, onset: int, end: int, pitch: int) -> None:
        """Enter a note."""
        self._runs.strike(onset, pitch)
        if self._strikes and onset == self._strikes[-1]:
            self._notes_at_once += 1
        else:
            self._strikes.append(onset)
            self._notes_at_once = 1
        self._ends = [*(known for known in self._ends if known > onset), end]
        self.end = max(self.end, end)

    def shorten_last(self, end: int) -> None:
        """The last note ends already then."""
        self._ends[-1] = end
        self.end = max(self._ends)

    def _sounding(self, tick: int) -> int:
        return sum(end > tick for end in self._ends)

    def _until_spaced(self) -> int:
        """Ticks from the last strike until as many as are allowed in a while leave room for one more."""
        return self._strikes[0] + self._spacing.ticks - self._strikes[-1] if self._is_dense else 0

    @property
    def _is_dense(self) -> bool:
        return 0 < self._spacing.strikes <= len(self._strikes)

    def _until_heard(self) -> int:
        """Ticks from the last strike until its last note may give way, or need not."""
        last = self._strikes[-1]
        later = [end - last for end in self._ends if end > last]
        return min([SHORTEST_TICKS, *later]) if len(later) >= self._voices else 0
