"""The note ledger: every note-on that leaves gets exactly one note-off, on its own channel (DESIGN 2)."""

from __future__ import annotations

from typing import NamedTuple


class Sounding(NamedTuple):
    """A note-on that has left and has no note-off yet. `strike` names the one that owns the pitch now."""

    channel: int
    pitch: int
    strike: int


class Ledger:
    """Who sounds, by channel and pitch. Owned by the thread that sends.

    A strike is any number that names one note-on; a note-off counts only for the strike that owns the pitch, so a late
    off of a note that was struck again releases nothing.
    """

    def __init__(self) -> None:
        self._strikes: dict[tuple[int, int], int] = {}

    def __len__(self) -> int:
        return len(self._strikes)

    def strike(self, channel: int, pitch: int, strike: int) -> None:
        """Enter a note-on. What sounds there already (`owner`) must be sent off first."""
        self._strikes[channel, pitch] = strike

    def release(self, channel: int, pitch: int, strike: int) -> bool:
        """Enter a note-off. True if it is to be sent, False if the strike does not sound (any more)."""
        if self._strikes.get((channel, pitch)) != strike:
            return False
        del self._strikes[channel, pitch]
        return True

    def owner(self, channel: int, pitch: int) -> int | None:
        """The strike that sounds there, None for silence."""
        return self._strikes.get((channel, pitch))

    def sounding(self) -> list[Sounding]:
        """All that sounds, in the order of channel and pitch."""
        return [Sounding(*place, strike) for place, strike in sorted(self._strikes.items())]
