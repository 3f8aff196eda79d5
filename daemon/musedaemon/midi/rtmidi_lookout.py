"""Looking out with rtmidi: clients without a port that stay open see the ports of ALSA, CoreMIDI and WinMM change."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import rtmidi  # type: ignore[import-untyped]

from musedaemon.errors import PortAbsentError, PortError
from musedaemon.midi.lookout import FreshLook, Lookout
from musedaemon.midi.ports import PortSystem
from musedaemon.midi.presence import Sight
from musedaemon.midi.rtmidi_ports import RtMidiPorts, open_port_system


class StandingLook:
    """A `Lookout` with a client for each direction, made on the first look, and anew after one that failed."""

    def __init__(self, api: str) -> None:
        self._system = RtMidiPorts(api.lower(), time.monotonic)
        self._clients: tuple[Any, Any] | None = None

    def look(self) -> Sight | None:
        """The ports there are, None where the system fails."""
        try:
            self._clients = listener, sender = self._clients or self._system.clients_without_port()
            return Sight(listener.get_ports(), sender.get_ports())
        except (PortError, rtmidi.RtMidiError):
            self.close()
            return None

    def close(self) -> None:
        """Give the clients back."""
        clients, self._clients = self._clients, None
        for client in clients or ():
            client.delete()


def lookout_for(system: PortSystem, on_change: Callable[[], None]) -> Lookout:
    """The cheapest way to look out in that system. `on_change` hears at once of what a system tells, on any thread."""
    if system.api != "JACK":
        return StandingLook(system.api)
    from musedaemon.midi.jack_lookout import JackLookout

    try:
        return JackLookout(on_change)
    except PortError:  # rtmidi brings its own libjack, so that JACK may be there all the same
        return FreshLook(system)


def awaited_port_system(choice: str, now: Callable[[], float]) -> PortSystem:
    """As `open_port_system`, but one that does not answer yet is awaited: the one named, or JACK where none was."""
    try:
        return open_port_system(choice, now)
    except PortAbsentError:
        return RtMidiPorts("jack" if choice == "auto" else choice, now)
