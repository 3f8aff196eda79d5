"""What the player asks of whoever knows its own output when that comes back in."""

from __future__ import annotations

from collections.abc import Container
from typing import Protocol

from musedaemon.core.events import MidiEvent


class EchoFilter(Protocol):
    """Knows our own output when it comes back in through a loop of cables or a DAW's thru."""

    def sent_response(self, at: float, event: MidiEvent) -> None:
        """A message of our own has left (seconds)."""

    def sent_thru(self, at: float, event: MidiEvent) -> None:
        """A message of the musician's was passed on (seconds)."""

    def is_echo(self, event: MidiEvent, held: Container[tuple[int, int]]) -> bool:
        """Whether what came in is something we sent; `held` are the (channel, pitch) of the keys down before it, also
        where thru passed them on to.
        """

    def may_pass(self, event: MidiEvent) -> bool:
        """Whether what is about to be passed thru may be, or would go round for ever."""
