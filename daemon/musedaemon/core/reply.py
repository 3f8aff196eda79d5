"""A reply in the making: sampled note by note, planned ahead, committed as it is played, over by itself."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from musedaemon.core.commands import NoteBeats, PlannedNote
from musedaemon.core.dynamics import Dynamics
from musedaemon.core.ending import EARLIEST, LATEST, REST_TICKS, TailNote, best_ending, ending_score, homecoming
from musedaemon.core.extent import EXACT, Bounds, Extent
from musedaemon.core.feel import AS_SAMPLED, Feel
from musedaemon.core.improviser import Improviser, NoteShape, SampledNote
from musedaemon.core.leaning import to_beat, to_no_beat
from musedaemon.core.limits import Limits
from musedaemon.core.liveliness import SoFar
from musedaemon.core.moment import Moment
from musedaemon.core.recollection import Recollection
from musedaemon.core.retelling import Retelling
from musedaemon.core.sampling import Floats
from musedaemon.core.texture import Room, Struck, Texture
from musedaemon.encoding import MAX_TICKS, TICKS_PER_BEAT

_SHORTEST_S = 0.01
"""However far a note strays."""


@dataclass(frozen=True, slots=True)
class ReplyPlan:
    """What a reply is to be: after which moment, not before `earliest_at` (seconds), how long, how loud and within
    which limits.
    """

    after: Moment
    dynamics: Dynamics
    limits: Limits
    earliest_at: float
    extent: Extent
    bpm: float
    channel: int
    first_serial: int
    feel: Feel = AS_SAMPLED
    before: Sequence[Struck] = ()
    beat_tick: int | None = None
    retelling: Retelling = field(default_factory=Retelling)


class Sampled(NamedTuple):
    """The moment a note of ours was sampled at, and the moment it makes; its beat as a running clock counts them."""

    before: Moment
    after: Moment
    beat: float | None


class Reply:
    """Owned by the engine. What it samples is what may come; what was heard is the ear's to say.

    A note is settled once the next one is sampled, to which it may have to give way. From where the reply may end the
    rest is sampled whole before the best place to end is chosen.
    """

    def __init__(self, improviser: Improviser, plan: ReplyPlan, rng: np.random.Generator) -> None:
        self._improviser = improviser
        self._plan = plan
        self._rng = rng
        self._latest = plan.after
        self._settled = plan.after
        self._planned: dict[int, Sampled] = {}
        self._texture = Texture(plan.limits, plan.before)
        self._so_far = SoFar(plan.limits.liveliness)
        for note in plan.before:
            self._so_far.strike(note.onset, note.pitch)
        self._open: list[TailNote] = []
        self._serial = plan.first_serial
        begins = plan.after.place_of(plan.earliest_at, plan.bpm)
        self._earliest = math.ceil(begins - EXACT)
        free = self._texture.free_from(self._earliest)
        enters = begins if free == self._earliest else float(free)
        self._entry = plan.feel.entry(plan.after.timeline, enters, plan.beat_tick)
        self._start: int | None = None
        self._last: PlannedNote | None = None
        self.complete = False
        self.played = 0

    @property
    def due_at(self) -> float:
        """When the next note must be settled at the latest (seconds)."""
        return self._open[0].note.at if self._open else self.latest_at

    @property
    def latest_at(self) -> float:
        """The onset of the latest note sampled (seconds); before the first, the earliest it may have."""
        return self._plan.earliest_at if self._start is None else self._latest.at

    @property
    def began_at(self) -> float:
        """The onset of the first note (seconds)."""
        return self._plan.earliest_at if self._start is None else self._time(self._start)

    @property
    def counts_from(self) -> float:
        """From when it counts how long it may be (seconds)."""
        return self._plan.after.time_at(self._counts_from, self._plan.bpm)

    @property
    def ends_at(self) -> float:
        """The end of the last of the notes settled so far (seconds); it moves with a clock's beats."""
        last, timeline = self._last, self._plan.after.timeline
        if last is None:
            return self._plan.earliest_at
        return timeline.time_of_beat(last.beats.end) if last.beats else last.until

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
        recalled = self._recall()
        onset = self._next_onset(recalled)
        before = self._latest if onset is None else self._room_made(onset)
        note = None if onset is None else self._sample(before, onset, recalled)
        if onset is None or note is None:
            return self._finish()
        self._enter(note, self._ending_before(onset))
        if onset >= self._bounds.after(EARLIEST):
            return []
        settled, self._open = self._open[:-1], self._open[-1:]
        return [self._settle(open_note, open_note.gives_way_at) for open_note in settled]

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

    def _recall(self) -> Recollection:
        return self._plan.retelling.recall() or self._improviser.recall(self._latest)

    def _next_onset(self, recalled: Recollection) -> int | None:
        """The tick of the next note; None where the model itself rests near the target, or time is up."""
        if self._start is None and self._entry is not None:
            return self._entry
        if self._start is None:
            earliest = self._texture.free_from(self._earliest)
            latest = earliest + self._plan.extent.entry
            return self._improviser.sample_onset(self._latest, recalled, earliest, latest, self._leaning(), self._rng)
        retelling, may_end = self._plan.retelling, self._texture.end >= self._bounds.after(EARLIEST)
        if may_end and retelling.whole:
            return None
        leaning = self._leaning() if retelling.underway else self._leaning() * self._so_far.shifts()
        onset = self._improviser.next_onset(self._latest, recalled, self._room(), leaning, self._rng)
        rests = may_end and not retelling.underway and onset >= self._texture.end + REST_TICKS
        return None if rests or onset >= self._bounds.latest_onset else onset

    def _room(self) -> Room:
        """Where the next note may start: a long rest, once the reply may end, is its end, and comes no sooner."""
        room = self._texture.room()
        if self._texture.end >= self._bounds.after(EARLIEST):
            return room._replace(most_shift=MAX_TICKS)
        return room._replace(most_shift=min(room.most_shift, self._bounds.latest_onset - 1 - self._latest.tick))

    def _leaning(self) -> Floats:
        """[TIME_CLASSES] to the parts of the beat, where one is known."""
        plan, tick = self._plan, self._latest.tick
        if plan.after.timeline.runs:
            return to_beat(plan.after.timeline.places(tick)[0])
        return to_no_beat() if plan.beat_tick is None else to_beat((tick - plan.beat_tick) % TICKS_PER_BEAT)

    def _room_made(self, onset: int) -> Moment:
        """The moment before a note at `onset`: where too much would sound with it, the last note is over."""
        gives_way = self._start is not None and self._texture.gives_way(onset)
        return self._latest.cut_at(onset) if gives_way else self._latest

    def _sample(self, before: Moment, onset: int, recalled: Recollection) -> SampledNote | None:
        self._start = onset if self._start is None else self._start
        limits = self._plan.limits
        shape = NoteShape(
            onset=onset,
            longest=min(self._bounds.after(LATEST) + TICKS_PER_BEAT, self._bounds.last) - onset,
            loudness=self._plan.dynamics.lean(onset - self._plan.after.tick),
            limits=limits._replace(leaning=limits.leaning * self._so_far.pitches()),
            worn=self._texture.worn(onset),
        )
        return self._improviser.sample_note(before, recalled, shape, self._plan.bpm, self._rng)

    def _ending_before(self, onset: int) -> float | None:
        """How well the reply would end before a note at `onset`; None in the midst of a chord, or too early."""
        if onset == self._latest.tick or min(onset, self._texture.end) < self._bounds.after(EARLIEST):
            return None
        return self._ending_score()

    def _ending_score(self) -> float:
        latest, bounds = self._latest, self._bounds
        share = (self._texture.end - bounds.start) / bounds.target
        home = homecoming(latest.tracker.sounding_at(latest.tick), self._plan.limits.key)
        return ending_score(latest, self._texture.end, share) + home

    def _enter(self, note: SampledNote, ending: float | None) -> None:
        self._plan.retelling.go_on(note.pitch)
        if self._open and self._texture.gives_way(note.onset):
            self._open[-1] = self._open[-1]._replace(gives_way_at=note.onset)
            self._texture.shorten_last(note.onset)
        end = note.onset + note.duration
        planned = PlannedNote(
            self._serial, self._time(note.onset), self._time(end), self._plan.channel, note.pitch, note.velocity
        )
        self._serial += 1
        self._texture.strike(note.onset, end, note.pitch)
        self._so_far.strike(note.onset, note.pitch)
        self._latest = note.after
        self._open.append(TailNote(planned, note.after, ending))

    def _settle(self, open_note: TailNote, cut_at: int | None) -> PlannedNote:
        note, after = open_note.note, open_note.after
        if cut_at is not None:
            note, after = note._replace(until=self._time(cut_at)), after.cut_at(cut_at)
        beat = after.timeline.clock_beat(after.tick) if after.timeline.runs else None
        self._planned[note.serial] = Sampled(self._settled, after, beat)
        self._settled = after
        note = self._with_feel(note, after)
        if self._last is None or note.until >= self.ends_at:
            self._last = note
        return note

    def _with_feel(self, note: PlannedNote, after: Moment) -> PlannedNote:
        """The note as the feel has it, on its beats where a clock runs."""
        feel, timeline, plan = self._plan.feel, after.timeline, self._plan
        if not (timeline.runs or feel.moves_notes):
            return note
        end = after.tracker.ends[note.pitch]
        assert end is not None
        starts, ends = (feel.swung(timeline, tick, plan.beat_tick) for tick in (after.tick, end))
        at = plan.after.time_at(starts, plan.bpm) + feel.strayed_s(note.serial)
        at = max(at, plan.earliest_at) if feel.humanize_s else at
        until = max(plan.after.time_at(ends, plan.bpm), at + _SHORTEST_S)
        beats = NoteBeats(timeline.beat_of(at), timeline.beat_of(until)) if timeline.runs else None
        return note._replace(at=at, until=until, beats=beats)

    def _finish(self) -> list[PlannedNote]:
        self.complete = True
        if not self._open:
            return []
        at_the_end = math.inf if self._plan.retelling.whole else self._ending_score()
        *kept, last = best_ending(self._open, at_the_end)
        settled = [self._settle(open_note, open_note.gives_way_at) for open_note in kept]
        return [*settled, self._settle(last, None)]

    @property
    def _bounds(self) -> Bounds:
        """Once it has entered. They move with a clock's bars."""
        assert self._start is not None
        return Bounds.of(self._plan.extent, self._start, self._counts_from)

    @property
    def _counts_from(self) -> float:
        """The place among the ticks from which `by` is counted."""
        plan = self._plan
        begins = plan.after.place_of(plan.earliest_at, plan.bpm)
        if not plan.after.timeline.runs:
            return begins
        begins = begins if self._entry is None else float(self._entry)
        lines = plan.extent.line_ticks
        return plan.after.timeline.nearest_line(begins, lines) if lines > 1 else begins

    def _time(self, tick: int) -> float:
        return self._plan.after.time_at(tick, self._plan.bpm)
