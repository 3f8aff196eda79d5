"""Turns one after the other: the musician's call, our reply, and every way in which they pass."""

from __future__ import annotations

from typing import NamedTuple

from musedaemon.core.commands import Dropped, Effect, HandedOver, Heard, Play, Played, Signalled, TurnOver, Withdraw
from musedaemon.core.ear import Ear
from musedaemon.core.events import CHANNEL_SILENCES, ControlChange, MidiEvent, NoteOn
from musedaemon.core.extent import Extent
from musedaemon.core.manners import Ending, Entry, Manner
from musedaemon.core.phrase import Phrase
from musedaemon.core.ready import ExtentAt, Ready
from musedaemon.core.reply import Reply
from musedaemon.core.signals import PAUSES, PLAY_ON, Wish
from musedaemon.core.turns import TRANSITIONS, Move, Turn
from musedaemon.core.voice import Voice

HORIZON_S = 1.0
"""How far ahead of its time a note of a reply is settled."""
LEAD_S = 0.01
"""From the hand-over to the earliest first note where an output takes its notes when they are to sound. It is sampled
by then; this is for the threads to wake up, on a busy machine too."""
SLIP_S = 0.1
"""A note so soon after a signal still belongs to the call: hand and foot do not move at once."""


class Foreseen(NamedTuple):
    """By which signal the turn is likely to pass, None for by itself; and how long a turn is that is held."""

    wish: Wish | None
    held: Extent


class HandOver(NamedTuple):
    """When the turn passed to us (seconds); by which signal and when that came, if it was by one."""

    at: float
    wish: Wish | None = None
    signalled_at: float = float("-inf")


class Underway(NamedTuple):
    """A reply, the phrase it answers, and how long that was."""

    reply: Reply
    call: Phrase
    call_beats: float
    hand_over: HandOver


