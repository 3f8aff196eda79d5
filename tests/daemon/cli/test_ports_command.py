"""What `musedaemon ports` prints."""

from collections.abc import Sequence

from musedaemon.cli.ports import port_lines
from musedaemon.midi.ports import InputPort, OutputPort, PortSystem, Receive


class Ports:
    """A MIDI system that only lists."""

    api = "ALSA"

    def __init__(self, inputs: Sequence[str], outputs: Sequence[str]) -> None:
        self._inputs, self._outputs = inputs, outputs

    def input_names(self) -> list[str]:
        return list(self._inputs)

    def output_names(self) -> list[str]:
        return list(self._outputs)

    def open_input(self, name: str, receive: Receive) -> InputPort:
        raise NotImplementedError

    def open_output(self, name: str) -> OutputPort:
        raise NotImplementedError

    def open_virtual_input(self, name: str, receive: Receive) -> InputPort:
        raise NotImplementedError

    def system_lost(self) -> None:
        raise NotImplementedError

    def expect_input(self) -> None:
        raise NotImplementedError

    def expect_output(self) -> None:
        raise NotImplementedError

    def expect_nothing(self) -> None:
        raise NotImplementedError

    def open_virtual_output(self, name: str) -> OutputPort:
        raise NotImplementedError


def test_inputs_then_outputs_without_the_numbers_that_change() -> None:
    system: PortSystem = Ports(["Keystation:Keystation MIDI 1 20:0"], ["Synth:Synth 128:0", "Through:Port-0 14:0"])
    assert port_lines(system) == [
        "ALSA inputs, for --in:",
        "  Keystation:Keystation MIDI 1",
        "ALSA outputs, for --out:",
        "  Synth:Synth",
        "  Through:Port-0",
    ]


def test_twins_keep_their_numbers() -> None:
    assert port_lines(Ports(["Keys:Keys 20:0", "Keys:Keys 24:0"], []))[1:3] == ["  Keys:Keys 20:0", "  Keys:Keys 24:0"]


def test_nothing_there_is_said() -> None:
    assert port_lines(Ports([], [])) == [
        "ALSA inputs, for --in:",
        "  (none)",
        "ALSA outputs, for --out:",
        "  (none)",
    ]
