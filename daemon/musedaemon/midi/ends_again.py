"""The ends of notes that may not have been heard, to be sent again. Pure.

JACK keeps no MIDI for a client that is late, or that was stopped: what was sent to it meanwhile is lost. The server
tells every client that one was late (an xrun), but not which.
"""

from __future__ import annotations

from typing import TypeVar

from musedaemon.core.events import CHANNEL_SILENCES, HOLDING, SUSTAIN_DOWN

Place = tuple[str, int, int]
"""What an end is the end of: a note, a pedal or all of a channel; the channel; its pitch or control."""
_T = TypeVar("_T")

_SYSTEM = 0xF0
_TOLD_WITHIN_S = 0.25
"""The server waits for a client that is late before it tells of it."""
_CALM_S = 0.3
"""A client that is stopped makes one period after the other late: it may be back when none was for so long."""
_REACH_S = 30.0
"""Nothing that ended longer ago ends again."""


def follow_ends(ends: dict[Place, _T], data: bytes, value: _T) -> None:
    """Keep the value of a message that ends a note or lifts a pedal, until one after it starts one there again.

    Of two that end the same, the first one's.
    """
    if len(data) != 3 or data[0] >= _SYSTEM:
        return
    kind, channel = data[0] & 0xF0, data[0] & 0x0F
    note = "note", channel, data[1]
    if kind == 0x90 and data[2]:
        ends.pop(note, None)
        ends.pop(("silence", channel, 0), None)
    elif kind in (0x80, 0x90):
        ends.setdefault(note, value)
    elif kind == 0xB0 and data[1] in HOLDING:
        ends.pop(("pedal", channel, data[1]), None)
        if data[2] < SUSTAIN_DOWN:
            ends.setdefault(("pedal", channel, data[1]), value)
    elif kind == 0xB0 and data[1] in CHANNEL_SILENCES:
        ends.setdefault(("silence", channel, 0), value)


class EndsAgain:
    """What was written while some client was late, and ends something, is `due` once none is. Seconds; one thread.

    While a client is stopped the server may fall silent about it after two seconds. So what comes within `_REACH_S` is
    one lateness, and all that was written since it began ends again each time.
    """

    def __init__(self) -> None:
        self._ends: dict[Place, tuple[float, bytes]] = {}
        self._since = 0.0
        self._latest = float("-inf")
        self.waits = False
        """Whether some client is late, or was a moment ago."""

    def wrote(self, data: bytes, now: float) -> None:
        """A message has left."""
        follow_ends(self._ends, data, (now, data))

    def was_late(self, now: float) -> None:
        """Some client was, in the last moment."""
        if now - self._latest > _REACH_S:
            self._since = now - _TOLD_WITHIN_S
        self._latest, self.waits = now, True

    def due(self, now: float) -> list[bytes]:
        """What is to leave once more; nothing as long as a client is late."""
        if not self.waits or now - self._latest < _CALM_S:
            return []
        self.waits = False
        since = max(self._since, now - _REACH_S)
        return [data for at, data in self._ends.values() if at >= since]
