"""A MIDI system whose outputs are processes of their own, each started ahead where one is awaited."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from musedaemon.midi.ports import VIRTUAL_OUTPUT, InputPort, OutputPort, PortSystem, Receive, find_port
from musedaemon.midi.sender_process import SenderProcess
from musedaemon.midi.standby import Standby


class ProcessPorts:
    """A `PortSystem`: inputs and names by another, outputs by processes. One thread at a time."""

    def __init__(self, others: PortSystem, now: Callable[[], float], module: str, words: Sequence[str]) -> None:
        """`module` is run for each output and told the `words`, then the port's name, then whom to connect it to.

        `now` is the clock of the times that messages are to leave at (seconds).
        """
        self.api = others.api
        self._others = others
        self._now = now
        self._words = list(words)
        self._standby = Standby(module)

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
        return SenderProcess(target, self._standby.take(), [*self._words, VIRTUAL_OUTPUT, target], self._now)

    def open_virtual_output(self, name: str) -> OutputPort:
        """A port of our own that others listen to."""
        return SenderProcess(name, self._standby.take(), [*self._words, name], self._now)
