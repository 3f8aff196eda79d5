"""Our voice: it begins replies, and numbers our notes and turns through the whole session."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from musedaemon.core.beside import Beside
from musedaemon.core.commands import PlannedNote
from musedaemon.core.dynamics import dynamics_of
from musedaemon.core.ear import Ear
from musedaemon.core.example import example_of
from musedaemon.core.extent import Extent
from musedaemon.core.feel import AS_SAMPLED, Feel
from musedaemon.core.improviser import Improviser
from musedaemon.core.limits import Limiter, Limits
from musedaemon.core.memory import TUNED_DIAL
from musedaemon.core.phrase import Phrase
from musedaemon.core.reply import Reply, ReplyPlan
from musedaemon.core.retelling import Retelling
from musedaemon.core.sampling import SamplingSettings
from musedaemon.core.texture import Struck
from musedaemon.model.protocol import NoteModel


class Voice:
    """Owned by the engine; it speaks in every mode."""

    def __init__(
        self,
        model: NoteModel,
        ear: Ear,
        sampling: SamplingSettings,
        limiter: Limiter,
        channel: int,
        seed: int,
        feel: Feel = AS_SAMPLED,
    ) -> None:
        """`channel` is 0 to 15."""
        self._ear = ear
        self._improviser = Improviser(model, ear.memory, sampling)
        self._limiter = limiter
        self._channel = channel
        self._seed = seed
        self._feel = feel
        self._serial = 0
        self.turns = 0
        """How many turns there were, the one underway included."""

    def adopt(self, sampling: SamplingSettings, limiter: Limiter, feel: Feel) -> None:
        """Choose notes by these from now on; the reply underway keeps its limits."""
        self._improviser.settings = sampling
        self._limiter = limiter
        self._feel = feel

    def begin(
        self,
        call: Phrase,
        earliest_at: float,
        extent: Extent,
        attempt: int = 0,
        beside: Beside | None = None,
        left: Sequence[PlannedNote] = (),
    ) -> Reply:
        """The beginning of the next turn's reply, from what was heard up to now, not before `earliest_at` (seconds).

        `beside`: what a reply keeps to that sounds together with the musician. `left`: the notes of ours that left
        last, in order, where the reply goes on from them.
        """
        bpm = self._ear.bpm
        limits = self._limits(call, earliest_at, beside).as_loud_as(call.velocities)
        plan = ReplyPlan(
            after=self._ear.moment,
            dynamics=dynamics_of(call, bpm).within(limits.softest, limits.loudest),
            limits=limits,
            earliest_at=earliest_at,
            extent=extent,
            bpm=bpm,
            channel=self._channel,
            first_serial=self._serial,
            feel=self._feel,
            before=self._before(left),
            beat_tick=self._ear.beat_tick,
            retelling=Retelling() if beside else self._retelling(call),
        )
        # One generator an attempt: what was drawn in vain must not change the replies after it.
        return Reply(self._improviser, plan, np.random.default_rng((self._seed, self.turns + 1, attempt)))

    def _limits(self, call: Phrase, at: float, beside: Beside | None) -> Limits:
        spans = call.spans(at)
        if beside is not None:
            return beside.within(self._limiter.limits_beside(spans))
        if not spans:
            return self._limiter.limits_beside(spans)
        example = example_of(call.strikes, [span.pitch for span in spans])
        return self._limiter.limits_for(spans, example, self._ear.bpm)

    def _retelling(self, call: Phrase) -> Retelling:
        """Beyond the tuned place of the dial a reply may play the call back, at its end every one does.

        It is drawn once a turn, for all attempts at its reply.
        """
        chance = (self._ear.memory.dial - TUNED_DIAL) / (1.0 - TUNED_DIAL)
        retells = chance > 0.0 and np.random.default_rng((self._seed, self.turns + 1)).random() < chance
        return Retelling(self._ear.memory, call.handles) if retells else Retelling()

    def _before(self, left: Sequence[PlannedNote]) -> list[Struck]:
        moment, bpm = self._ear.moment, self._ear.bpm
        return [
            Struck(math.floor(moment.place_of(note.at, bpm)), math.ceil(moment.place_of(note.until, bpm)), note.pitch)
            for note in left
        ]

    def next_notes(self, reply: Reply) -> list[PlannedNote]:
        """Sample one more note of the reply underway; returns the notes that are settled by it."""
        notes = reply.next_notes()
        self.speak(reply)
        return notes

    def speak(self, reply: Reply) -> None:
        """The notes of this reply that were settled so far are to be played."""
        self._serial = reply.next_serial
