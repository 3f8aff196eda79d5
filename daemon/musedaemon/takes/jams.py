"""Where one jam ends and the next begins, and what the last minutes were. Sans-IO; seconds of the session."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import NamedTuple

from musedaemon.core.commands import Heard
from musedaemon.core.events import ControlChange, NoteOff, NoteOn
from musedaemon.takes.journal import Entry, Scene, Sounded, time_of

LONG_TAKE = 60_000
"""From so many entries on (an hour or two) a take ends at the next short rest, so that none grows for ever."""
LONGEST = 2
"""At so many times that it ends wherever it is."""
_SHORT_REST_S = 1.0
MOST_REMEMBERED = 50_000
"""So many entries are remembered at most, however many the last minutes had."""


class Began(NamedTuple):
    """A take begins `at`, where things are so."""

    at: float
    scene: Scene


class Added(NamedTuple):
    """This belongs to the take that is on."""

    entry: Entry


class Ended(NamedTuple):
    """The take is over, at that time."""

    at: float


Step = Began | Added | Ended


class Jams:
    """Cuts a session into jams: each goes from a first note to `silence_s` seconds in which nobody plays.

    From `long_take` entries on it ends at the next short rest.
    """

    def __init__(self, silence_s: float, scene: Scene, long_take: float = LONG_TAKE) -> None:
        self._silence_s = silence_s
        self._long_take = long_take
        self._scene = scene
        self._entries = 0
        self._latest = 0.0

    @property
    def next_deadline(self) -> float:
        """When the take that is on is over, unless somebody plays; infinity where none is."""
        return self._latest + self._rest_s if self._entries else float("inf")

    def receive(self, entry: Entry) -> list[Step]:
        """Take what happened; returns what it makes of the takes."""
        at = time_of(entry)
        steps = self.advance(at) if _is_playing(entry) else []
        if self._entries >= LONGEST * self._long_take:
            steps += self.end()
        if not self._entries and isinstance(entry, Heard | Sounded) and isinstance(entry.event, NoteOn):
            self._latest = at
            steps.append(Began(at, self._scene))
            self._entries = 1
        self._scene = self._scene.after(entry)
        if not self._entries:
            return steps
        self._entries += 1
        if _is_playing(entry):
            self._latest = max(self._latest, at)
        return [*steps, Added(entry)]

    def advance(self, now: float) -> list[Step]:
        """Ends a take when its silence has lasted long enough."""
        return self.end() if now >= self.next_deadline else []

    def end(self) -> list[Step]:
        """Ends the take that is on, if one is."""
        was_on, self._entries = self._entries > 0, 0
        return [Ended(self._latest)] if was_on else []

    @property
    def _rest_s(self) -> float:
        return self._silence_s if self._entries < self._long_take else min(_SHORT_REST_S, self._silence_s)


@dataclass(frozen=True, slots=True)
class Remembered:
    """The last minutes: what happened, from `began` on, and what was so then."""

    began: float
    scene: Scene
    entries: tuple[Entry, ...]


class LastMinutes:
    """Remembers the last `keep_s` seconds, and never more than `MOST_REMEMBERED` entries."""

    def __init__(self, keep_s: float, scene: Scene) -> None:
        self._keep_s = keep_s
        self._scene = scene
        self._entries: deque[Entry] = deque()

    def receive(self, entry: Entry) -> None:
        """Remember it, and forget what is too old by now."""
        self._entries.append(entry)
        self._forget(time_of(entry) - self._keep_s)

    def kept(self, now: float) -> Remembered | None:
        """What is remembered, from its first note on; None if no note was played."""
        self._forget(now - self._keep_s)
        entries = list(self._entries)
        scene = self._scene
        for index, entry in enumerate(entries):
            if isinstance(entry, Heard | Sounded) and isinstance(entry.event, NoteOn):
                return Remembered(entry.event.at, scene, tuple(entries[index:]))
            scene = scene.after(entry)
        return None

    def _forget(self, before: float) -> None:
        while self._entries and (time_of(self._entries[0]) < before or len(self._entries) > MOST_REMEMBERED):
            self._scene = self._scene.after(self._entries.popleft())


def _is_playing(entry: Entry) -> bool:
    """Whether somebody does something at an instrument: what a clock or a cable sends by itself is no playing."""
    return isinstance(entry, Heard | Sounded) and isinstance(entry.event, NoteOn | NoteOff | ControlChange)
