"""A long jam in virtual time that keeps nothing of what is played but its balance."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from musedaemon.core.commands import HandedOver, Report, TempoFound, TurnOver
from musedaemon.core.engine import Engine, EngineSettings
from musedaemon.core.events import MidiEvent, NoteOff, NoteOn
from musedaemon.core.outlet import Outgoing
from musedaemon.core.player import Player
from musedaemon.core.sampling import SamplingSettings
from musedaemon.core.tempo import TempoTracker
from musedaemon.core.thru import unchanged
from musedaemon.midi.loop_guard import LoopGuard
from musedaemon.model.protocol import NoteModel
from musedaemon.run.musician import FilePlayer
from musedaemon.run.simulator import Simulator


@dataclass
class Balance:
    """A `Record`: note-ons less note-offs of all that left, and the sums of the turns."""

    sounding: Counter[tuple[int, int]] = field(default_factory=Counter)
    turns: int = 0
    withdrawn: int = 0
    played: int = 0

    def sent(self, messages: Sequence[Outgoing]) -> None:
        for event, *_ in messages:
            if isinstance(event, NoteOn | NoteOff):
                self.sounding[event.channel, event.pitch] += 1 if isinstance(event, NoteOn) else -1

    def report(self, report: Report) -> None:
        pass

    def handed_over(self, turn: HandedOver) -> None:
        pass

    def tempo_found(self, found: TempoFound) -> None:
        pass

    @property
    def hanging(self) -> dict[tuple[int, int], int]:
        """What sounds for ever."""
        return {place: notes for place, notes in self.sounding.items() if notes}


def jam_in_virtual_time(
    events: Sequence[MidiEvent], model: NoteModel, at_turn: Callable[[float], None]
) -> tuple[Balance, Engine]:
    """Play it all, with the tempo to be found and the memory on; `at_turn` gets the time of each turn's end."""
    balance = Balance()

    def on_turn(over: TurnOver) -> None:
        balance.turns += 1
        balance.withdrawn += over.withdrawn
        balance.played += over.reply_notes
        at_turn(over.at)

    engine = Engine(model, TempoTracker(), EngineSettings(SamplingSettings(), seed=1))
    Simulator(engine, Player(LoopGuard(), unchanged), FilePlayer(events), balance, on_turn).run()
    return balance, engine
