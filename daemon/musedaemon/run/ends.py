"""The two ends of a session: the ways to the input's and to the output's port, which may change under way."""

from __future__ import annotations

import threading
from collections.abc import Callable

from musedaemon.midi.ports import InputPort, NoOutput, OutputPort, PortSystem, Receive
from musedaemon.midi.presence import Presence, name_without_number, whole_name
from musedaemon.run.threads import OutputBack, OutputGone, PortChange

Put = Callable[[PortChange], None]
"""Into the player thread's inbox."""
_AWAITED_AHEAD_S = 0.025
"""So early a JACK port wants its notes at the usual 1,024 frames a period, where nobody can say yet how early."""


def known_by(system: PortSystem) -> Callable[[str], str]:
    """By what of its name an open port is known in that system."""
    return name_without_number if system.api == "WinMM" else whole_name


class InputEnd:
    """Where notes, or a clock, come from. Whoever watches the ports owns it."""

    def __init__(
        self, system: PortSystem, wanted: str, own_name: str, receive: Receive, on_lost: Callable[[], None]
    ) -> None:
        """Our own port has `own_name`. `on_lost` is called once nothing more can come from a port that is gone."""
        self.presence = Presence("input", wanted, known_by(system))
        self._system = system
        self._our_name = own_name
        self._receive = receive
        self._on_lost = on_lost
        self._port: InputPort | None = None
        self._failure: Exception | None = None

    @property
    def own_name(self) -> str:
        """The name people know it by."""
        return self.presence.last or self.presence.wanted or self._our_name

    @property
    def failure(self) -> Exception | None:
        """The first thing that went wrong with a message that was heard; None as long as all is well."""
        return self._failure or (self._port.failure if self._port else None)

    def refused(self) -> bool:
        """Whether nothing more can come from it, though the port that is listened to may still be there."""
        return self._port is not None and self._port.is_gone

    def open(self, name: str) -> str:
        """Listen to it."""
        system = self._system
        self._port = (
            system.open_input(name, self._receive, self._our_name)
            if name
            else system.open_virtual_input(self._our_name, self._receive)
        )
        return self._port.name

    def lose(self) -> None:
        """Close it; then who hears it is told."""
        self.close()
        self._on_lost()
        self._system.expect_input()

    def close(self) -> None:
        """Stop listening."""
        if self._port:
            self._port.close()
            self._failure = self.failure
        self._port = None


class OutputEnd:
    """Where notes go. The player thread owns the port once it is open, and closes it when it hears that it is gone."""

    def __init__(self, system: PortSystem, wanted: str, virtual_name: str, put: Put) -> None:
        self.presence = Presence("output", wanted, known_by(system))
        self._system = system
        self._virtual_name = virtual_name
        self._put = put
        self._port: OutputPort = NoOutput(_AWAITED_AHEAD_S if system.api == "JACK" else 0.0)
        self._refused = threading.Event()

    @property
    def own_name(self) -> str:
        """The name people know it by."""
        return self.presence.last or self.presence.wanted or self._virtual_name

    @property
    def port(self) -> OutputPort:
        """The latest that was opened."""
        return self._port

    def refuse(self) -> None:
        """The port has refused a message, and the player thread has given it up."""
        self._refused.set()

    def refused(self) -> bool:
        """Whether it did since the last time."""
        refused = self._refused.is_set()
        self._refused.clear()
        return refused

    def open_first(self, name: str) -> str:
        """Open it for whoever takes `port`."""
        system = self._system
        self._port = system.open_output(name) if name else system.open_virtual_output(self._virtual_name)
        return self._port.name

    def open(self, name: str) -> str:
        """Open it and hand it over."""
        opened = self.open_first(name)
        self._put(OutputBack(self._port))
        return opened

    def lose(self) -> None:
        """The player thread closes it."""
        self._refused.clear()
        self._put(OutputGone())
        self._system.expect_output()

    def close(self) -> None:
        """Close the latest, for nobody may have taken it over. Once the player thread has ended."""
        self._port.close()
