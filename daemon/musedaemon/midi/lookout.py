"""Looking out for ports that come and go, for next to nothing: most systems show them to a client that stays open."""

from __future__ import annotations

from typing import Protocol

from musedaemon.errors import PortError
from musedaemon.midi.ports import PortSystem
from musedaemon.midi.presence import Sight


class Lookout(Protocol):
    """Owned by one thread: it looks, and closes."""

    def look(self) -> Sight | None:
        """The ports there are. None where the system is gone; nothing of it may be used any more."""

    def close(self) -> None:
        """Look no more; never raises."""


class FreshLook:
    """Asks the system anew each time: 1.5 ms of processor time with JACK, much less elsewhere."""

    def __init__(self, system: PortSystem) -> None:
        self._system = system

    def look(self) -> Sight | None:
        """The ports there are, None where the system does not answer."""
        try:
            return Sight(self._system.input_names(), self._system.output_names())
        except PortError:
            return None

    def close(self) -> None:
        """Nothing is open."""
