"""Listening only: what is played is heard, learned and remembered, and nothing is answered."""

from __future__ import annotations

from musedaemon.core.commands import Dropped, Effect, Heard, Played, Signalled
from musedaemon.core.ear import Ear
from musedaemon.core.events import MidiEvent, NoteOn
from musedaemon.core.signals import Wish
from musedaemon.core.turns import TRANSITIONS, Move, Turn

REST_S = 2.0
"""So long a silence ends a phrase."""
MOST_NOTES = 512
"""A phrase without a silence is cut here, so that memory stays flat."""


class Listening:
    """A part without a voice. Owned by the engine."""

    def __init__(self, ear: Ear) -> None:
        self._ear = ear
        self.turn = Turn.LISTENING if len(ear.phrase) else Turn.WAITING

    def gives_way_to(self, report: Heard | Signalled) -> None:
        """To nothing: there is nothing of ours."""

    def gave_way(self, at: float, to: Heard | Signalled) -> list[Effect]:
        """Never asked for."""
        return []

    def hear(self, event: MidiEvent) -> list[Effect]:
        """The musician played this."""
        if isinstance(event, NoteOn):
            self.turn = TRANSITIONS[self.turn, Move.NOTE_HEARD]
            if len(self._ear.phrase) >= MOST_NOTES:
                self._ear.turn_page()
        self._ear.hear(event)
        return []

    def signalled(self, at: float, wish: Wish) -> list[Effect]:
        """Nothing is played, whatever is asked."""
        return []

    def played(self, note: Played) -> list[Effect]:
        """Nothing of ours is."""
        return []

    def dropped(self, note: Dropped) -> list[Effect]:
        """Nothing of ours is."""
        return []

    def advance(self, now: float) -> list[Effect]:
        """Find the tempo, and end the phrase after a silence."""
        if self.turn is Turn.LISTENING:
            if self._ear.tempo_unknown and now >= self._ear.breath_at:
                return [*self._ear.find_tempo(self._ear.breath_at)]
            if now >= self._ear.quiet_since + REST_S:
                self._ear.turn_page()
                self.turn = TRANSITIONS[self.turn, Move.REST]
        return []

    def break_off(self, at: float) -> list[Effect]:
        """There is nothing of ours to tell."""
        return []

    def next_deadline(self) -> float:
        """When `advance` has something to do (seconds), infinity when never."""
        if self.turn is not Turn.LISTENING:
            return float("inf")
        rest_at = self._ear.quiet_since + REST_S
        return min(rest_at, self._ear.breath_at) if self._ear.tempo_unknown else rest_at
