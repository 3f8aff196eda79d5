"""A reply in the making: sampled note by note, planned ahead, committed as it is played, over by itself."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from musedaemon.core.commands import PlannedNote
from musedaemon.core.dynamics import Dynamics
from musedaemon.core.improviser import Improviser, NoteShape, SampledNote
from musedaemon.core.moment import Moment, ticks_per_second
from musedaemon.encoding import TICKS_PER_BEAT

_ENTRY_TICKS = 2 * TICKS_PER_BEAT
"""The reply enters within two beats of the first moment it may."""
_REST_TICKS = TICKS_PER_BEAT // 2
_EARLIEST_END = 0.75
_LATEST_END = 1.25


@dataclass(frozen=True, slots=True)
class ReplyPlan:
    """What a reply is to be: after which moment, not before `earliest_at` (seconds), about `target_ticks` long."""

    after: Moment
    dynamics: Dynamics
    earliest_at: float
    target_ticks: int
    bpm: float
    channel: int
    first_serial: int


class Reply:
    """Owned by the engine. The state of the model that counts is `heard`: after the last note that really left."""

    def __init__(self, improviser: Improviser, plan: ReplyPlan, rng: np.random.Generator) -> None:
        self._improviser = improviser
        self._plan = plan
        self._rng = rng
        self._latest = plan.after
        self._planned: dict[int, Moment] = {}
        self._serial = plan.first_serial
        self._notes_at_once = 0
        self._start: int | None = None
        self._end = 0
        self.heard = plan.after
        self.complete = False
        self.played = 0

    @property
    def latest_at(self) -> float:
        """The onset of the latest note sampled (seconds); before the first, the earliest it may have."""
        return self._plan.earliest_at if self._start is None else self._latest.at

    @property
    def began_at(self) -> float:
        """The onset of the first note (seconds)."""
        return self._plan.earliest_at if self._start is None else self._time(self._start)

    @property
    def ends_at(self) -> float:
        """The end of the last of the notes sampled so far (seconds)."""
        return self._plan.earliest_at if self._start is None else self._time(self._end)

    @property
    def all_played(self) -> bool:
        """Whether every note sampled so far has left."""
        return not self._planned

    @property
    def next_serial(self) -> int:
        """The serial after the last one used."""
        return self._serial

    def next_note(self) -> PlannedNote | None:
        """Sample one more note; None, and `complete`, when the reply has come to its end."""
        onset = self._next_onset()
        if onset is None:
            self.complete = True
            return None
        starts_together = self._start is not None and onset == self._latest.tick
        self._notes_at_once = self._notes_at_once + 1 if starts_together else 1
        self._start = onset if self._start is None else self._start
        shape = NoteShape(
            onset=onset,
            longest=self._limit(_LATEST_END) + TICKS_PER_BEAT - onset,
            loudness=self._plan.dynamics.lean(onset - self._plan.after.tick),
        )
        note = self._improviser.sample_note(self._latest, shape, self._plan.bpm, self._rng)
        if note is None:
            self.complete = True
            return None
        return self._enter(note)

    def commit(self, serial: int) -> None:
        """A note has left: what was sampled becomes what was heard."""
        self.heard = self._planned.pop(serial)
        self.played += 1

    def _enter(self, note: SampledNote) -> PlannedNote:
        serial, end = self._serial, note.onset + note.duration
        self._serial += 1
        self._end = max(self._end, end)
        self._latest = note.after
        self._planned[serial] = note.after
        return PlannedNote(
            serial, self._time(note.onset), self._time(end), self._plan.channel, note.pitch, note.velocity
        )

    def _next_onset(self) -> int | None:
        if self._start is None:
            rate = ticks_per_second(self._plan.bpm)
            after = self._plan.after
            earliest = after.tick + math.ceil((self._plan.earliest_at - after.at) * rate)
            return self._improviser.sample_onset(after, earliest, earliest + _ENTRY_TICKS, self._rng)
        onset = self._improviser.next_onset(self._latest, self._notes_at_once, self._rng)
        return None if self._is_phrase_end(onset) else onset

    def _is_phrase_end(self, onset: int) -> bool:
        """Whether to stop rather than start a note at `onset`: at a rest or a long note near the target, or beyond."""
        if onset >= self._limit(_LATEST_END):
            return True
        if onset >= self._limit(1.0) and onset - self._latest.tick >= TICKS_PER_BEAT:
            return True
        return self._end >= self._limit(_EARLIEST_END) and onset - self._end >= _REST_TICKS

    def _limit(self, share: float) -> int:
        assert self._start is not None
        return self._start + round(share * self._plan.target_ticks)

    def _time(self, tick: int) -> float:
        return self._plan.after.time_at(tick, self._plan.bpm)
