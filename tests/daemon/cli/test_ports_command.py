"""What `musedaemon ports` prints."""

from support.listed_ports import ListedPorts

from musedaemon.cli.ports import port_lines
from musedaemon.midi.ports import PortSystem


def test_inputs_then_outputs_without_the_numbers_that_change() -> None:
    system: PortSystem = ListedPorts(
        ["Keystation:Keystation MIDI 1 20:0"], ["Synth:Synth 128:0", "Through:Port-0 14:0"]
    )
    assert port_lines(system) == [
        "ALSA inputs, for --in:",
        "  Keystation:Keystation MIDI 1",
        "ALSA outputs, for --out:",
        "  Synth:Synth",
        "  Through:Port-0",
    ]


def test_twins_keep_their_numbers() -> None:
    assert port_lines(ListedPorts(["Keys:Keys 20:0", "Keys:Keys 24:0"], []))[1:3] == [
        "  Keys:Keys 20:0",
        "  Keys:Keys 24:0",
    ]


def test_our_own_ports_are_apart_from_those_to_choose() -> None:
    system = ListedPorts(["musedaemon-out:musedaemon out 129:0"], ["Synth", "musedaemon-in:musedaemon in 128:0"])
    assert port_lines(system) == [
        "ALSA inputs, for --in:",
        "  (none)",
        "  (a musedaemon's own, by its full name only: musedaemon-out:musedaemon out)",
        "ALSA outputs, for --out:",
        "  Synth",
        "  (a musedaemon's own, by its full name only: musedaemon-in:musedaemon in)",
    ]


def test_nothing_there_is_said() -> None:
    assert port_lines(ListedPorts([], [])) == [
        "ALSA inputs, for --in:",
        "  (none)",
        "ALSA outputs, for --out:",
        "  (none)",
    ]
