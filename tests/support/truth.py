"""What the engine must have heard, told again from what was played: no plan, no roll-back, one note after the other."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from support.jam import Jam

from musedaemon.core.commands import Cancelled, Heard, Played, Report, Withdrawn
from musedaemon.core.events import ControlChange, MidiEvent, NoteOff, NoteOn
from musedaemon.core.keys import Keys
from musedaemon.core.moment import Moment, opening, ticks_per_second
from musedaemon.encoding import velocity_to_class
from musedaemon.model.protocol import NoteModel


def _as_taken(reports: Sequence[Report]) -> list[Report]:
    """The reports in the order in which they count: what we gave way to is heard when we have, not before."""
    taken: list[Report] = []
    for report in reports:
        gave_way = isinstance(report, Withdrawn | Cancelled) and isinstance(taken[-1], Heard)
        taken.insert(len(taken) - 1 if gave_way else len(taken), report)
    return taken


class Replay:
    """Hears a jam's reports again at one tempo."""

    def __init__(self, model: NoteModel, bpm: float) -> None:
        self._model = model
        self._bpm = bpm
        self._keys = Keys()
        self.moment = opening(model, 0.0)
        self.notes = 0

    def hear(self, jam: Jam) -> Moment:
        """The moment after all of it."""
        for report in _as_taken(jam.reports):
            match report:
                case Heard(event):
                    self._hear(event)
                case Played(serial=serial):
                    note = jam.planned[serial]
                    self._note(self._counted_at(note.at), note.pitch, note.velocity, note.until - note.at)
                case Withdrawn(at):
                    self._withdraw(at)
        return self.moment

    def _note(self, at: float, pitch: int, velocity: int, seconds: float | None) -> None:
        duration = None if seconds is None else round(seconds * ticks_per_second(self._bpm))
        velocity_class = int(velocity_to_class(velocity))
        self.moment = self.moment.heard(self._model, at, pitch, velocity_class, self._bpm, duration)
        self.notes += 1

    def _counted_at(self, at: float) -> float:
        """A duet's note together with the musician's counts as that, though it leaves a little later."""
        return self.moment.at if self.moment.tick_at(at, self._bpm) == self.moment.tick else at

    def _hear(self, event: MidiEvent) -> None:
        match event:
            case NoteOn():
                self._keys.press(event.channel, event.pitch)
                self._note(event.at, event.pitch, event.velocity, None)
            case NoteOff():
                if self._keys.release(event.at, event.channel, event.pitch):
                    self.moment = self.moment.released(event.at, event.pitch, self._bpm)
            case ControlChange():
                for _, pitch in self._keys.control(event):
                    self.moment = self.moment.released(event.at, pitch, self._bpm)

    def _withdraw(self, at: float) -> None:
        for pitch, end in list(self.moment.tracker.ends.items()):
            if end is not None and end > self.moment.tick_at(at, self._bpm):
                self.moment = self.moment.released(at, pitch, self._bpm)


def assert_true(jam: Jam, model: NoteModel, bpm: float = 120.0) -> None:
    """The engine's moment and memory are those of what was really heard."""
    replay = Replay(model, bpm)
    truth, moment = replay.hear(jam), jam.engine.moment
    assert list(moment.state.c.flat) == list(truth.state.c.flat)
    assert moment.tick == truth.tick
    assert moment.at == pytest.approx(truth.at)
    assert moment.tracker.ends == truth.tracker.ends
    assert moment.trail.last == truth.trail.last


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
