"""A moment of the music: everything the model needs to go on from there, as a value.

Because a moment is never changed, rolling back to what was really heard is taking an older one (DESIGN 2).
"""

from __future__ import annotations

import math
from typing import NamedTuple

from musedaemon.core.memory import DURATION_UNKNOWN, NoteClasses
from musedaemon.core.timeline import FREE, Timeline
from musedaemon.core.trail import NO_TRAIL, Trail
from musedaemon.encoding import TICKS_PER_BEAT, Context, ContextTracker, time_class
from musedaemon.model.protocol import FloatArray, NoteModel, State

_EXACT = 1e-6
"""A share of a tick that floating point may be off."""


def ticks_per_second(bpm: float) -> float:
    """How many ticks a second has at a tempo."""
    return bpm * TICKS_PER_BEAT / 60.0


def nearest_tick(place: float) -> int:
    """The tick nearest to a place among them. A half counts up, however the same time was come by."""
    return math.floor(place + 0.5 + _EXACT)


class Moment(NamedTuple):
    """After the note that started at `at` (seconds), which is tick `tick`; `note` is that note, None before the first.

    A note of ours counts where it was meant, also where it sounds a little off: swung, strayed, or with the musician's.
    `trail` holds the pitches heard last. `tracker` is not to be changed: whoever goes on copies it first. Where a clock
    runs, ticks and times are those of the `timeline`, whatever the tempo given.
    """

    state: State
    tracker: ContextTracker
    at: float
    tick: int
    trail: Trail = NO_TRAIL
    note: NoteClasses | None = None
    timeline: Timeline = FREE

    @property
    def key(self) -> FloatArray:
        """[K] by which the session memory knows this moment again."""
        return self.state.key

    def tick_at(self, at: float, bpm: float) -> int:
        """The tick nearest to a time (seconds, not before this moment) at a tempo."""
        if self.timeline.runs:
            return max(nearest_tick(self.timeline.tick_of(at)), self.tick)
        return self.tick + max(nearest_tick((at - self.at) * ticks_per_second(bpm)), 0)

    def place_of(self, at: float, bpm: float) -> float:
        """The place of a time (seconds) among the ticks, with its fraction, at a tempo."""
        if self.timeline.runs:
            return max(self.timeline.tick_of(at), float(self.tick))
        return self.tick + (at - self.at) * ticks_per_second(bpm)

    def time_at(self, tick: float, bpm: float) -> float:
        """The time (seconds) of a tick, or of a place between two, at a tempo."""
        if self.timeline.runs:
            return self.timeline.time_of(tick)
        return self.at + (tick - self.tick) / ticks_per_second(bpm)

    def context(self, tick: int) -> Context:
        """What is known of a note at a tick before its pitch."""
        return self.tracker.context(tick, *self.timeline.places(tick))

    def released(self, at: float, pitch: int, bpm: float) -> Moment:
        """The same moment once a pitch has ended."""
        tracker = self.tracker.copy()
        tracker.note_off(self.tick_at(at, bpm), pitch)
        return self._replace(tracker=tracker)

    def cut_at(self, tick: int) -> Moment:
        """The same moment with the end of its own note, which is planned, moved to a tick."""
        assert self.note is not None
        tracker = self.tracker.copy()
        tracker.ends[self.note.pitch] = tick
        return self._replace(tracker=tracker, note=self.note._replace(duration=time_class(tick - self.tick)))

    def heard(
        self, model: NoteModel, at: float, pitch: int, velocity_class: int, bpm: float, duration: int | None = None
    ) -> Moment:
        """The moment after one more note: one step of the model. `duration` in ticks, None while its key is held."""
        tick = self.tick_at(at, bpm)
        context = self.context(tick)
        state = model.step(self.state, context, pitch, velocity_class)
        tracker = self.tracker.copy()
        tracker.note_on(tick, pitch, duration)
        length = DURATION_UNKNOWN if duration is None else time_class(duration)
        note = NoteClasses(context.shift, pitch, velocity_class, length)
        return Moment(state, tracker, at, tick, self.trail.followed(pitch, velocity_class), note, self.timeline)


def opening(model: NoteModel, at: float, timeline: Timeline = FREE) -> Moment:
    """The moment before anything was heard."""
    return Moment(model.initial_state(), ContextTracker(), at, 0, timeline=timeline)
