"""A phrase: the notes of the musician since the turn was last theirs, and what follows from them."""

from __future__ import annotations

from bisect import bisect_left
from collections import deque
from dataclasses import dataclass, field
from typing import NamedTuple

from musedaemon.core.accents import Strike
from musedaemon.core.events import NoteOn
from musedaemon.core.key_finding import Span
from musedaemon.core.memory import SessionMemory
from musedaemon.core.moment import Moment
from musedaemon.encoding import time_class, velocity_to_class
from musedaemon.model.protocol import NoteModel

REPLAYED_NOTES = 128
"""How many notes are heard again when the tempo is found: some 25 ms of work, and bounded memory."""
KEPT_NOTES = 512
"""How many notes of a phrase are looked at: neither a draft's cost nor the tempo's grows with the call."""


@dataclass(slots=True)
class HeardNote:
    """A note of the musician's, remembered under `handle`; `off_at` (seconds) is None while its key is held."""

    on: NoteOn
    tick: int
    handle: int
    off_at: float | None = None


class Move(NamedTuple):
    """A key went down, came up, or both where it was struck again without an off, `at` (seconds)."""

    at: float
    ends: HeardNote | None
    begins: HeardNote | None


@dataclass(slots=True)
class Hands:
    """What goes on from phrase to phrase: the notes of the keys that are down, by channel and pitch, and the moves
    since the first note that would be heard again, in the order heard.
    """

    held: dict[tuple[int, int], HeardNote] = field(default_factory=dict)
    moves: deque[Move] = field(default_factory=deque)


class Phrase:
    """The notes of one call, with the moments before the latest of them. Owned by the engine.

    Each note enters the session memory as it is heard, and its duration when it ends. However long it is, it gives out
    its newest `KEPT_NOTES`; its number of notes, its beginning and its length stay exact.
    """

    def __init__(self, model: NoteModel, memory: SessionMemory, hands: Hands | None = None) -> None:
        """`hands`: those of the phrase before; keys that are down since then come up in this one."""
        self._model = model
        self._memory = memory
        self._count = 0
        self._first_onset = 0.0
        self._notes: list[HeardNote] = []
        self._newest: dict[tuple[int, int], HeardNote] = {}
        self._hands = Hands() if hands is None else hands
        self._moments: deque[Moment] = deque(maxlen=REPLAYED_NOTES)
        self.alone = True
        """Whether no note of ours sounded since its first one: else it cannot be heard again without them."""
        self.song_over = False
        """Whether the song has ended since its last note: no silence hands it over."""

    def __len__(self) -> int:
        return self._count

    def next(self) -> Phrase:
        """The phrase after this one, without notes yet."""
        return Phrase(self._model, self._memory, self._hands)

    def note_on(self, before: Moment, event: NoteOn, bpm: float) -> Moment:
        """A key went down at the moment `before`; the moment after it. A key struck again without an off ends first."""
        ended = self._end(event.at, event.channel, event.pitch, before.tick_at(event.at, bpm))
        after, handle = self._hear(before, event, bpm)
        note = HeardNote(event, after.tick, handle)
        self._keep(note)
        self._make_room()
        self._moments.append(before)
        self._hands.moves.append(Move(event.at, ended, note))
        return after

    def _keep(self, note: HeardNote) -> None:
        self._first_onset = self._first_onset if self._count else note.on.at
        self._count += 1
        self.song_over = False
        self._notes.append(note)
        del self._notes[:-KEPT_NOTES]
        key = note.on.channel, note.on.pitch
        self._newest[key] = self._hands.held[key] = note

    def _make_room(self) -> None:
        """Let go of the moves before the first note that is heard again if one more is."""
        moves = self._hands.moves
        if not self._moments:
            moves.clear()
        elif len(self._moments) == REPLAYED_NOTES:
            moves.popleft()
            while moves and moves[0].begins is None:
                moves.popleft()

    def note_off(self, before: Moment, at: float, channel: int, pitch: int, bpm: float) -> Moment:
        """A key came up (seconds); the moment after that."""
        if ended := self._end(at, channel, pitch, before.tick_at(at, bpm)):
            self._hands.moves.append(Move(at, ended, None))
        return before.released(at, pitch, bpm)

    def replay(self, bpm: float) -> Moment:
        """The moment after the call, had its latest notes (`REPLAYED_NOTES`) been heard at this tempo: a step each."""
        moves = self._hands.moves
        assert moves[0].begins is not None
        self._memory.forget_from(moves[0].begins.handle)
        moment = self._moments[0]
        self._moments.clear()
        for at, ends, begins in moves:
            if ends:
                self._memory.finish(ends.handle, time_class(moment.tick_at(at, bpm) - ends.tick))
            if begins:
                self._moments.append(moment)
                moment, begins.handle = self._hear(moment, begins.on, bpm)
                begins.tick = moment.tick
            elif ends:
                moment = moment.released(at, ends.on.pitch, bpm)
        return moment

    def _hear(self, before: Moment, event: NoteOn, bpm: float) -> tuple[Moment, int]:
        velocity_class = int(velocity_to_class(event.velocity))
        after = before.heard(self._model, event.at, event.pitch, velocity_class, bpm)
        assert after.note is not None
        return after, self._memory.remember(before.key, before.trail, after.note)

    def _end(self, at: float, channel: int, pitch: int, tick: int) -> HeardNote | None:
        if note := self._hands.held.pop((channel, pitch), None):
            note.off_at = at
            self._memory.finish(note.handle, time_class(tick - note.tick))
        return note

    @property
    def onsets(self) -> list[float]:
        """When each of the newest notes began (seconds)."""
        return [note.on.at for note in self._notes]

    def spans(self, at: float) -> list[Span]:
        """The newest notes' pitches, and how long each was held, up to `at` (seconds) where it still is."""
        return [Span(note.on.pitch, (at if note.off_at is None else note.off_at) - note.on.at) for note in self._notes]

    @property
    def strikes(self) -> list[Strike]:
        """Each of the newest notes as played; one whose key is still down ends with the last onset."""
        now = self.last_onset
        return [Strike(note.on.at, now if note.off_at is None else note.off_at) for note in self._notes]

    @property
    def handles(self) -> list[int]:
        """By which the session memory knows each of the newest notes."""
        return [note.handle for note in self._notes]

    @property
    def velocities(self) -> list[int]:
        """How hard the key of each of the newest notes was struck, 1 to 127."""
        return [note.on.velocity for note in self._notes]

    @property
    def first_onset(self) -> float:
        """When the call began (seconds)."""
        return self._first_onset

    def first_onset_from(self, at: float) -> float | None:
        """When its first note that is not before `at` began (seconds); None if there is none.

        Where that is a note that is no longer kept, but not the very first, the oldest that is.
        """
        if self._count and at <= self._first_onset:
            return self._first_onset
        index = bisect_left(self._notes, at, key=lambda note: note.on.at)
        return self._notes[index].on.at if index < len(self._notes) else None

    @property
    def last_onset(self) -> float:
        """When its last note began (seconds)."""
        return self._notes[-1].on.at

    def lasts(self, at: float) -> float:
        """How long it is (seconds) if it is over `at`: to its last release, or to then where a key is still down."""
        # A note ends before its key is struck again, so the newest of each key tell.
        end = max(at if note.off_at is None else note.off_at for note in self._newest.values())
        return max(end - self.first_onset, 0.0)
