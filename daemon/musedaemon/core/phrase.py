"""A phrase: the notes of the musician since the turn was last theirs, and what follows from them."""

from __future__ import annotations

from bisect import bisect_left
from collections import deque
from dataclasses import dataclass

from musedaemon.core.accents import Strike
from musedaemon.core.events import NoteOn
from musedaemon.core.key_finding import Span
from musedaemon.core.memory import SessionMemory
from musedaemon.core.moment import Moment
from musedaemon.encoding import time_class, velocity_to_class
from musedaemon.model.protocol import NoteModel

REPLAYED_NOTES = 128
"""How many notes are heard again when the tempo is found: some 25 ms of work, and bounded memory."""


@dataclass(slots=True)
class HeardNote:
    """A note of the musician's, remembered under `handle`; `off_at` (seconds) is None while its key is held."""

    on: NoteOn
    tick: int
    handle: int
    off_at: float | None = None


Held = dict[tuple[int, int], HeardNote]
"""The notes of the keys that are down, by channel and pitch."""


class Phrase:
    """The notes of one call, with the moments before the latest of them. Owned by the engine.

    Each note enters the session memory as it is heard, and its duration when it ends.
    """

    def __init__(self, model: NoteModel, memory: SessionMemory, held: Held | None = None) -> None:
        """`held` are keys that are down since the phrase before; they come up in this one."""
        self._model = model
        self._memory = memory
        self._notes: list[HeardNote] = []
        self._held: Held = {} if held is None else held
        self._inherited = list(self._held.values())
        self._moments: deque[Moment] = deque(maxlen=REPLAYED_NOTES)

    def __len__(self) -> int:
        return len(self._notes)

    def next(self) -> Phrase:
        """The phrase after this one, without notes yet."""
        return Phrase(self._model, self._memory, self._held)

    def note_on(self, before: Moment, event: NoteOn, bpm: float) -> Moment:
        """A key went down at the moment `before`; the moment after it. A key struck again without an off ends first."""
        self._end(event.at, event.channel, event.pitch, before.tick_at(event.at, bpm))
        after, handle = self._hear(before, event, bpm)
        note = self._held[event.channel, event.pitch] = HeardNote(event, after.tick, handle)
        self._notes.append(note)
        self._moments.append(before)
        return after

    def note_off(self, before: Moment, at: float, channel: int, pitch: int, bpm: float) -> Moment:
        """A key came up (seconds); the moment after that."""
        self._end(at, channel, pitch, before.tick_at(at, bpm))
        return before.released(at, pitch, bpm)

    def replay(self, bpm: float) -> Moment:
        """The moment after the call, had its latest notes (`REPLAYED_NOTES`) been heard at this tempo: a step each."""
        latest = self._notes[-len(self._moments) :]
        self._memory.forget_from(latest[0].handle)
        moves: list[tuple[float, bool, HeardNote]] = [(note.on.at, True, note) for note in latest]
        moves += [
            (note.off_at, False, note)
            for note in [*self._inherited, *self._notes]
            if note.off_at is not None and note.off_at >= latest[0].on.at
        ]
        moment = self._moments[0]
        self._moments.clear()
        for at, starts, note in sorted(moves, key=lambda move: move[:2]):
            if starts:
                self._moments.append(moment)
                moment, note.handle = self._hear(moment, note.on, bpm)
                note.tick = moment.tick
            else:
                self._memory.finish(note.handle, time_class(moment.tick_at(at, bpm) - note.tick))
                moment = moment.released(at, note.on.pitch, bpm)
        return moment

    def _hear(self, before: Moment, event: NoteOn, bpm: float) -> tuple[Moment, int]:
        velocity_class = int(velocity_to_class(event.velocity))
        after = before.heard(self._model, event.at, event.pitch, velocity_class, bpm)
        assert after.note is not None
        return after, self._memory.remember(before.key, before.trail, after.note)

    def _end(self, at: float, channel: int, pitch: int, tick: int) -> None:
        if note := self._held.pop((channel, pitch), None):
            note.off_at = at
            self._memory.finish(note.handle, time_class(tick - note.tick))

    @property
    def onsets(self) -> list[float]:
        """When each note began (seconds)."""
        return [note.on.at for note in self._notes]

    def spans(self, at: float) -> list[Span]:
        """Each note's pitch and how long it was held, up to `at` (seconds) where it still is."""
        return [Span(note.on.pitch, (at if note.off_at is None else note.off_at) - note.on.at) for note in self._notes]

    @property
    def strikes(self) -> list[Strike]:
        """Each note as played; one whose key is still down ends with the last onset."""
        now = self.last_onset
        return [Strike(note.on.at, now if note.off_at is None else note.off_at) for note in self._notes]

    @property
    def handles(self) -> list[int]:
        """By which the session memory knows each of the newest notes."""
        return [note.handle for note in self._notes]

    @property
    def velocities(self) -> list[int]:
        """How hard each key was struck, 1 to 127."""
        return [note.on.velocity for note in self._notes]

    @property
    def first_onset(self) -> float:
        """When the call began (seconds)."""
        return self._notes[0].on.at

    def first_onset_from(self, at: float) -> float | None:
        """When its first note that is not before `at` began (seconds); None if there is none."""
        index = bisect_left(self._notes, at, key=lambda note: note.on.at)
        return self._notes[index].on.at if index < len(self._notes) else None

    @property
    def last_onset(self) -> float:
        """When its last note began (seconds)."""
        return self._notes[-1].on.at

    def lasts(self, at: float) -> float:
        """How long it is (seconds) if it is over `at`: to its last release, or to then where a key is still down."""
        end = max(at if note.off_at is None else note.off_at for note in self._notes)
        return end - self.first_onset
