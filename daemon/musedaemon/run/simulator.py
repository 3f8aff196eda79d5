"""Virtual time: the clock jumps to the next deadline, so a file is played as fast as the machine can."""

from __future__ import annotations

import numpy as np

from musedaemon.core.commands import Command
from musedaemon.core.connected import ConnectedPlayer
from musedaemon.core.engine import Engine
from musedaemon.core.outlet import Outgoing
from musedaemon.core.player import Player
from musedaemon.run.musician import Musician
from musedaemon.run.recorder import Record
from musedaemon.run.routing import OnNews, OnTurn, Router, nobody


class Simulator:
    """Drives the same objects as the real-time runner, on one thread, until nothing is left to do."""

    def __init__(
        self,
        engine: Engine,
        player: Player | ConnectedPlayer,
        musician: Musician,
        record: Record,
        on_turn: OnTurn,
        on_news: OnNews = nobody,
    ) -> None:
        self._engine = engine
        self._player = player
        self._musician = musician
        self._record = record
        self._router = Router(self._accept, musician, record, on_turn, on_news)
        self._now = 0.0

    def run(self) -> float:
        """Play it all; returns the virtual time at the end (seconds). However it ends, every note has its end.

        ModelError where the model answers with what is no number.
        """
        try:
            with np.errstate(all="ignore"):  # sampling judges what numbers come to
                while (deadline := self._next_deadline()) < float("inf"):
                    self._now = max(self._now, deadline)
                    self._step()
        finally:
            self._record.sent(self._player.flush(self._now))
        return self._now

    def _next_deadline(self) -> float:
        return min(self._player.next_deadline(), self._musician.next_deadline(), self._engine.next_deadline())

    def _step(self) -> None:
        """Do what is due: notes leave first, then the musician plays, then the engine thinks."""
        if self._player.next_deadline() <= self._now:
            self._left(self._player.advance(self._now))
        elif self._musician.next_deadline() <= self._now:
            for event in self._musician.advance(self._now):
                self._left(self._player.receive(event))
        else:
            self._router.route(self._engine.advance(self._now))

    def _accept(self, command: Command) -> None:
        self._left(self._player.accept(command, self._now))

    def _left(self, messages: list[Outgoing]) -> None:
        self._record.sent(messages)
        for report in self._player.take_reports():
            self._record.report(report)
            self._router.route(self._engine.receive(report))
