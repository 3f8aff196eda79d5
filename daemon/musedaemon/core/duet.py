"""The duet: we play at the same time, in the register the musician leaves free.

Each note of theirs changes the picture: what is pending of ours is cancelled and planned anew from the state that has
heard it, while what sounds goes on. A plan reaches no farther than a bar, so that we come to rest soon after them.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from enum import Enum, auto

from musedaemon.core.beside import FreeRegister
from musedaemon.core.commands import (
    Cancel,
    Dropped,
    Effect,
    Heard,
    PlannedNote,
    Play,
    Played,
    Signalled,
    TurnOver,
    Withdraw,
)
from musedaemon.core.ear import Ear
from musedaemon.core.events import CHANNEL_SILENCES, ControlChange, MidiEvent, NoteOn
from musedaemon.core.extent import Extent
from musedaemon.core.modes import Mode
from musedaemon.core.reply import Reply
from musedaemon.core.signals import PAUSES, PLAY_ON, Wish
from musedaemon.core.turns import TRANSITIONS, Move, Turn
from musedaemon.core.voice import Voice
from musedaemon.encoding import TICKS_PER_BEAT

HORIZON_S = 0.3
"""How far ahead of its time a note is settled: not far, most are planned anew."""
_SPARE_S = 0.05
"""And so long before it must leave at the least, where the output wants its notes early."""
REST_S = 1.0
"""So long a silence of both ends a passage."""
FIRST_HEARD = 4
"""So many notes of a session are heard before the first of ours: what goes with them is not known sooner."""
MOST_NOTES = 512
"""The musician's notes that are kept of a passage; it is cut here, so that memory stays flat."""
_ALONE = Extent(target=4 * TICKS_PER_BEAT, most=5 * TICKS_PER_BEAT)
"""What we play on when the musician plays no more."""
_GAP_BEATS = 0.25
"""Between two strikes of ours, however often the musician's notes make us plan anew."""
_SHORTEST_S = 0.02
_NOTES_BEFORE = 32
"""Of our own notes so many are looked back on, for what a plan may add to them."""


class Stance(Enum):
    """Whether we play along."""

    PLAYING = auto()
    PAUSED = auto()
    """Silent until the song, or the output, is there again."""
    TACET = auto()
    """Silent until a signal asks us to join."""


@dataclass(slots=True)
class Passage:
    """What is counted from a rest to the next: notes of both, and times of ours (seconds)."""

    heard: int = 0
    own_notes: int = 0
    began_at: float = float("inf")
    struck_at: float = float("-inf")
    sounds_until: float = float("-inf")


