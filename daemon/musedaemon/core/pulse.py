"""The pulse: the source of the beats, and our notes' places on them."""

from __future__ import annotations

from musedaemon.core.beat_grid import BeatGrid
from musedaemon.core.beat_source import BeatSource
from musedaemon.core.commands import ClockMoved, PlannedNote, Signalled
from musedaemon.core.scheduler import Scheduler
from musedaemon.core.signals import Wish

_UNHEARD_S = 0.0002
_LOOK_AHEAD_S = 1.0


class Pulse:
    """Owned by the player: keeps what is pending on its beats. All times are seconds."""

    def __init__(self, source: BeatSource, pending: Scheduler) -> None:
        self._source = source
        self._pending = pending
        self._placed_on: BeatGrid | None = None
        self._song_begins: float | None = None

    def schedule(self, note: PlannedNote) -> None:
        """Plan a note, at the times its beats have now."""
        grid = self._source.grid
        self._pending.schedule(note if grid is None else _placed(note, grid))

    def follow(self, now: float) -> list[ClockMoved | Signalled]:
        """Move what is pending if the beats have moved. Returns what happened, with a take-back where a song ended."""
        grid = self._source.grid
        if grid is not None and (self._placed_on is None or _off(self._placed_on, grid, now) > _UNHEARD_S):
            self._placed_on = grid
            self._pending.retime(lambda note: _placed(note, grid))
        reports: list[ClockMoved | Signalled] = []
        for report in self._source.take_reports():
            before, self._song_begins = self._song_begins, report.beat.song_begins
            reports.append(report)
            if before is not None and before != self._song_begins:
                reports.append(Signalled(report.beat.at, Wish.TAKE_BACK))
        return reports


def _off(before: BeatGrid, now_on: BeatGrid, now: float) -> float:
    """How far (seconds) a beat has moved that is due now or soon."""
    return max(abs(before.time_of(now_on.beat_at(at)) - at) for at in (now, now + _LOOK_AHEAD_S))


def _placed(note: PlannedNote, grid: BeatGrid) -> PlannedNote:
    if note.beats is None:
        return note
    return note._replace(at=grid.time_of(note.beats.start), until=grid.time_of(note.beats.end))
