"""What the engine must have heard, told again from what was played: no plan, no roll-back, one note after the other."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from support.jam import Jam, Told

from musedaemon.core.commands import Cancelled, Heard, PlannedNote, Played, TurnOver, Withdrawn
from musedaemon.core.conversation import LEAD_S
from musedaemon.core.events import ControlChange, MidiEvent, NoteOff, NoteOn
from musedaemon.core.keys import Keys
from musedaemon.core.memory import SessionMemory
from musedaemon.core.moment import Moment, opening, ticks_per_second
from musedaemon.encoding import time_class, velocity_to_class
from musedaemon.model.protocol import NoteModel

_SAME_S = 1e-9


def _as_taken(story: Sequence[Told]) -> list[Told]:
    """What happened in the order in which it counts: what we gave way to is heard when we have, not before."""
    taken: list[Told] = []
    for told in story:
        gave_way = isinstance(told, Withdrawn | Cancelled) and isinstance(taken[-1], Heard)
        taken.insert(len(taken) - 1 if gave_way else len(taken), told)
    return taken


class Replay:
    """Hears a jam again at one tempo, and keeps it in a memory of its own."""

    def __init__(self, model: NoteModel, bpm: float) -> None:
        self._model = model
        self._bpm = bpm
        self._keys = Keys()
        self._struck_at = float("-inf")
        self._open: dict[tuple[int, int], tuple[int, int]] = {}
        self._ours: list[int] = []
        self.moment = opening(model, 0.0)
        self.memory = SessionMemory(len(self.moment.key))

    def hear(self, jam: Jam) -> Moment:
        """The moment after all of it."""
        for told in _as_taken(jam.story):
            match told:
                case Heard(event):
                    self._hear(event)
                case Played(serial=serial):
                    self._play(jam.planned[serial])
                case Withdrawn(at):
                    self._withdraw(at)
                case TurnOver():
                    self._forget_ours()
        return self.moment

    def _note(self, at: float, pitch: int, velocity: int, seconds: float | None) -> int:
        before, duration = self.moment, None if seconds is None else round(seconds * ticks_per_second(self._bpm))
        velocity_class = int(velocity_to_class(velocity))
        self.moment = before.heard(self._model, at, pitch, velocity_class, self._bpm, duration)
        assert self.moment.note is not None
        return self.memory.remember(before.key, before.trail, self.moment.note)

    def _play(self, note: PlannedNote) -> None:
        """A note that is together with the musician's sounds a little later, and counts as if it did not."""
        together = abs(note.at - self._struck_at - LEAD_S) < _SAME_S
        at = self._struck_at if together else note.at
        self._ours.append(self._note(at, note.pitch, note.velocity, note.until - at))

    def _hear(self, event: MidiEvent) -> None:
        match event:
            case NoteOn():
                self._strike(event)
            case NoteOff():
                if self._keys.release(event.at, event.channel, event.pitch):
                    self._end(event.at, event.channel, event.pitch)
            case ControlChange():
                for channel, pitch in self._keys.control(event):
                    self._end(event.at, channel, pitch)

    def _strike(self, event: NoteOn) -> None:
        """A key that is struck again without an off ends first."""
        self._keys.press(event.channel, event.pitch)
        self._finish(event.at, event.channel, event.pitch)
        handle = self._note(event.at, event.pitch, event.velocity, None)
        self._open[event.channel, event.pitch] = handle, self.moment.tick
        self._struck_at = event.at

    def _end(self, at: float, channel: int, pitch: int) -> None:
        self._finish(at, channel, pitch)
        self.moment = self.moment.released(at, pitch, self._bpm)

    def _finish(self, at: float, channel: int, pitch: int) -> None:
        handle, tick = self._open.pop((channel, pitch), (None, 0))
        if handle is not None:
            self.memory.finish(handle, time_class(self.moment.tick_at(at, self._bpm) - tick))

    def _withdraw(self, at: float) -> None:
        for pitch, end in list(self.moment.tracker.ends.items()):
            if end is not None and end > self.moment.tick_at(at, self._bpm):
                self.moment = self.moment.released(at, pitch, self._bpm)
        self._forget_ours()

    def _forget_ours(self) -> None:
        """The memory keeps what we play for as long as we play."""
        self.memory.forget(self._ours)
        self._ours.clear()


def remembered(memory: SessionMemory) -> list[object]:
    """All that is kept of each note, oldest first."""
    kept = np.flatnonzero(memory._handles >= 0)
    oldest_first = kept[np.argsort(memory._handles[kept])]
    past = memory._past
    return [notes[oldest_first].tolist() for notes in (past.keys, past.passages.T, past.recent, past.classes.T)]


def assert_true(jam: Jam, model: NoteModel, bpm: float = 120.0) -> None:
    """The engine's moment and memory are those of what was really heard."""
    replay = Replay(model, bpm)
    truth, moment = replay.hear(jam), jam.engine.moment
    assert list(moment.state.c.flat) == list(truth.state.c.flat)
    assert moment.tick == truth.tick
    assert moment.at == pytest.approx(truth.at)
    assert moment.tracker.ends == truth.tracker.ends
    assert moment.trail == truth.trail
    assert remembered(jam.engine.memory) == remembered(replay.memory)


def assert_balanced(jam: Jam) -> None:
    """Each of our note-ons has exactly one note-off, after it and before the pitch is struck again."""
    sounding: set[tuple[int, int]] = set()
    for event in jam.response:
        if isinstance(event, NoteOn):
            assert (event.channel, event.pitch) not in sounding
            sounding.add((event.channel, event.pitch))
        elif isinstance(event, NoteOff):
            sounding.remove((event.channel, event.pitch))
    assert not sounding
