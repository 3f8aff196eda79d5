"""The pulse: the source of the beats, and our notes' places on them."""

from __future__ import annotations

from collections.abc import Sequence

from musedaemon.core.beat_grid import BeatGrid, Doubt
from musedaemon.core.beat_source import BeatSource
from musedaemon.core.commands import ClockMoved, PlannedNote, Tapped
from musedaemon.core.scheduler import Due, Scheduler

_UNHEARD_S = 0.0002
_LOOK_AHEAD_S = 1.0
AHEAD_OF_PERIOD_S = 0.003
"""So long before the period in which it leaves, a message is wanted by a port that has periods."""
_ON_ITS_WAY_S = 0.001
"""From a pulse that comes in to a note that leaves at once."""


class Pulse:
    """Owned by the player: keeps what is pending on its beats. All times are seconds."""

    def __init__(self, source: BeatSource, pending: Scheduler) -> None:
        self._source = source
        self._pending = pending
        self._placed_on: BeatGrid | None = None

    def schedule(self, note: PlannedNote) -> None:
        """Plan a note, at the times its beats have now."""
        grid = self._source.grid
        self._pending.schedule(note if grid is None else _placed(note, grid))

    def pop_due(self, now: float, early: float) -> list[Due]:
        """What is to leave at `now` or before, which is `early` seconds before it sounds.

        Where the clock strays by more than its way takes, a note waits for the pulse it lies on.
        """
        doubt = self._doubt(early)
        known = now + early
        return self._pending.pop_due(known if doubt is None or now >= doubt.news_by else min(known, doubt.known_until))

    def next_deadline(self, early: float) -> float:
        """When something is to leave that sounds `early` seconds later, infinity when nothing is pending."""
        doubt, first = self._doubt(early), self._pending.next_deadline()
        return first - early if doubt is None or first <= doubt.known_until else max(first - early, doubt.news_by)

    def _doubt(self, early: float) -> Doubt | None:
        doubt = self._source.doubt
        late_by = max(early - AHEAD_OF_PERIOD_S, _ON_ITS_WAY_S)
        return doubt if doubt and doubt.spread > late_by else None

    def follow(self, now: float) -> Sequence[ClockMoved | Tapped]:
        """Move what is pending if the beats have moved. Returns what happened."""
        grid = self._source.grid
        if grid is not None and (self._placed_on is None or _off(self._placed_on, grid, now) > _UNHEARD_S):
            self._placed_on = grid
            self._pending.retime(lambda note: _placed(note, grid))
        return self._source.take_reports()


def _off(before: BeatGrid, now_on: BeatGrid, now: float) -> float:
    """How far (seconds) a beat has moved that is due now or soon."""
    return max(abs(before.time_of(now_on.beat_at(at)) - at) for at in (now, now + _LOOK_AHEAD_S))


def _placed(note: PlannedNote, grid: BeatGrid) -> PlannedNote:
    if note.beats is None:
        return note
    return note._replace(at=grid.time_of(note.beats.start), until=grid.time_of(note.beats.end))
