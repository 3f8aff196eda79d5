"""The improviser: samples the next note of a reply, field after field, and gives the moment after it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from musedaemon.core.dynamics import Lean
from musedaemon.core.limits import Limits
from musedaemon.core.memory import NoteClasses, SessionMemory
from musedaemon.core.moment import Moment
from musedaemon.core.recollection import Recollection
from musedaemon.core.sampling import Floats, SamplingSettings, nucleus, waiting
from musedaemon.core.texture import SHORTEST_TICKS, Room
from musedaemon.encoding import MAX_TICKS, TICKS_OF_CLASS, BoolArray, time_class
from musedaemon.model.protocol import NoteModel


class NoteShape(NamedTuple):
    """What is settled of a note before it is sampled.

    Its onset tick, the longest duration it may have (ticks, at least 1), how loud it is to be, the `limits` of its
    pitch and velocity, and the pitches that are `worn` and only come where there is no other.
    """

    onset: int
    longest: int
    loudness: Lean
    limits: Limits
    worn: Sequence[int] = ()


class SampledNote(NamedTuple):
    """A note of the reply, in ticks, and the moment after it. `onset` counts as `Moment.tick` does."""

    onset: int
    pitch: int
    velocity: int
    duration: int
    after: Moment


class Improviser:
    """Draws notes from a model and the session memory. Called on the engine thread; owns nothing but the dials."""

    def __init__(self, model: NoteModel, memory: SessionMemory, settings: SamplingSettings) -> None:
        self._model = model
        self._memory = memory
        self.settings = settings
        """The dials; whoever turns them does it between two notes."""
        self._durations = TICKS_OF_CLASS >= SHORTEST_TICKS

    def recall(self, moment: Moment) -> Recollection:
        """What the session says of the note after this moment; for the calls below, until another note is heard."""
        return self._memory.recall(moment.key, moment.trail)

    def sample_onset(
        self,
        moment: Moment,
        recalled: Recollection,
        earliest: int,
        latest: int,
        leaning: Floats,
        rng: np.random.Generator,
    ) -> int:
        """The tick of the next note's onset, from `earliest` to `latest` where the classes reach that far.

        The model's own distribution given that nothing has sounded before `earliest`, multiplied by `leaning`
        [TIME_CLASSES].
        """
        ticks = moment.tick + TICKS_OF_CLASS
        if earliest - moment.tick > MAX_TICKS:
            return earliest
        allowed = (ticks >= earliest) & (ticks <= latest)
        if not allowed.any():
            allowed[int(np.argmax(ticks >= earliest))] = True
        weights = recalled.shift(moment.state.shift_logits) * leaning
        return moment.tick + int(TICKS_OF_CLASS[self._draw(weights, allowed, rng)])

    def next_onset(
        self, moment: Moment, recalled: Recollection, room: Room, leaning: Floats, rng: np.random.Generator
    ) -> int:
        """The tick of the next note's onset, within a running reply, where there is room.

        `leaning` [TIME_CLASSES] is what the chances of the shifts are multiplied by.
        """
        allowed = room.classes()
        weights = recalled.shift(moment.state.shift_logits)
        weights = waiting(weights, leaning * allowed) if allowed[0] else weights * leaning
        return moment.tick + int(TICKS_OF_CLASS[self._draw(weights, allowed, rng)])

    def sample_note(
        self, moment: Moment, recalled: Recollection, shape: NoteShape, bpm: float, rng: np.random.Generator
    ) -> SampledNote | None:
        """Pitch, velocity and duration of a note; None when every allowed pitch sounds already."""
        onset, limits = shape.onset, shape.limits
        context = moment.context(onset)
        free = limits.pitches.copy()
        free[list(context.sounding)] = False
        if not free.any():
            return None
        fresh = free.copy()
        fresh[shape.worn] = False
        free = fresh if fresh.any() else free
        model, state, shift = self._model, moment.state, context.shift
        pitches = recalled.pitch(model.pitch_logits(state, context), shift) * limits.leaning
        pitch = self._draw(pitches, free, rng)
        leaned = shape.loudness.on(model.velocity_logits(state, context, pitch))
        velocity = self._draw(recalled.velocity(leaned, shift, pitch), limits.velocity_classes(), rng)
        durations = recalled.duration(model.duration_logits(state, context, pitch, velocity), shift, pitch)
        duration = min(int(TICKS_OF_CLASS[self._draw(durations, self._durations, rng)]), shape.longest)
        tracker = moment.tracker.copy()
        tracker.note_on(onset, pitch, duration)
        after = Moment(
            state=model.step(state, context, pitch, velocity),
            tracker=tracker,
            at=moment.time_at(onset, bpm),
            tick=onset,
            trail=moment.trail.followed(pitch, velocity),
            note=NoteClasses(shift, pitch, velocity, time_class(duration)),
            timeline=moment.timeline,
        )
        return SampledNote(onset, pitch, limits.velocity(velocity), duration, after)

    def _draw(self, weights: Floats, allowed: BoolArray, rng: np.random.Generator) -> int:
        settings = self.settings
        return nucleus(weights, allowed, settings.temperature, settings.top_p).draw(rng)
