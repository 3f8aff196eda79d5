"""Virtual time: the clock jumps to the next deadline, so a file is played as fast as the machine can."""

from __future__ import annotations

from collections.abc import Callable

from musedaemon.core.commands import Effect, HandedOver, Play, TurnOver, Withdraw
from musedaemon.core.engine import Engine
from musedaemon.core.player import Outgoing, Player
from musedaemon.run.musician import Musician
from musedaemon.run.recorder import Record


class Simulator:
    """Drives the same objects as the real-time runner, on one thread, until nothing is left to do."""

    def __init__(
        self,
        engine: Engine,
        player: Player,
        musician: Musician,
        record: Record,
        on_turn: Callable[[TurnOver], None],
    ) -> None:
        self._engine = engine
        self._player = player
        self._musician = musician
        self._record = record
        self._on_turn = on_turn

    def run(self) -> float:
        """Play it all; returns the virtual time at the end (seconds)."""
        now = 0.0
        while (deadline := self._next_deadline()) < float("inf"):
            now = max(now, deadline)
            self._step(now)
        self._record.sent(self._player.flush(now))
        return now

    def _next_deadline(self) -> float:
        return min(self._player.next_deadline(), self._musician.next_deadline(), self._engine.next_deadline())

    def _step(self, now: float) -> None:
        """Do what is due at `now`: notes leave first, then the musician plays, then the engine thinks."""
        if self._player.next_deadline() <= now:
            self._left(self._player.advance(now), now)
        elif self._musician.next_deadline() <= now:
            for event in self._musician.advance(now):
                self._left(self._player.receive(event), now)
        else:
            self._act(self._engine.advance(now), now)

    def _left(self, messages: list[Outgoing], now: float) -> None:
        self._record.sent(messages)
        for report in self._player.take_reports():
            self._record.report(report)
            self._act(self._engine.receive(report), now)

    def _act(self, effects: list[Effect], now: float) -> None:
        for effect in effects:
            match effect:
                case Play() | Withdraw():
                    self._left(self._player.accept(effect, now), now)
                case HandedOver(at):
                    self._musician.pause(at)
                case TurnOver(at=at, bpm=bpm):
                    self._record.turn(effect)
                    self._musician.resume(at, bpm)
                    self._on_turn(effect)