class Duet:
    """Owned by the engine. It is told what happened in the order in which it did."""

    def __init__(self, ear: Ear, voice: Voice, lead_s: float, stance: Stance) -> None:
        """`lead_s`: from a note of the musician's to the first of ours that follows from it."""
        self._ear = ear
        self._voice = voice
        self._lead_s = lead_s
        self._horizon_s = max(HORIZON_S, lead_s + _SPARE_S)
        self._register = FreeRegister()
        self._reply: Reply | None = None
        self._planned: dict[int, PlannedNote] = {}
        self._left: deque[PlannedNote] = deque(maxlen=_NOTES_BEFORE)
        self._stance = stance
        self._passage = Passage()
        self._plan_from = float("inf")
        self.turn = Turn.TOGETHER if len(ear.phrase) else Turn.WAITING

    def keep_silent_like(self, before: Duet) -> None:
        """Join no sooner than the one before would have, where that was silent."""
        if before._stance is not Stance.PLAYING:
            self._stance = before._stance

    def gives_way_to(self, report: Heard | Signalled) -> Cancel | Withdraw | None:
        """The command that must be answered before this report may be taken."""
        match report:
            case Heard(NoteOn(at=at)) if self._reply and not self._reply.all_played:
                return Cancel(at)
            case Heard(ControlChange(at=at, control=control)) if control in CHANNEL_SILENCES:
                return Withdraw(at)
            case Signalled(at, wish) if wish not in PLAY_ON and self._stance is Stance.PLAYING:
                return Withdraw(at)
        return None

    def gave_way(self, at: float, to: Heard | Signalled) -> list[Effect]:
        """Nothing of ours is pending any more (seconds); unless it gave way to a note, nothing sounds either."""
        self._reply = None
        if isinstance(to, Heard) and isinstance(to.event, NoteOn):
            return []
        self._ear.release_own(at)
        self._ear.forget_own()
        self._left = deque([n._replace(until=min(n.until, at)) for n in self._left], maxlen=_NOTES_BEFORE)
        self._passage.sounds_until = min(self._passage.sounds_until, at)
        self._plan_from = float("inf")
        if isinstance(to, Heard):
            return []
        self._stance = Stance.PAUSED if to.wish in PAUSES else Stance.TACET
        if self.turn is not Turn.TOGETHER:
            return []
        if isinstance(to.wish, Mode):  # in another one the phrase goes on, to be answered when it ends
            return self._told_of(at) if self._passage.own_notes else []
        return self._end_passage(at)

    def hear(self, event: MidiEvent) -> list[Effect]:
        """The musician played this."""
        cut = self._end_passage(event.at) if self._is_long and isinstance(event, NoteOn) else []
        for pitch in self._ear.hear(event):
            if self._reply:
                self._reply.let_go(event.at, pitch)
        if isinstance(event, NoteOn):
            self._move(Move.JOIN)
            self._register.strike(event.at, event.pitch)
            self._passage.heard += 1
            self._reply = None
            self._plan_from = event.at
        return cut

    def signalled(self, at: float, wish: Wish) -> list[Effect]:
        """A signal lets us fall silent, or join again. What asks us to stop has done so by `gives_way_to`."""
        if wish in PAUSES or (wish is Wish.RESUME and self._stance is not Stance.PAUSED):
            return []
        self._stance = Stance.TACET if wish is Wish.TAKE_BACK else Stance.PLAYING
        if self._stance is Stance.PLAYING and self.turn is Turn.TOGETHER:
            self._plan_from = at
        return []

    def played(self, note: Played) -> list[Effect]:
        """A note of ours has left."""
        if self._reply:
            self._ear.hear_own(*self._reply.commit(note.serial))
            self._left.append(self._planned.pop(note.serial))
            passage = self._passage
            passage.own_notes += 1
            passage.struck_at, passage.began_at = note.at, min(passage.began_at, note.at)
        return []

    def dropped(self, note: Dropped) -> list[Effect]:
        """A note of ours was too late and never left."""
        if self._reply:
            self._reply.drop(note.serial)
            del self._planned[note.serial]
        return []

    def advance(self, now: float) -> list[Effect]:
        """Do what is due at `now`: find the tempo, sample one note, or end the passage."""
        if self.turn is not Turn.TOGETHER:
            return []
        if self._ear.tempo_unknown and now >= self._ear.breath_at:
            return [*self._ear.find_tempo(self._ear.breath_at)]
        if now >= self._sample_at():
            return self._sample()
        if now >= (rest_at := self._rest_at()):
            return self._end_passage(rest_at)
        return []

    def break_off(self, at: float) -> list[Effect]:
        """The session ends (seconds): a passage in which something of ours was heard is told."""
        return self._end_passage(at) if self.turn is Turn.TOGETHER and self._passage.own_notes else []

    def next_deadline(self) -> float:
        """When `advance` has something to do (seconds), infinity when never."""
        if self.turn is not Turn.TOGETHER:
            return float("inf")
        tempo_at = self._ear.breath_at if self._ear.tempo_unknown else float("inf")
        return min(tempo_at, self._sample_at(), self._rest_at())

    @property
    def _is_long(self) -> bool:
        return len(self._ear.phrase) >= MOST_NOTES

    def _sample_at(self) -> float:
        if self._stance is not Stance.PLAYING or not self._ear.bpm_known or len(self._ear.memory) < FIRST_HEARD:
            return float("inf")
        if self._reply is None:
            return self._plan_from
        return float("inf") if self._reply.complete else self._reply.due_at - self._horizon_s

    def _rest_at(self) -> float:
        """When both have been silent for long enough."""
        if self._reply and not (self._reply.complete and self._reply.all_played):
            return float("inf")
        return max(self._ear.quiet_since, self._passage.sounds_until) + REST_S

    def _sample(self) -> list[Effect]:
        reply = self._reply
        if reply is None:
            spaced_at = self._passage.struck_at + _GAP_BEATS * self._ear.beat_s
            earliest = max(self._plan_from, spaced_at, self._ear.tempo_found_at)
            beside = self._register.beside(self._ear.held)
            self._plan_from = float("inf")
            reply = self._reply = self._voice.begin(
                self._ear.call, earliest, _ALONE, self._passage.heard, beside, self._left
            )
            self._planned.clear()
        notes = [self._in_time(note) for note in self._voice.next_notes(reply)]
        self._planned |= {note.serial: note for note in notes}
        return [Play(note) for note in notes]

    def _in_time(self, note: PlannedNote) -> PlannedNote:
        """A note together with the musician's comes as soon as it can."""
        at = max(note.at, self._ear.heard_at + self._lead_s) if note.at <= self._ear.heard_at else note.at
        self._passage.sounds_until = max(self._passage.sounds_until, note.until)
        return note._replace(at=at, until=max(note.until, at + _SHORTEST_S))

    def _end_passage(self, at: float) -> list[Effect]:
        """The passage is over: tell of it, and listen for the next."""
        told = self._told_of(at)
        self._ear.turn_page()
        self._ear.forget_own()
        self._reply = None
        self._passage = Passage()
        self._plan_from = float("inf")
        self._move(Move.REST)
        return told

    def _told_of(self, at: float) -> list[Effect]:
        passage, phrase, beat_s = self._passage, self._ear.phrase, self._ear.beat_s
        self._voice.turns += 1
        over = TurnOver(
            at=at,
            number=self._voice.turns,
            bpm=self._ear.bpm,
            tempo_from=self._ear.tempo_from,
            call_notes=len(phrase),
            call_beats=phrase.lasts(at) / beat_s if len(phrase) else 0.0,
            reply_notes=passage.own_notes,
            reply_beats=max(passage.sounds_until - passage.began_at, 0.0) / beat_s if passage.own_notes else 0.0,
            withdrawn=False,
        )
        return [over]

    def _move(self, move: Move) -> None:
        self.turn = TRANSITIONS[self.turn, move]
