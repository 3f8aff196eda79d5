"""Where the engine's effects go: the same for both drivers."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from musedaemon.core.commands import (
    Cancel,
    ClockState,
    Command,
    Effect,
    GoOn,
    HandedOver,
    ModeChanged,
    News,
    Play,
    Silenced,
    TempoFound,
    TurnOver,
    Withdraw,
)
from musedaemon.run.musician import Musician
from musedaemon.run.recorder import Record

OnTurn = Callable[[TurnOver], None]
OnNews = Callable[[News], None]


def nobody(news: News) -> None:
    """Nobody wants to know."""


class Router:
    """Commands go to the player, hand-overs and ends of turns to the musician, the record and whoever listens.

    Used on the thread that drives the engine.
    """

    def __init__(
        self,
        command: Callable[[Command], None],
        musician: Musician,
        record: Record,
        on_turn: OnTurn,
        on_news: OnNews = nobody,
    ) -> None:
        self._command = command
        self._musician = musician
        self._record = record
        self._on_turn = on_turn
        self._on_news = on_news

    def route(self, effects: Iterable[Effect]) -> None:
        """Send each effect where it belongs, in order."""
        for effect in effects:
            match effect:
                case Play() | Withdraw() | Cancel() | GoOn():
                    self._command(effect)
                case HandedOver(at):
                    self._record.handed_over(effect)
                    self._musician.pause(at)
                case TempoFound():
                    self._record.tempo_found(effect)
                case TurnOver(at=at, bpm=bpm):
                    self._musician.resume(at, bpm)
                    self._on_turn(effect)
                case ClockState() | ModeChanged() | Silenced():
                    self._on_news(effect)
