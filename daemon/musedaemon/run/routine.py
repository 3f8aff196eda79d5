"""What the main thread does while others play: now and then a little, and nothing that could make them wait."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np

from musedaemon.core.player import Player
from musedaemon.run.reporting import Minute, Reporter

MINUTE_S = 60.0


class Routine(Protocol):
    """Something that is done on the main thread from time to time."""

    def next_deadline(self) -> float:
        """When `advance` has something to do (seconds), infinity when never."""

    def advance(self, now: float) -> None:
        """Do it."""

    def end(self) -> None:
        """The session stops."""


def due_next(routines: Sequence[Routine]) -> float:
    """When there is something to do (seconds), infinity when never."""
    return min((routine.next_deadline() for routine in routines), default=float("inf"))


class Minutes:
    """A `Routine`: once a minute it reports what the minute was like."""

    def __init__(self, player: Player, turns: Callable[[], int], reporter: Reporter, now: float) -> None:
        """`turns` tells how many there were so far."""
        self._player = player
        self._turns = turns
        self._reporter = reporter
        self._due = now + MINUTE_S
        self._heard = self._played = self._dropped = self._told_turns = 0

    def next_deadline(self) -> float:
        """At the end of the minute."""
        return self._due

    def advance(self, now: float) -> None:
        """Report it, and begin another."""
        player, turns = self._player, self._turns()
        heard, played, dropped = player.notes_heard, player.notes_played, player.notes_dropped
        lateness = tuple(player.lateness)[len(player.lateness) - (played - self._played) :]
        self._reporter.minute(
            Minute(
                turns=turns - self._told_turns,
                heard=heard - self._heard,
                played=played - self._played,
                dropped=dropped - self._dropped,
                lateness_p99_ms=1000.0 * float(np.percentile(lateness, 99)) if lateness else None,
            )
        )
        self._heard, self._played, self._dropped, self._told_turns = heard, played, dropped, turns
        self._due = max(self._due + MINUTE_S, now)

    def end(self) -> None:
        """The last minute is in the sum of the session."""
