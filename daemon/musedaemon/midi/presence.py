"""Whether the port of one end of the session is there, by what is seen of the system's ports. Pure: nothing is opened.

A port that comes is opened only when it is seen for the second time: JACK shows the port of a program that is still
starting, and refuses to connect it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Literal, NamedTuple

from musedaemon.errors import PortError
from musedaemon.midi.ports import find_port, stable_name

Direction = Literal["input", "output"]


class Sight(NamedTuple):
    """The ports there are, and those that went since the last look, even if they are there again."""

    inputs: Sequence[str]
    outputs: Sequence[str]
    left: frozenset[str] = frozenset()


_WINDOWS_NUMBER = re.compile(r" \d+$")


def whole_name(name: str) -> str:
    """By which a port that is open is known."""
    return name


def name_without_number(name: str) -> str:
    """The same on Windows, where rtmidi adds a number that changes as other ports come and go."""
    return _WINDOWS_NUMBER.sub("", name)


class Step(Enum):
    """What is to be done about the port."""

    NONE = auto()
    LOSE = auto()
    """It is gone: let go of what is left of it."""
    OPEN = auto()
    """It is there again: open it."""


@dataclass(slots=True)
class Presence:
    """One end. `wanted` is the user's name for the port, empty for a virtual port of our own.

    `connected` is the full name of the open port, None while there is none; `last` the latest it had. Whoever opens
    the port sets both by `opened`.
    """

    direction: Direction
    wanted: str
    known_by: Callable[[str], str] = whole_name
    connected: str | None = None
    last: str = ""
    _seen: bool = False

    def opened(self, name: str) -> None:
        """The port of that full name is open."""
        self.connected = self.last = name

    def lose(self) -> bool:
        """The port is gone; whether it was there."""
        was_there = self.connected is not None
        self.connected, self._seen = None, False
        return was_there

    def see(self, sight: Sight | None) -> Step:
        """What a look has found; None where the system itself is gone."""
        if self.connected is not None:
            gone = sight is None or not self._still_there(self.connected, sight)
            return Step.LOSE if gone and self.lose() else Step.NONE
        seen_before, self._seen = self._seen, sight is not None and self.find(sight) is not None
        return Step.OPEN if seen_before and self._seen else Step.NONE

    def find(self, sight: Sight) -> str | None:
        """The full name of the port to open (a virtual port's is empty), None where there is none or several.

        The one it was, else the one that the user's words mean now: programs have their process's number in the name.
        """
        if not self.wanted:
            return ""
        names = self._names(sight)
        same = [name for name in names if self.last and self._stable(name) == self._stable(self.last)]
        if same:
            return same[0]
        try:
            return find_port(self.wanted, names, self.direction)
        except PortError:
            return None

    def _still_there(self, name: str, sight: Sight) -> bool:
        there = map(self.known_by, self._names(sight))
        return not self.wanted or (self.known_by(name) in there and name not in sight.left)

    def _stable(self, name: str) -> str:
        return self.known_by(stable_name(name))

    def _names(self, sight: Sight) -> Sequence[str]:
        return sight.inputs if self.direction == "input" else sight.outputs
