"""What the engine asks of a mode: a part it plays, told of everything in the order in which it happened."""

from __future__ import annotations

from typing import Protocol

from musedaemon.core.commands import Cancel, Dropped, Effect, Heard, Played, Signalled, Withdraw
from musedaemon.core.events import MidiEvent
from musedaemon.core.signals import Wish
from musedaemon.core.turns import Turn


class Part(Protocol):
    """Called on the engine's thread. All times are seconds."""

    turn: Turn

    def gives_way_to(self, report: Heard | Signalled) -> Cancel | Withdraw | None:
        """The command that must be answered before this report may be taken, if any."""

    def gave_way(self, at: float, to: Heard | Signalled) -> list[Effect]:
        """The command is answered. The report is taken after this; a wish has come true by it."""

    def hear(self, event: MidiEvent) -> list[Effect]:
        """The musician played this."""

    def signalled(self, at: float, wish: Wish) -> list[Effect]:
        """The musician asks for this."""

    def played(self, note: Played) -> list[Effect]:
        """A note of ours has left."""

    def dropped(self, note: Dropped) -> list[Effect]:
        """A note of ours was too late and never leaves."""

    def advance(self, now: float) -> list[Effect]:
        """Do what is due, at most one note of the model's."""

    def break_off(self, at: float) -> list[Effect]:
        """The session ends now: what was played since the last turn is told."""

    def next_deadline(self) -> float:
        """When `advance` has something to do, infinity when never."""
