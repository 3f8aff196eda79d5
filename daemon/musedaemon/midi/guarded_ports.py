"""Outputs with a guardian: each is sent to by a process of its own that releases what sounds when the daemon dies."""

from __future__ import annotations

from collections.abc import Callable

from musedaemon.midi.jack_ports import JackFramePorts
from musedaemon.midi.ports import VIRTUAL_OUTPUT, InputPort, OutputPort, PortSystem, Receive, find_port
from musedaemon.midi.sender_process import SenderProcess
from musedaemon.midi.standby import Standby

_GUARDIAN = "musedaemon.run.guardian"


def with_guardian(system: PortSystem, now: Callable[[], float], realtime: str = "auto") -> PortSystem:
    """The same system, whose outputs have a guardian; those of `JackFramePorts` have one of their own.

    `now` is the clock of the times that messages are to leave at (seconds), `realtime` the setting.
    """
    return system if isinstance(system, JackFramePorts) else GuardedPorts(system, now, realtime)


class GuardedPorts:
    """A `PortSystem` of rtmidi's: inputs and names by another, outputs by guardians. One thread at a time."""

    def __init__(self, others: PortSystem, now: Callable[[], float], realtime: str) -> None:
        self.api = others.api
        self._others = others
        self._now = now
        self._realtime = realtime
        self._standby = Standby(_GUARDIAN)

    def input_names(self) -> list[str]:
        """The ports one can listen to, as they are this moment."""
        return self._others.input_names()

    def output_names(self) -> list[str]:
        """The ports one can send to, as they are this moment."""
        return self._others.output_names()

    def open_input(self, name: str, receive: Receive) -> InputPort:
        """Listen to the port that `name` finds."""
        return self._others.open_input(name, receive)

    def open_virtual_input(self, name: str, receive: Receive) -> InputPort:
        """A port of our own that others send to."""
        return self._others.open_virtual_input(name, receive)

    def expect_output(self) -> None:
        """An output will be opened soon: its process stands by."""
        self._standby.make_ready()

    def expect_nothing(self) -> None:
        """No output will be opened any more."""
        self._standby.dismiss()

    def open_output(self, name: str) -> OutputPort:
        """Send to the port that `name` finds."""
        target = find_port(name, self.output_names(), "output")
        return SenderProcess(target, self._standby.take(), [*self._told(VIRTUAL_OUTPUT), target], self._now)

    def open_virtual_output(self, name: str) -> OutputPort:
        """A port of our own that others listen to."""
        return SenderProcess(name, self._standby.take(), self._told(name), self._now)

    def _told(self, port_name: str) -> list[str]:
        return [self._realtime, self.api.lower(), port_name]
