"""Ports that may go and come back: a thread of its own watches them, opens them again, and tells the player thread."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from typing import Protocol

from musedaemon.errors import PortError
from musedaemon.midi.lookout import Lookout
from musedaemon.midi.presence import Presence, Sight, Step
from musedaemon.run.clock import Clock
from musedaemon.run.reporting import PortState

_log = logging.getLogger(__name__)

LOOKS_EVERY_S = 0.5
WAITING_LOOKS_EVERY_S = 0.2
RETRY_S = 0.3
"""After an opening that failed."""
_ENDS_IN_S = 5.0

Tell = Callable[[str, PortState], None]
"""Hears of a port by its name."""


class End(Protocol):
    """One end of the session: the way to one port. Used by the thread that watches."""

    presence: Presence

    @property
    def own_name(self) -> str:
        """What people call it: the port they named, or its own name where it is virtual."""

    def refused(self) -> bool:
        """Whether the port refused what was sent since the last time."""

    def lose(self) -> None:
        """Let go of the port that was open: it is gone."""

    def open(self, name: str) -> str:
        """Open the port of that full name, or a virtual one where it is empty; its full name. PortError."""

    def close(self) -> None:
        """Close what is open; never raises."""


class Connections:
    """What becomes of the ports. Only `look` touches them: by the thread that `start` starts, or by a test."""

    def __init__(self, ends: Sequence[End], clock: Clock, tell: Tell, on_system_lost: Callable[[], None]) -> None:
        """`on_system_lost` is called when the MIDI system itself is gone, before any of its ports is let go."""
        self._ends = ends
        self._clock = clock
        self._tell = tell
        self._on_system_lost = on_system_lost
        self._retry_at: dict[int, float] = {}
        self._system_there = True
        self._wake = threading.Event()
        self._stopping = False
        self._thread: threading.Thread | None = None
        self.reconnections = 0
        """How many times a port came back."""

    def wake(self) -> None:
        """Look at once. Any thread."""
        self._wake.set()

    @property
    def looks_again_in(self) -> float:
        """Seconds to the next look, when nothing happens."""
        waiting = any(end.presence.connected is None for end in self._ends)
        return WAITING_LOOKS_EVERY_S if waiting else LOOKS_EVERY_S

    def look(self, sight: Sight | None) -> None:
        """Do what is to be done about each port; `sight` is what there is, None where the system is gone."""
        if sight is None and self._system_there:
            self._on_system_lost()
        self._system_there = sight is not None
        for index, end in enumerate(self._ends):
            step = Step.LOSE if end.refused() and end.presence.lose() else end.presence.see(sight)
            if step is Step.LOSE:
                self._tell(end.own_name, PortState.GONE)
                end.lose()
            elif step is Step.OPEN and sight is not None and self._clock.now() >= self._retry_at.get(index, 0.0):
                self._open(index, end, sight)

    def _open(self, index: int, end: End, sight: Sight) -> None:
        name = end.presence.find(sight)
        if name is None:
            return
        came_before = end.presence.last != ""
        try:
            end.presence.opened(end.open(name))
        except PortError as error:
            _log.info("%s", error)
            self._retry_at[index] = self._clock.now() + RETRY_S
            return
        self.reconnections += came_before
        self._tell(end.own_name, PortState.BACK if came_before else PortState.THERE)

    def start(self, lookout: Lookout) -> None:
        """Watch from now on; `lookout` is the new thread's."""
        self._thread = threading.Thread(target=self._watch, args=(lookout,), name="musedaemon ports", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Watch no more, and close what is open. Once nobody sends any more."""
        self._stopping = True
        self._wake.set()
        if self._thread:
            self._thread.join(_ENDS_IN_S)
        for end in self._ends:
            end.close()

    def _watch(self, lookout: Lookout) -> None:
        told = ""
        try:
            while not self._stopping:
                try:
                    self.look(lookout.look())
                except Exception as error:  # or no port would come back any more
                    if repr(error) != told:
                        _log.exception("a look at the ports has failed")
                    told = repr(error)
                self._wake.wait(self.looks_again_in)
                self._wake.clear()
        finally:
            lookout.close()