class Conversation:
    """Owned by the engine. It is told what happened in the order in which it did."""

    def __init__(
        self, ear: Ear, voice: Voice, manner: Manner, foreseen: Foreseen, lead_s: float, began_at: float
    ) -> None:
        """The musician's turn begins `began_at`. `lead_s`: from a hand-over to the first note at least (seconds)."""
        self._ear = ear
        self._voice = voice
        self._manner = manner
        self._began_at = began_at
        self._ready = Ready(ear, voice, lead_s)
        self._foreseen = foreseen
        self._underway: Underway | None = None
        self._slipped: HandOver | None = None
        self._paused = False
        self.turn = Turn.LISTENING if len(ear.phrase) else Turn.WAITING

    def adopt(self, manner: Manner, foreseen: Foreseen, at: float) -> None:
        """Go on by another manner (seconds); nothing of ours sounds or is pending."""
        self._manner, self._foreseen, self._began_at = manner, foreseen, at
        self._ready.forget()

    def gives_way_to(self, report: Heard | Signalled) -> Withdraw | None:
        """The command that must be answered before this report may be taken."""
        if self.turn is not Turn.REPLYING:
            return None
        if isinstance(report, Heard):
            at, stops = report.event.at, self._interrupts(report.event)
        else:
            at, stops = report.at, report.wish not in PLAY_ON
        if not stops:
            return None
        self._move(Move.INTERRUPT)
        return Withdraw(at)

    def gave_way(self, at: float, to: Heard | Signalled) -> list[Effect]:
        """Nothing of ours sounds or is pending any more (seconds)."""
        reply, call, _, hand_over = self._settled()
        self._manner.turn_theirs(Ending.TAKEN_BACK)
        self._paused = isinstance(to, Signalled) and to.wish in PAUSES and self._manner.plays_unasked
        if reply.played or not self._goes_on(to):
            return self._end_reply(Move.WITHDRAWN, at)
        if at - hand_over.signalled_at < SLIP_S:
            self._slipped = hand_over
        self._ear.turn_back(call)
        self._underway = None
        self._voice.turns -= 1
        self._move(Move.UNHEARD)
        return []

    def _goes_on(self, report: Heard | Signalled) -> bool:
        """Whether the call that we answered too early goes on with this."""
        is_note = isinstance(report, Heard) and isinstance(report.event, NoteOn)
        return is_note and self._manner.call_goes_on and not len(self._ear.phrase)

    def hear(self, event: MidiEvent) -> list[Effect]:
        """The musician played this."""
        if isinstance(event, NoteOn) and self._ends_call(event):
            self._ear.hear_last(event)
            return []
        if (
            isinstance(event, NoteOn)
            and self._ear.phrase.song_over
            and event.at >= self._manner.hand_over_at(self._ear)
        ):
            self._ear.turn_page()
        for pitch in self._ear.hear(event):
            if self._underway:
                self._underway.reply.let_go(event.at, pitch)
        if not isinstance(event, NoteOn):
            return []
        self._move(Move.NOTE_HEARD)
        self._paused = False
        slipped, self._slipped = self._slipped, None
        return self._hand_over(slipped._replace(at=event.at)) if slipped else []

    def signalled(self, at: float, wish: Wish) -> list[Effect]:
        """The musician asks for this (seconds). What asks us to stop has done so by `gives_way_to`."""
        resumes, self._paused = self._paused and wish is Wish.RESUME, self._paused and wish in PAUSES
        if wish is Wish.END and self.turn is Turn.LISTENING:
            self._paused = self._manner.plays_unasked
        if resumes:
            return self._hand_over(HandOver(at, wish))
        asked = wish in (Wish.TURN, Wish.HAND_OVER, Wish.HOLD)
        if self.turn is Turn.REPLYING or not asked or not len(self._ear.call):
            return []
        return self._hand_over(HandOver(at, wish, at))

    def played(self, note: Played) -> list[Effect]:
        """A note of ours has left."""
        if self._underway:
            self._ear.hear_own(*self._underway.reply.commit(note.serial))
        return self._end_reply_if_over(note.sent_at)

    def dropped(self, note: Dropped) -> list[Effect]:
        """A note of ours was too late and never left: what comes after it is heard without it."""
        if self._underway:
            self._underway.reply.drop(note.serial)
        return self._end_reply_if_over(note.at)

    def advance(self, now: float) -> list[Effect]:
        """Do what is due at `now`: find the tempo, hand over, sample one note ahead, or end the reply."""
        if self.turn is Turn.LISTENING:
            return [] if self._ear.phrase.song_over else self._listen(now)
        if self.turn is Turn.REPLYING:
            reply = self._settled().reply
            if not reply.complete and now >= reply.due_at - HORIZON_S:
                return [*map(Play, self._voice.next_notes(reply)), *self._end_reply_if_over(now)]
        return self._end_reply_if_over(now)

    def break_off(self, at: float) -> list[Effect]:
        """The session ends (seconds): a reply of which something was heard is told as withdrawn."""
        if self._underway is None or not self._underway.reply.played:
            return []
        if self.turn is Turn.REPLYING:
            self._move(Move.INTERRUPT)
        return self._end_reply(Move.WITHDRAWN, at)

    def next_deadline(self) -> float:
        """When `advance` has something to do (seconds), infinity when never."""
        if self.turn is Turn.LISTENING:
            if self._ear.phrase.song_over:
                return float("inf")
            tempo_at = self._manner.tempo_at(self._ear) if self._ear.tempo_unknown else float("inf")
            ready_at = self._ready.due_at(self._manner.foreseen_at(self._ear))
            return min(tempo_at, ready_at, self._manner.hand_over_at(self._ear))
        if self.turn is Turn.REPLYING:
            reply = self._settled().reply
            if not reply.complete:
                return reply.due_at - HORIZON_S
            if reply.all_played:
                return self._manner.over_at(reply.ends_at)
        return float("inf")

    def _listen(self, now: float) -> list[Effect]:
        ear, manner = self._ear, self._manner
        due = manner.hand_over_at(ear)
        if now >= due:
            return self._hand_over(HandOver(max(due, ear.tempo_found_at, self._began_at)))
        if ear.tempo_unknown and now >= manner.tempo_at(ear):
            ear.find_tempo(manner.tempo_at(ear))
        elif now >= self._ready.due_at(foreseen_at := manner.foreseen_at(ear)):
            self._ready.advance(now, foreseen_at, self._extent(self._foreseen.wish))
        return []

    def _extent(self, wish: Wish | None) -> ExtentAt:
        if wish is Wish.HOLD:
            return lambda at: self._foreseen.held
        return lambda at: self._manner.extent(self._ear.call, at, self._ear.bpm)

    def _hand_over(self, hand_over: HandOver) -> list[Effect]:
        ear, (at, wish, _) = self._ear, hand_over
        if wish or not ear.bpm_known:
            ear.find_tempo(at)
        foreseen_at = min(self._manner.foreseen_at(ear), at) if self.turn is Turn.LISTENING else at
        if (wish is Wish.HOLD) != (self._foreseen.wish is Wish.HOLD):
            self._ready.forget()
        reply, notes = self._ready.take(at, foreseen_at, self._extent(wish))
        self._voice.turns += 1
        self._manner.turn_ours(at, reply.counts_from)
        answered = ear.turn_page()
        answered.song_over = False
        beats = answered.lasts(at) / ear.beat_s if len(answered) else 0.0
        self._underway = Underway(reply, answered, beats, hand_over)
        self._move(Move.HAND_OVER)
        return [HandedOver(at, answered.first_onset if len(answered) else at, ear.bpm), *map(Play, notes)]

    def _end_reply_if_over(self, now: float) -> list[Effect]:
        if self.turn is not Turn.REPLYING:
            return []
        reply = self._settled().reply
        over_at = self._manner.over_at(reply.ends_at)
        if not reply.complete or not reply.all_played or now < over_at:
            return []
        self._manner.turn_theirs(Ending.PLAYED_OUT)
        return self._end_reply(Move.REPLY_OVER, over_at)

    def _end_reply(self, move: Move, at: float) -> list[Effect]:
        reply, call, call_beats, _ = self._settled()
        over = TurnOver(
            at=at,
            number=self._voice.turns,
            bpm=self._ear.bpm,
            tempo_from=self._ear.tempo_from,
            call_notes=len(call),
            call_beats=call_beats,
            reply_notes=reply.played,
            reply_beats=max(min(reply.ends_at, at) - reply.began_at, 0.0) / self._ear.beat_s,
            withdrawn=not (reply.complete and reply.all_played),
        )
        self._ear.release_own(at)
        self._ear.forget_own()
        self._underway = None
        self._began_at = at
        self._move(move)
        if len(self._ear.phrase):
            self._move(Move.NOTE_HEARD)
        return [over]

    def _settled(self) -> Underway:
        assert self._underway is not None
        return self._underway

    def _move(self, move: Move) -> None:
        self.turn = TRANSITIONS[self.turn, move]

    def _interrupts(self, event: MidiEvent) -> bool:
        if isinstance(event, NoteOn):
            return self._manner.entry(event.at) is Entry.INTERRUPTION
        return isinstance(event, ControlChange) and event.control in CHANNEL_SILENCES

    def _ends_call(self, note: NoteOn) -> bool:
        return self.turn is Turn.REPLYING and self._manner.entry(note.at) is Entry.END_OF_CALL
