"""The improviser: samples the next note of a reply, field after field, and gives the moment after it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from musedaemon.core.memory import NoteClasses, SessionMemory
from musedaemon.core.moment import Moment
from musedaemon.core.recollection import Recollection
from musedaemon.core.sampling import SamplingSettings, nucleus
from musedaemon.encoding import (
    MAX_TICKS,
    TICKS_OF_CLASS,
    TIME_CLASSES,
    VELOCITY_CLASSES,
    BoolArray,
    class_to_velocity,
    time_class,
)
from musedaemon.model.protocol import FloatArray, NoteModel

MOST_NOTES_AT_ONCE = 10
"""A chord has ten fingers; without this bound a poor model could stay on one onset for ever."""


class NoteShape(NamedTuple):
    """What is settled of a note before it is sampled.

    Its onset tick, the longest duration it may have (ticks, at least 1), and `loudness` [VELOCITY_CLASSES], which is
    added to the velocity logits.
    """

    onset: int
    longest: int
    loudness: npt.NDArray[np.float64]


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
        self._settings = settings
        self._playable = settings.playable()
        self._any_velocity = np.ones(VELOCITY_CLASSES, dtype=np.bool_)
        self._any_duration = TICKS_OF_CLASS > 0

    def recall(self, moment: Moment) -> Recollection:
        """What the session says of the note after this moment; for the calls below, until another note is heard."""
        return self._memory.recall(moment.key, moment.trail)

    def sample_onset(
        self, moment: Moment, recalled: Recollection, earliest: int, latest: int, rng: np.random.Generator
    ) -> int:
        """The tick of the next note's onset, from `earliest` to `latest` where the classes reach that far.

        The model's own distribution given that nothing has sounded before `earliest`.
        """
        ticks = moment.tick + TICKS_OF_CLASS
        if earliest - moment.tick > MAX_TICKS:
            return earliest
        allowed = (ticks >= earliest) & (ticks <= latest)
        if not allowed.any():
            allowed[int(np.argmax(ticks >= earliest))] = True
        return moment.tick + int(TICKS_OF_CLASS[self._draw(recalled.shift(moment.state.shift_logits), allowed, rng)])

    def next_onset(self, moment: Moment, recalled: Recollection, notes_at_once: int, rng: np.random.Generator) -> int:
        """The tick of the next note's onset, within a running reply; `notes_at_once` share the last one."""
        allowed = np.ones(TIME_CLASSES, dtype=np.bool_)
        allowed[0] = notes_at_once < MOST_NOTES_AT_ONCE
        return moment.tick + int(TICKS_OF_CLASS[self._draw(recalled.shift(moment.state.shift_logits), allowed, rng)])

    def sample_note(
        self, moment: Moment, recalled: Recollection, shape: NoteShape, bpm: float, rng: np.random.Generator
    ) -> SampledNote | None:
        """Pitch, velocity and duration of a note; None when every playable pitch sounds already."""
        onset = shape.onset
        context = moment.tracker.context(onset)
        free = self._playable & ~context.sounding
        if not free.any():
            return None
        model, state, shift = self._model, moment.state, context.shift
        pitch = self._draw(recalled.pitch(model.pitch_logits(state, context), shift), free, rng)
        velocity_logits = recalled.velocity(model.velocity_logits(state, context, pitch), shift, pitch)
        velocity = self._draw(velocity_logits + shape.loudness, self._any_velocity, rng)
        duration_logits = recalled.duration(model.duration_logits(state, context, pitch, velocity), shift, pitch)
        duration = min(int(TICKS_OF_CLASS[self._draw(duration_logits, self._any_duration, rng)]), shape.longest)
        tracker = moment.tracker.copy()
        tracker.note_on(onset, pitch, duration)
        after = Moment(
            state=model.step(state, context, pitch, velocity),
            tracker=tracker,
            at=moment.time_at(onset, bpm),
            tick=onset,
            trail=moment.trail.followed(pitch),
            note=NoteClasses(shift, pitch, velocity, time_class(duration)),
        )
        return SampledNote(onset, pitch, class_to_velocity(velocity), duration, after)

    def _draw(self, logits: FloatArray | npt.NDArray[np.float64], allowed: BoolArray, rng: np.random.Generator) -> int:
        settings = self._settings
        return nucleus(logits, allowed, settings.temperature, settings.top_p).draw(rng)
