"""Who plays the call: a musician at the port, or a .mid file in the musician's place."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Protocol

from musedaemon.core.events import HOLDING, SUSTAIN_DOWN, ControlChange, MidiEvent, NoteOff
from musedaemon.midi.hands import letting_go, one_key_each

_HAIR_BEATS = 0.05
"""So little late it comes in at once, and not a beat later."""
TAIL_S = 0.1
"""A file is over this long after its last event: time for that to be heard."""


class Musician(Protocol):
    """Sans-IO. Owned by the thread that drives the engine."""

    @property
    def done(self) -> bool:
        """Whether nothing will come any more."""

    def next_deadline(self) -> float:
        """When `advance` has something to do (seconds), infinity when never."""

    def advance(self, now: float) -> list[MidiEvent]:
        """The events due at `now` or before, each `at` the time it was due."""

    def pause(self, at: float) -> None:
        """The call is handed over (seconds)."""

    def resume(self, at: float, bpm: float) -> None:
        """The reply is over (seconds)."""


class PortMusician:
    """Plays into a port whenever it likes: nothing to drive, and never done."""

    done = False

    def next_deadline(self) -> float:
        """Never."""
        return float("inf")

    def advance(self, now: float) -> list[MidiEvent]:
        """Nothing."""
        return []

    def pause(self, at: float) -> None:
        """Nobody can hold a musician back."""

    def resume(self, at: float, bpm: float) -> None:
        """Nor call one in."""


class FilePlayer:
    """Plays a file's events in time and, like a musician, whenever it likes."""

    def __init__(self, events: Sequence[MidiEvent], starts_at: float = 0.0) -> None:
        once = one_key_each(events)
        self._events = [*once, *letting_go(once)]
        self._end = (events[-1].at if events else 0.0) + TAIL_S
        self._next = 0
        self._over = False
        self._offset = starts_at
        self._paused = False

    @property
    def done(self) -> bool:
        """Whether every event has been played, and heard."""
        return self._over

    def next_deadline(self) -> float:
        """When the next event is due (seconds), infinity while it waits or is done."""
        if self._over or (self._paused and not self._lets_go_next):
            return float("inf")
        return self._next_at

    @property
    def _next_at(self) -> float:
        at = self._events[self._next].at if self._next < len(self._events) else self._end
        return at + self._offset

    @property
    def _lets_go_next(self) -> bool:
        return self._next < len(self._events) and _lets_go(self._events[self._next])

    def advance(self, now: float) -> list[MidiEvent]:
        """The events due at `now` or before, each `at` the time it was due."""
        due = []
        while self.next_deadline() <= now:
            if self._next == len(self._events):
                self._over = True
                break
            event = self._events[self._next]
            due.append(event._replace(at=event.at + self._offset))
            self._next += 1
        return due

    def pause(self, at: float) -> None:
        """It goes on all the same."""

    def resume(self, at: float, bpm: float) -> None:
        """Nor does it wait for this."""


class WaitingFilePlayer(FilePlayer):
    """Holds what comes due until the reply is over, like a polite partner.

    Its own rest counts: only what would fall into the reply comes later, by whole beats, so that it lies on the same
    grid as what came before; where bars are traded, by whole bars.
    """

    def __init__(self, events: Sequence[MidiEvent], starts_at: float = 0.0, step_beats: float = 1.0) -> None:
        """`step_beats`: it comes later by whole multiples of these."""
        super().__init__(events, starts_at)
        self._step_beats = step_beats

    def pause(self, at: float) -> None:
        """The call is handed over (seconds): hold what comes due, but for keys and pedals that are still down."""
        self._paused = True

    def resume(self, at: float, bpm: float) -> None:
        """The reply is over (seconds): go on, as many whole steps later than planned as it takes."""
        self._paused = False
        beats_late = (at - self._next_at) * bpm / 60.0
        if beats_late > 0.0 and not self._over:
            whole = math.ceil((beats_late - _HAIR_BEATS) / self._step_beats) * self._step_beats
            self._offset += max(whole, min(beats_late, _HAIR_BEATS)) * 60.0 / bpm


def _lets_go(event: MidiEvent) -> bool:
    if isinstance(event, ControlChange):
        return event.control in HOLDING and event.value < SUSTAIN_DOWN
    return isinstance(event, NoteOff)
