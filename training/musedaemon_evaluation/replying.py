"""Replies to calls, by the daemon's own engine in virtual time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch

from musedaemon.core.commands import HandedOver, Report, TempoFound
from musedaemon.core.engine import Engine, EngineSettings
from musedaemon.core.events import MidiEvent, NoteOff, NoteOn
from musedaemon.core.memory import TUNED_DIAL
from musedaemon.core.moment import ticks_per_second
from musedaemon.core.outlet import Outgoing
from musedaemon.core.player import Player
from musedaemon.core.sampling import SamplingSettings
from musedaemon.core.tempo import TempoTracker
from musedaemon.core.thru import nothing
from musedaemon.midi.loop_guard import NoLoop
from musedaemon.model.protocol import NoteModel
from musedaemon.run.musician import WaitingFilePlayer
from musedaemon.run.simulator import Simulator
from musedaemon_evaluation.calls import Call
from musedaemon_evaluation.net_model import NetModel
from musedaemon_evaluation.predicting import is_model_file, load_model_file
from musedaemon_evaluation.workers import spread
from musedaemon_training import checkpoint
from musedaemon_training.notes import Notes, from_columns, in_playing_order

BPM = 120.0
"""Any would do: the model counts in beats."""
LEVEL = 80
"""How loud a call is played whose score says nothing of dynamics."""
_CALLS_AT_ONCE = 5


@dataclass(slots=True)
class Response:
    """A `Record` of what the engine played."""

    events: list[MidiEvent] = field(default_factory=list)
    turns: list[int] = field(default_factory=list)
    """How many events there were at each hand-over."""

    def report(self, report: Report) -> None:
        """Nothing: the call is known."""

    def sent(self, messages: Sequence[Outgoing]) -> None:
        """Keep what is the engine's own."""
        self.events += [message.event for message in messages if message.serial is not None]

    def handed_over(self, turn: HandedOver) -> None:
        """A turn begins."""
        self.turns.append(len(self.events))

    def tempo_found(self, found: TempoFound) -> None:
        """Nothing."""

    @property
    def notes(self) -> Notes:
        """All that was played, in ticks at `BPM`."""
        return _notes(self.events)

    @property
    def last_turn(self) -> Notes:
        """What was played in the last turn, on the same clock."""
        return _notes(self.events[self.turns[-1] :] if self.turns else [])

    @property
    def each_turn(self) -> list[Notes]:
        """What was played in every turn, on the same clock."""
        ends = [*self.turns[1:], len(self.events)]
        return [_notes(self.events[begin:end]) for begin, end in zip(self.turns, ends, strict=False)]


def response_to(model: NoteModel, calls: Notes, settings: EngineSettings) -> Response:
    """What the daemon plays to notes in ticks at `BPM`; they wait for each of its replies."""
    engine = Engine(model, TempoTracker(BPM), settings)
    response = Response()
    musician = WaitingFilePlayer(_events(calls))
    Simulator(engine, Player(NoLoop(), nothing), musician, response, lambda over: None).run()
    return response


def reply_to(model: NoteModel, call: Call, seed: int, memory: float = TUNED_DIAL) -> Notes:
    """What the daemon answers, in the call's ticks; it may be nothing. A seed always gives the same reply."""
    return response_to(model, call.notes, EngineSettings(SamplingSettings(), memory=memory, seed=seed)).notes


def _events(notes: Notes) -> list[MidiEvent]:
    rate = ticks_per_second(BPM)
    events: list[MidiEvent] = []
    for note in notes:
        onset, pitch, velocity = int(note["onset"]), int(note["pitch"]), int(note["velocity"])
        events.append(NoteOn(onset / rate, 0, pitch, velocity or LEVEL))
        events.append(NoteOff((onset + int(note["duration"])) / rate, 0, pitch))
    # At equal times a key comes up before it is struck again.
    return sorted(events, key=lambda event: (event.at, isinstance(event, NoteOn)))


def _notes(events: Sequence[MidiEvent]) -> Notes:
    rate = ticks_per_second(BPM)
    began: dict[int, NoteOn] = {}
    rows: list[tuple[int, int, int, int]] = []
    for event in events:
        if isinstance(event, NoteOn):
            began[event.pitch] = event
        elif isinstance(event, NoteOff) and (start := began.pop(event.pitch, None)):
            onset, end = round(start.at * rate), round(event.at * rate)
            rows.append((onset, end - onset, start.pitch, start.velocity))
    onsets, durations, pitches, velocities = np.array(rows, dtype=np.int64).reshape(-1, 4).T
    return in_playing_order(
        from_columns(onset=onsets, duration=durations, pitch=pitches, velocity=velocities, bar_tick=[-1] * len(rows))
    )


def replies(model: str, calls: Sequence[Call], seed: int, memory: float) -> list[Notes]:
    """The reply to each call, with the memory's dial at a place from 0 to 1."""
    tasks = [_Task(call, seed + index, memory) for index, call in enumerate(calls)]
    made = dict(spread(_reply_part, model, tasks, _CALLS_AT_ONCE))
    return [made[i] for i in range(len(calls))]


class _Task(NamedTuple):
    call: Call
    seed: int
    memory: float


def _reply_part(model: str, tasks: list[_Task]) -> list[Notes]:
    return [reply_to(_opened(model), *task) for task in tasks]


@cache
def _opened(model: str) -> NoteModel:
    torch.set_num_threads(1)
    return load_model_file(model) if is_model_file(model) else NetModel(checkpoint.load(Path(model)).net())
