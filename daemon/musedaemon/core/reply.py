"""A reply in the making: sampled note by note, planned ahead, committed as it is played, over by itself."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from musedaemon.core.commands import PlannedNote
from musedaemon.core.dynamics import Dynamics
from musedaemon.core.ending import EARLIEST, LATEST, REST_TICKS, TailNote, best_ending, ending_score
from musedaemon.core.improviser import Improviser, NoteShape, SampledNote
from musedaemon.core.moment import Moment, ticks_per_second
from musedaemon.core.recollection import Recollection
from musedaemon.encoding import TICKS_PER_BEAT

ENTRY_TICKS = 2 * TICKS_PER_BEAT
"""The reply enters within two beats of the first moment it may."""
_NEVER = 2**40
"""A number of ticks that is never reached."""
_EXACT = 1e-6
"""A share of a tick that floating point may be off."""


class Extent(NamedTuple):
    """How long a reply is to be: about `target` ticks from its first note, never more than `most`, and over `by` that
    many ticks after the first moment it may begin; its first note comes within `entry`.
    """

    target: int
    most: int
    by: int = _NEVER
    entry: int = ENTRY_TICKS


ENDLESS = Extent(_NEVER, _NEVER)


@dataclass(frozen=True, slots=True)
class ReplyPlan:
    """What a reply is to be: after which moment, not before `earliest_at` (seconds), how long and how loud."""

    after: Moment
    dynamics: Dynamics
    earliest_at: float
    extent: Extent
    bpm: float
    channel: int
    first_serial: int


class Sampled(NamedTuple):
    """The moment a note of ours was sampled at, and the moment it makes."""

    before: Moment
    after: Moment


class Reply:
    """Owned by the engine. What it samples is what may come; what was heard is the ear's to say.

    Notes are settled as they are sampled until the reply may end; the rest, its tail, is sampled whole before the best
    place to end is chosen.
    """

    def __init__(self, improviser: Improviser, plan: ReplyPlan, rng: np.random.Generator) -> None:
        self._improviser = improviser
        self._plan = plan
        self._rng = rng
        self._latest = plan.after
        self._settled = plan.after
        self._planned: dict[int, Sampled] = {}
        self._tail: list[TailNote] = []
        self._serial = plan.first_serial
        self._notes_at_once = 0
        self._start: int | None = None
        self._sampled_end = -1
        self.complete = False
        self.played = 0
        self.ends_at = plan.earliest_at
        """The end of the last of the notes settled so far (seconds)."""

    @property
    def due_at(self) -> float:
        """When the next note must be settled at the latest (seconds)."""
        return self._tail[0].note.at if self._tail else self.latest_at

    @property
    def latest_at(self) -> float:
        """The onset of the latest note sampled (seconds); before the first, the earliest it may have."""
        return self._plan.earliest_at if self._start is None else self._latest.at

    @property
    def began_at(self) -> float:
        """The onset of the first note (seconds)."""
        return self._plan.earliest_at if self._start is None else self._time(self._start)

    @property
    def all_played(self) -> bool:
        """Whether every note settled so far has left."""
        return not self._planned

    @property
    def next_serial(self) -> int:
        """The serial after the last one used."""
        return self._serial

    def next_notes(self) -> list[PlannedNote]:
        """Sample one more note; returns the notes that are settled by it, at the end all that are left.

        `complete` says that the reply has come to its end.
        """
        recalled = self._improviser.recall(self._latest)
        onset = self._next_onset(recalled)
        note = None if onset is None else self._sample(onset, recalled)
        if onset is None or note is None:
            return self._finish()
        ending = self._ending_before(onset)
        planned = self._enter(note)
        if onset < self._limit(EARLIEST):
            return [self._settle(planned, note.after)]
        self._tail.append(TailNote(planned, note.after, ending))
        return []

    def commit(self, serial: int) -> Sampled:
        """A note has left: what was sampled is to be heard."""
        self.played += 1
        return self._planned.pop(serial)

    def drop(self, serial: int) -> None:
        """A note never left."""
        del self._planned[serial]

    def let_go(self, at: float, pitch: int) -> None:
        """The musician ends a note that was held as this reply began: what is still to be sampled knows of it."""
        if self._latest.tracker.ends.get(pitch, 0) is None:
            self._latest = self._latest.released(at, pitch, self._plan.bpm)

    def _next_onset(self, recalled: Recollection) -> int | None:
        """The tick of the next note; None where the model itself rests near the target, or time is up."""
        if self._start is None:
            earliest = self._earliest
            latest = earliest + self._plan.extent.entry
            return self._improviser.sample_onset(self._latest, recalled, earliest, latest, self._rng)
        onset = self._improviser.next_onset(self._latest, recalled, self._notes_at_once, self._rng)
        rests = self._sampled_end >= self._limit(EARLIEST) and onset >= self._sampled_end + REST_TICKS
        return None if rests or onset >= self._limit(LATEST) else onset

    def _sample(self, onset: int, recalled: Recollection) -> SampledNote | None:
        starts_together = self._start is not None and onset == self._latest.tick
        self._notes_at_once = self._notes_at_once + 1 if starts_together else 1
        self._start = onset if self._start is None else self._start
        shape = NoteShape(
            onset=onset,
            longest=min(self._limit(LATEST) + TICKS_PER_BEAT, self._last_tick) - onset,
            loudness=self._plan.dynamics.lean(onset - self._plan.after.tick),
        )
        return self._improviser.sample_note(self._latest, recalled, shape, self._plan.bpm, self._rng)

    def _ending_before(self, onset: int) -> float | None:
        """How well the reply would end before a note at `onset`; None in the midst of a chord, or too early."""
        assert self._start is not None
        if onset == self._latest.tick or self._sampled_end < self._limit(EARLIEST):
            return None
        share = (self._sampled_end - self._start) / self._plan.extent.target
        return ending_score(self._latest, self._sampled_end, share)

    def _enter(self, note: SampledNote) -> PlannedNote:
        serial, end = self._serial, note.onset + note.duration
        self._serial += 1
        self._sampled_end = max(self._sampled_end, end)
        self._latest = note.after
        return PlannedNote(
            serial, self._time(note.onset), self._time(end), self._plan.channel, note.pitch, note.velocity
        )

    def _settle(self, note: PlannedNote, after: Moment) -> PlannedNote:
        self._planned[note.serial] = Sampled(self._settled, after)
        self._settled = after
        self.ends_at = max(self.ends_at, note.until)
        return note

    def _finish(self) -> list[PlannedNote]:
        self.complete = True
        if not self._tail:
            return []
        assert self._start is not None
        share = (self._sampled_end - self._start) / self._plan.extent.target
        kept = best_ending(self._tail, ending_score(self._latest, self._sampled_end, share))
        return [self._settle(note.note, note.after) for note in kept]

    @property
    def _earliest(self) -> int:
        after = self._plan.after
        return after.tick + math.ceil((self._plan.earliest_at - after.at) * ticks_per_second(self._plan.bpm) - _EXACT)

    @property
    def _last_tick(self) -> int:
        """All has ended by then."""
        assert self._start is not None
        return min(self._start + self._plan.extent.most, self._earliest + self._plan.extent.by)

    def _limit(self, share: float) -> int:
        assert self._start is not None
        return min(self._start + round(share * self._plan.extent.target), self._last_tick)

    def _time(self, tick: int) -> float:
        return self._plan.after.time_at(tick, self._plan.bpm)
