"""A MIDI system whose ports are processes of their own, each started ahead where one is awaited."""

from __future__ import annotations

from collections.abc import Sequence

from musedaemon.midi.port_process import Urgently
from musedaemon.midi.port_time import PortTime
from musedaemon.midi.ports import VIRTUAL_INPUT, VIRTUAL_OUTPUT, InputPort, OutputPort, PortSystem, Receive, find_port
from musedaemon.midi.receiver_process import ReceiverProcess
from musedaemon.midi.sender_process import SenderProcess
from musedaemon.midi.standby import Standby


class SenderPorts:
    """A `PortSystem`: inputs and names by another, outputs by processes. One thread at a time."""

    def __init__(self, others: PortSystem, port_time: PortTime, module: str, words: Sequence[str]) -> None:
        """`module` is run for each output and told the `words`, then the port's name, then whom to connect it to."""
        self.api = others.api
        self._others = others
        self._time = port_time
        self._words = list(words)
        self._senders = Standby(module)

    def input_names(self) -> list[str]:
        """The ports one can listen to, as they are this moment."""
        return self._others.input_names()

    def output_names(self) -> list[str]:
        """The ports one can send to, as they are this moment."""
        return self._others.output_names()

    def open_input(self, name: str, receive: Receive, own_name: str = VIRTUAL_INPUT) -> InputPort:
        """Listen to the port that `name` finds."""
        return self._others.open_input(name, receive, own_name)

    def open_virtual_input(self, name: str, receive: Receive) -> InputPort:
        """A port of our own that others send to."""
        return self._others.open_virtual_input(name, receive)

    def system_lost(self) -> None:
        """The system itself is gone."""
        self._others.system_lost()
        self._time.start_over()

    def expect_input(self) -> None:
        """Nothing takes long here."""

    def expect_output(self) -> None:
        """An output will be opened soon: its process stands by."""
        self._senders.make_ready()

    def expect_nothing(self) -> None:
        """No port will be opened any more."""
        self._senders.dismiss()

    def open_output(self, name: str) -> OutputPort:
        """Send to the port that `name` finds."""
        target = find_port(name, self.output_names(), "output")
        return SenderProcess(target, self._senders.take(), [*self._words, VIRTUAL_OUTPUT, target], self._time)

    def open_virtual_output(self, name: str) -> OutputPort:
        """A port of our own that others listen to."""
        return SenderProcess(name, self._senders.take(), [*self._words, name], self._time)


class ProcessPorts(SenderPorts):
    """The same, whose inputs are processes too: those of `receiver`, told in the same way.

    What they hand over is heard by threads that live inside of what `urgently` returns.
    """

    def __init__(
        self,
        others: PortSystem,
        port_time: PortTime,
        sender: str,
        receiver: str,
        words: Sequence[str],
        urgently: Urgently,
    ) -> None:
        super().__init__(others, port_time, sender, words)
        self._receivers = Standby(receiver)
        self._urgently = urgently

    def expect_input(self) -> None:
        """An input will be opened soon: its process stands by."""
        self._receivers.make_ready()

    def expect_nothing(self) -> None:
        """No port will be opened any more."""
        super().expect_nothing()
        self._receivers.dismiss()

    def open_input(self, name: str, receive: Receive, own_name: str = VIRTUAL_INPUT) -> InputPort:
        """Listen to the port that `name` finds."""
        source = find_port(name, self.input_names(), "input")
        return self._receiver(source, [own_name, source], receive)

    def open_virtual_input(self, name: str, receive: Receive) -> InputPort:
        """A port of our own that others send to."""
        return self._receiver(name, [name], receive)

    def _receiver(self, name: str, words: list[str], receive: Receive) -> InputPort:
        process = self._receivers.take()
        return ReceiverProcess(name, process, [*self._words, *words], self._time, receive, self._urgently)
