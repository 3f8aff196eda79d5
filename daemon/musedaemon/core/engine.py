"""The engine: hears the musician, knows whose turn it is, and makes the reply. The heart of the sans-IO core.

It is told the time and what happened, and returns what to do; a reply depends only on what was heard, when, and the
seed, so the real-time runner and the simulator get the same notes from the same events.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from musedaemon.core.commands import (
    Dropped,
    Effect,
    HandedOver,
    Heard,
    Play,
    Played,
    Report,
    TurnOver,
    Withdraw,
    Withdrawn,
)
from musedaemon.core.dynamics import dynamics_of
from musedaemon.core.events import CHANNEL_SILENCES, ControlChange, MidiEvent, NoteOff, NoteOn
from musedaemon.core.improviser import Improviser
from musedaemon.core.keys import Keys
from musedaemon.core.memory import TUNED_DIAL, SessionMemory
from musedaemon.core.moment import Moment, opening, ticks_per_second
from musedaemon.core.phrase import Phrase
from musedaemon.core.reply import Reply, ReplyPlan
from musedaemon.core.sampling import SamplingSettings
from musedaemon.core.tempo import TempoTracker
from musedaemon.core.turns import TRANSITIONS, Move, Turn
from musedaemon.encoding import TICKS_PER_BEAT
from musedaemon.model.protocol import NoteModel

HORIZON_S = 1.0
"""How far ahead of its time a note of a reply is settled."""
LEAD_S = 0.05
"""The lead where an output takes its notes when they are to sound."""
_RETUNED = 0.02
"""From this change of tempo on (a share of it) the call is heard again at the tempo that was found."""


@dataclass(frozen=True, slots=True)
class EngineSettings:
    """`hand_over_s`: silence that ends a call. `length`: of a reply, in calls. `memory`: the dial, 0 to 1.

    `channel` is 0 to 15. `lead_s`: from the hand-over to the earliest first note, the time to sample it and to spare on
    a busy machine.
    """

    sampling: SamplingSettings
    hand_over_s: float = 0.6
    length: float = 1.0
    memory: float = TUNED_DIAL
    max_reply_beats: float = 64.0
    channel: int = 0
    seed: int = 0
    lead_s: float = LEAD_S


class Engine:
    """`receive` reports, `advance` the time when `next_deadline` has come. Called on one thread only."""

    def __init__(self, model: NoteModel, tempo: TempoTracker, settings: EngineSettings) -> None:
        self._model = model
        self._tempo = tempo
        self._settings = settings
        self._moment = opening(model, 0.0)
        self._memory = SessionMemory(len(self._moment.key), settings.memory)
        self._improviser = Improviser(model, self._memory, settings.sampling)
        self._keys = Keys()
        self._turn = Turn.WAITING
        self._turns = 0
        self._serial = 0
        self._phrase: Phrase | None = None
        self._reply: Reply | None = None
        self._deferred: list[MidiEvent] = []
        self._tempo_found = False

    @property
    def moment(self) -> Moment:
        """After the last note that was really heard, the musician's or ours."""
        return self._reply.heard if self._reply else self._moment

    @property
    def memory(self) -> SessionMemory:
        """The notes of this session that were really heard."""
        return self._memory

    @property
    def turn(self) -> Turn:
        """Whose turn it is."""
        return self._turn

    def receive(self, report: Report) -> list[Effect]:
        """Take a report of the player's."""
        match report:
            case Heard(event):
                return self._hear(event)
            case Played(serial, _, sent_at):
                if self._reply:
                    self._reply.commit(serial)
                return self._end_reply_if_over(sent_at)
            case Dropped(serial, at):
                if self._reply:
                    self._reply.drop(serial)
                return self._end_reply_if_over(at)
            case Withdrawn(at):
                return self._roll_back(at)

    def advance(self, now: float) -> list[Effect]:
        """Do what is due at `now`: hand over, sample one note ahead, or end the reply."""
        if self._turn is Turn.LISTENING:
            self._find_tempo_if_due(now)
            return self._hand_over(due) if now >= (due := self._hand_over_at()) else []
        if self._turn is Turn.REPLYING and self._reply:
            if self._reply.complete:
                return self._end_reply_if_over(now)
            if now >= self._reply.due_at - HORIZON_S:
                return self._sample_ahead(self._reply, now)
        return []

    def next_deadline(self) -> float:
        """When `advance` has something to do (seconds), infinity when never."""
        if self._turn is Turn.LISTENING:
            return self._hand_over_at() if self._tempo_found else self._find_tempo_at()
        if self._turn is Turn.REPLYING and self._reply:
            if not self._reply.complete:
                return self._reply.due_at - HORIZON_S
            if self._reply.all_played:
                return self._reply.ends_at
        return float("inf")

    def _hear(self, event: MidiEvent) -> list[Effect]:
        if self._turn is Turn.WITHDRAWING:
            self._deferred.append(event)
            return []
        if self._turn is Turn.REPLYING and _interrupts(event):
            self._deferred.append(event)
            self._move(Move.INTERRUPT)
            return [Withdraw(event.at)]
        match event:
            case NoteOn():
                self._note_on(event)
            case NoteOff():
                self._note_off(event.at, event.channel, event.pitch)
            case ControlChange():
                for channel, pitch in self._keys.control(event):
                    self._end_note(event.at, channel, pitch)
        return []

    def _note_on(self, event: NoteOn) -> None:
        self._move(Move.NOTE_HEARD)
        if self._phrase is None:
            self._phrase = Phrase(self._model, self._memory)
        self._tempo_found = False
        self._keys.press(event.channel, event.pitch)
        self._moment = self._phrase.note_on(self._moment, event, self._tempo.bpm)

    def _note_off(self, at: float, channel: int, pitch: int) -> None:
        if self._keys.release(at, channel, pitch):
            self._end_note(at, channel, pitch)

    def _end_note(self, at: float, channel: int, pitch: int) -> None:
        if self._phrase:
            self._moment = self._phrase.note_off(self._moment, at, channel, pitch, self._tempo.bpm)

    def _hand_over_at(self) -> float:
        return self._keys.quiet_since + self._settings.hand_over_s if self._keys.quiet else float("inf")

    def _find_tempo_at(self) -> float:
        return self._hand_over_at() - self._settings.hand_over_s / 2

    def _find_tempo_if_due(self, now: float) -> None:
        """Half-way through the silence, so that hearing the call again delays no reply."""
        if self._phrase is None or self._tempo_found or now < self._find_tempo_at():
            return
        self._tempo_found = True
        heard_at_bpm = self._tempo.bpm
        bpm = self._tempo.follow(self._phrase.onsets)
        if abs(bpm / heard_at_bpm - 1) > _RETUNED:
            self._moment = self._phrase.replay(bpm)

    def _hand_over(self, at: float) -> list[Effect]:
        phrase = self._phrase
        assert phrase is not None
        self._move(Move.HAND_OVER)
        self._turns += 1
        bpm = self._tempo.bpm
        plan = ReplyPlan(
            after=self._moment,
            dynamics=dynamics_of(phrase, bpm),
            earliest_at=at + self._settings.lead_s,
            target_ticks=self._target_ticks(phrase, bpm),
            most_ticks=round(self._settings.max_reply_beats * TICKS_PER_BEAT),
            bpm=bpm,
            channel=self._settings.channel,
            first_serial=self._serial,
        )
        # One generator a turn: what a withdrawn reply had drawn ahead must not change the replies after it.
        rng = np.random.default_rng((self._settings.seed, self._turns))
        self._reply = Reply(self._improviser, self._memory, plan, rng)
        return [HandedOver(at, phrase.first_onset, bpm)]

    def _target_ticks(self, phrase: Phrase, bpm: float) -> int:
        ticks = (phrase.end - phrase.first_onset) * ticks_per_second(bpm) * self._settings.length
        return round(min(max(ticks, TICKS_PER_BEAT), self._settings.max_reply_beats * TICKS_PER_BEAT))

    def _sample_ahead(self, reply: Reply, now: float) -> list[Effect]:
        notes = reply.next_notes()
        self._serial = reply.next_serial
        return [*map(Play, notes), *self._end_reply_if_over(now)]

    def _end_reply_if_over(self, now: float) -> list[Effect]:
        reply = self._reply
        if self._turn is not Turn.REPLYING or reply is None:
            return []
        if not reply.complete or not reply.all_played or now < reply.ends_at:
            return []
        return self._end_reply(Move.REPLY_OVER, reply.ends_at)

    def _roll_back(self, at: float) -> list[Effect]:
        reply = self._reply
        assert reply is not None
        deferred, self._deferred = self._deferred, []
        if at - reply.began_at < 60.0 / self._tempo.bpm:
            reply.unremember()
        if reply.played == 0 and isinstance(deferred[0], NoteOn):
            self._moment, self._reply = reply.heard, None
            self._turns -= 1
            self._move(Move.UNHEARD)
            effects: list[Effect] = []
        else:
            effects = self._end_reply(Move.WITHDRAWN, at)
        for event in deferred:
            effects += self._hear(event)
        return effects

    def _end_reply(self, move: Move, at: float) -> list[Effect]:
        reply, phrase = self._reply, self._phrase
        assert reply is not None
        assert phrase is not None
        bpm = self._tempo.bpm
        over = TurnOver(
            at=at,
            number=self._turns,
            bpm=bpm,
            bpm_given=self._tempo.given,
            call_notes=len(phrase),
            call_beats=(phrase.end - phrase.first_onset) * bpm / 60.0,
            reply_notes=reply.played,
            reply_beats=max(min(reply.ends_at, at) - reply.began_at, 0.0) * bpm / 60.0,
            withdrawn=not (reply.complete and reply.all_played),
        )
        self._moment = reply.heard
        for pitch in self._moment.tracker.sounding_at(self._moment.tick_at(at, bpm)):
            self._moment = self._moment.released(at, pitch, bpm)
        self._reply = self._phrase = None
        self._move(move)
        return [over]

    def _move(self, move: Move) -> None:
        self._turn = TRANSITIONS[self._turn, move]


def _interrupts(event: MidiEvent) -> bool:
    return isinstance(event, NoteOn) or (isinstance(event, ControlChange) and event.control in CHANNEL_SILENCES)
