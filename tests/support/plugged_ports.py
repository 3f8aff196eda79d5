"""A system of ports that a test plugs and unplugs, and a clock that stands still."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from musedaemon.errors import PortError
from musedaemon.midi.ports import VIRTUAL_INPUT, InputPort, OutputPort, Receive, find_port
from musedaemon.midi.presence import Sight


@dataclass
class Port:
    """Open until it is closed; `log` is what happens to all of them."""

    name: str
    log: list[str]
    ahead_s: float = 0.0
    listener: threading.Event | None = None
    failure: Exception | None = None
    is_gone: bool = False

    def send(self, data: bytes, at: float = 0.0) -> None:
        self.log.append(f"{self.name} gets {data.hex()}")

    def close(self) -> None:
        self.log.append(f"close {self.name}")


@dataclass
class Machine:
    """A `PortSystem` whose ports a test plugs and unplugs."""

    api: str = "ALSA"
    inputs: list[str] = field(default_factory=list)
    outputs: list[str] = field(default_factory=list)
    log: list[str] = field(default_factory=list)
    opened: list[Port] = field(default_factory=list)
    plugged_into: dict[str, Receive] = field(default_factory=dict)
    """By the name of each input of ours that is open: where what comes in goes."""
    refuses: bool = False

    def input_names(self) -> list[str]:
        return self.inputs

    def output_names(self) -> list[str]:
        return self.outputs

    def open_input(self, name: str, receive: Receive, own_name: str = VIRTUAL_INPUT) -> InputPort:
        port = self._open(find_port(name, self.inputs, "input"))
        self.plugged_into[own_name] = receive
        return port

    def open_output(self, name: str) -> OutputPort:
        return self._open(find_port(name, self.outputs, "output"))

    def system_lost(self) -> None:
        self.log.append("system lost")

    def expect_input(self) -> None:
        self.log.append("expect an input")

    def expect_output(self) -> None:
        self.log.append("expect an output")

    def expect_nothing(self) -> None:
        self.log.append("expect nothing")

    def open_virtual_input(self, name: str, receive: Receive) -> InputPort:
        self.plugged_into[name] = receive
        return self._open(name)

    def open_virtual_output(self, name: str) -> OutputPort:
        return self._open(name)

    def sight(self) -> Sight:
        return Sight(tuple(self.inputs), tuple(self.outputs))

    def _open(self, name: str) -> Port:
        if self.refuses:
            self.log.append(f"refuse {name}")
            raise PortError(f"{name} refuses.")
        self.log.append(f"open {name}")
        self.opened.append(Port(name, self.log))
        return self.opened[-1]


@dataclass
class Time:
    """A clock that stands still unless it is told."""

    at: float = 0.0

    def now(self) -> float:
        return self.at
