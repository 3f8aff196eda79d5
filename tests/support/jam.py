"""Sets up a jam in virtual time with a fake or real model and returns what happened."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from support.fakes import FakeModel, NoEcho

from musedaemon.core.commands import Command, HandedOver, Heard, News, PlannedNote, Play, Report, TempoFound, TurnOver
from musedaemon.core.echoes import EchoFilter
from musedaemon.core.engine import Engine, EngineSettings
from musedaemon.core.events import MidiEvent, NoteOff, NoteOn
from musedaemon.core.outlet import Outgoing
from musedaemon.core.player import Player
from musedaemon.core.sampling import SamplingSettings
from musedaemon.core.signals import NO_SIGNALS, SignalSettings
from musedaemon.core.tempo import TempoTracker
from musedaemon.core.thru import Thru, nothing
from musedaemon.model.protocol import NoteModel
from musedaemon.run.musician import FilePlayer, WaitingFilePlayer
from musedaemon.run.simulator import Simulator

SETTINGS = EngineSettings(SamplingSettings(), memory=0.0, seed=1)
"""Without the session memory, so that a reply is the fake model's alone."""


Told = Report | HandedOver | TurnOver
"""What happened: to the engine, and by it."""


@dataclass
class Jam:
    """What was heard and sent, and the turns, in order; also the engine, to look into, and all that it planned."""

    engine: Engine
    story: list[Told] = field(default_factory=list)
    planned: dict[int, PlannedNote] = field(default_factory=dict)
    heard: list[MidiEvent] = field(default_factory=list)
    response: list[MidiEvent] = field(default_factory=list)
    turns: list[TurnOver] = field(default_factory=list)
    tempi: list[TempoFound] = field(default_factory=list)
    news: list[News] = field(default_factory=list)

    def report(self, report: Report) -> None:
        self.story.append(report)
        if isinstance(report, Heard):
            self.heard.append(report.event)

    def sent(self, messages: Sequence[Outgoing]) -> None:
        self.response += [message.event for message in messages if message.serial is not None]

    def handed_over(self, turn: HandedOver) -> None:
        self.story.append(turn)

    def turn_over(self, over: TurnOver) -> None:
        self.story.append(over)
        self.turns.append(over)

    def tempo_found(self, found: TempoFound) -> None:
        self.tempi.append(found)

    def notes(self) -> list[NoteOn]:
        return [event for event in self.response if isinstance(event, NoteOn)]


class TapedPlayer(Player):
    """A player that keeps what it was told to play."""

    def __init__(
        self,
        planned: dict[int, PlannedNote],
        signals: SignalSettings = NO_SIGNALS,
        echoes: EchoFilter | None = None,
        thru: Thru = nothing,
    ) -> None:
        super().__init__(echoes or NoEcho(), thru, signals=signals)
        self._planned = planned

    def accept(self, command: Command, now: float) -> list[Outgoing]:
        if isinstance(command, Play):
            self._planned[command.note.serial] = command.note
        return super().accept(command, now)


def jam(
    events: Iterable[MidiEvent],
    settings: EngineSettings = SETTINGS,
    model: NoteModel | None = None,
    bpm: float | None = 120.0,
    waits: bool = False,
    player: Player | None = None,
    signals: SignalSettings = NO_SIGNALS,
) -> Jam:
    """Play `events` to an engine in virtual time."""
    settings = replace(settings, signals=signals)
    engine = Engine(model or FakeModel(), TempoTracker(bpm), settings)
    done = Jam(engine)
    kind = WaitingFilePlayer if waits else FilePlayer
    musician = kind(list(events))
    player = player or TapedPlayer(done.planned, signals)
    Simulator(engine, player, musician, done, done.turn_over, done.news.append).run()
    return done


def melody(
    pitches: Sequence[int], start: float = 0.0, step: float = 0.5, length: float = 0.4, velocity: int = 80
) -> list[MidiEvent]:
    """A plain line, a note each `step` seconds."""
    events: list[MidiEvent] = []
    for index, pitch in enumerate(pitches):
        at = start + index * step
        events += [NoteOn(at, 0, pitch, velocity), NoteOff(at + length, 0, pitch)]
    return events
