"""A MIDI system whose ports can be looked at, but not opened: what a fake begins with."""

from __future__ import annotations

from collections.abc import Sequence

from musedaemon.midi.ports import VIRTUAL_INPUT, InputPort, OutputPort, Receive


class ListedPorts:
    """A `PortSystem` with these ports. A test that expects one of them to be opened says so in a class of its own."""

    def __init__(self, inputs: Sequence[str], outputs: Sequence[str], api: str = "ALSA") -> None:
        self.api = api
        self._inputs, self._outputs = list(inputs), list(outputs)

    def input_names(self) -> list[str]:
        return self._inputs

    def output_names(self) -> list[str]:
        return self._outputs

    def open_input(self, name: str, receive: Receive, own_name: str = VIRTUAL_INPUT) -> InputPort:
        raise NotImplementedError

    def open_output(self, name: str) -> OutputPort:
        raise NotImplementedError

    def open_virtual_input(self, name: str, receive: Receive) -> InputPort:
        raise NotImplementedError

    def open_virtual_output(self, name: str) -> OutputPort:
        raise NotImplementedError

    def system_lost(self) -> None:
        raise NotImplementedError

    def expect_input(self) -> None:
        raise NotImplementedError

    def expect_output(self) -> None:
        raise NotImplementedError

    def expect_nothing(self) -> None:
        raise NotImplementedError
