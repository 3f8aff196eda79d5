"""The call: the notes of the musician since the last reply, as they were played, and what follows from them."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from musedaemon.core.events import NoteOn
from musedaemon.core.moment import Moment
from musedaemon.encoding import velocity_to_class
from musedaemon.model.protocol import NoteModel

REPLAYED_NOTES = 128
"""How many notes are heard again when the tempo is found: some 25 ms of work, and bounded memory."""


@dataclass(slots=True)
class HeardNote:
    """A note of the musician's; `off_at` (seconds) is None while its key is held."""

    on: NoteOn
    off_at: float | None = None


class Phrase:
    """The notes of one call, with the moments before the latest of them. Owned by the engine."""

    def __init__(self) -> None:
        self._notes: list[HeardNote] = []
        self._held: dict[tuple[int, int], HeardNote] = {}
        self._moments: deque[Moment] = deque(maxlen=REPLAYED_NOTES)

    def __len__(self) -> int:
        return len(self._notes)

    def note_on(self, before: Moment, event: NoteOn) -> None:
        """A key went down at the moment `before`; one that is struck again without an off ends first."""
        self.note_off(event.at, event.channel, event.pitch)
        note = self._held[event.channel, event.pitch] = HeardNote(event)
        self._notes.append(note)
        self._moments.append(before)

    def note_off(self, at: float, channel: int, pitch: int) -> None:
        """A key came up (seconds)."""
        if note := self._held.pop((channel, pitch), None):
            note.off_at = at

    @property
    def onsets(self) -> list[float]:
        """When each note began (seconds)."""
        return [note.on.at for note in self._notes]

    @property
    def velocities(self) -> list[int]:
        """How hard each key was struck, 1 to 127."""
        return [note.on.velocity for note in self._notes]

    @property
    def first_onset(self) -> float:
        """When the call began (seconds)."""
        return self._notes[0].on.at

    @property
    def end(self) -> float:
        """When its last key came up (seconds)."""
        return max(note.on.at if note.off_at is None else note.off_at for note in self._notes)

    def replay(self, model: NoteModel, bpm: float) -> Moment:
        """The moment after the call, had its latest notes (`REPLAYED_NOTES`) been heard at this tempo: a step each."""
        latest = self._notes[-len(self._moments) :]
        moves: list[tuple[float, bool, HeardNote]] = [(note.on.at, True, note) for note in latest]
        moves += [(note.off_at, False, note) for note in latest if note.off_at is not None]
        moment = self._moments[0]
        for at, starts, note in sorted(moves, key=lambda move: move[:2]):
            if starts:
                velocity_class = int(velocity_to_class(note.on.velocity))
                moment = moment.heard(model, at, note.on.pitch, velocity_class, bpm)
            else:
                moment = moment.released(at, note.on.pitch, bpm)
        return moment
