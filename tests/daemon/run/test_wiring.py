"""Where each of a session's ports leads: by a made-up system, whose ports a test speaks for."""

from __future__ import annotations

from queue import Queue

import pytest
from support.plugged_ports import Machine, Time

from musedaemon.config.schema import Config, Ports
from musedaemon.core.events import MidiEvent, NoteOn, Other
from musedaemon.errors import PortAbsentError
from musedaemon.midi.ports import CLOCK_INPUT, VIRTUAL_INPUT
from musedaemon.run.reporting import PortState
from musedaemon.run.threads import ClockHeard, PlayerInbox
from musedaemon.run.wiring import Wiring

PULSE, START, CONTINUE, STOP, POSITION = b"\xf8", b"\xfa", b"\xfb", b"\xfc", b"\xf2\x10\x01"
OF_CLOCK = (PULSE, START, CONTINUE, STOP, POSITION)
OF_NO_CLOCK = (
    b"\x90\x3c\x50",
    b"\x80\x3c\x40",
    b"\xb0\x40\x7f",
    b"\xf0\x01\xf7",
    b"\xf1\x20",
    b"\xf3\x01",
    b"\xfe",
    b"\xff",
)


class Stage:
    """Keys, a DAW and a synth; what the player thread gets and the user is told."""

    def __init__(self, ports: Ports) -> None:
        self.machine = Machine(inputs=["Keys 20:0", "DAW clock 24:0"], outputs=["Synth 28:0"])
        self.told: list[str] = []
        self.inbox: PlayerInbox = Queue()
        self.wiring = Wiring(Config(ports), self.machine, Time(), self._tell)
        self.wiring.lead_to(self.inbox)

    def _tell(self, name: str, state: PortState) -> None:
        self.told.append(f"{name} {state.value}")

    def hear(self, own_name: str, *messages: bytes) -> list[object]:
        """These come in there; what the player thread gets."""
        for at, message in enumerate(messages):
            self.machine.plugged_into[own_name](message, float(at))
        return [self.inbox.get_nowait() for _ in range(self.inbox.qsize())]


def test_of_the_clocks_own_port_the_clock_alone_is_heard() -> None:
    stage = Stage(Ports("keys", "synth", clock_input="daw"))
    assert (stage.wiring.open_input(), stage.wiring.open_clock()) == ("Keys 20:0", "DAW clock 24:0")
    assert stage.hear(CLOCK_INPUT, *OF_NO_CLOCK) == []
    heard = [ClockHeard(Other(float(at), data)) for at, data in enumerate(OF_CLOCK)]
    assert stage.hear(CLOCK_INPUT, *OF_CLOCK) == heard
    assert stage.hear(CLOCK_INPUT, b"\x90\x3c\xf8\x50") == [ClockHeard(Other(0.0, PULSE))]


def test_the_keyboard_is_heard_as_ever() -> None:
    stage = Stage(Ports("keys", "synth", clock_input="daw"))
    stage.wiring.open_input()
    stage.wiring.open_clock()
    expected: list[MidiEvent] = [NoteOn(0.0, 0, 60, 80), Other(1.0, PULSE)]
    assert stage.hear(VIRTUAL_INPUT, b"\x90\x3c\x50", PULSE) == expected


def test_a_flood_at_the_clocks_port_costs_neither_a_pulse_nor_a_note_of_the_keyboards() -> None:
    stage = Stage(Ports("keys", "synth", clock_input="daw"))
    stage.wiring.open_input()
    stage.wiring.open_clock()
    flood = [bytes((0x90, pitch % 128, 80)) for pitch in range(5_000)]
    assert len(stage.hear(CLOCK_INPUT, *flood, *[PULSE] * 3_000)) == 3_000
    assert len(stage.hear(VIRTUAL_INPUT, b"\x90\x3c\x50")) == 1


def test_the_clock_comes_from_another_port_beside_a_virtual_input() -> None:
    stage = Stage(Ports(clock_input="daw"))
    assert (stage.wiring.open_input(), stage.wiring.open_clock()) == (VIRTUAL_INPUT, "DAW clock 24:0")
    assert stage.hear(CLOCK_INPUT, PULSE) == [ClockHeard(Other(0.0, PULSE))]


def test_a_clocks_port_that_is_not_there_ends_the_session_or_is_awaited() -> None:
    with pytest.raises(PortAbsentError, match='No MIDI input port matches "drums"'):
        Stage(Ports("keys", clock_input="drums", wait_for_ports="off")).wiring.open_clock()
    waiting = Stage(Ports("keys", clock_input="drums", wait_for_ports="on"))
    assert waiting.wiring.open_clock() == "drums"
    assert waiting.told == ["drums is not there yet, waiting for it"]


def test_at_the_end_both_inputs_are_closed() -> None:
    stage = Stage(Ports("keys", "synth", clock_input="daw"))
    stage.wiring.open_input()
    stage.wiring.open_clock()
    stage.wiring.close()
    assert stage.machine.log[-3:] == ["close Keys 20:0", "close DAW clock 24:0", "expect nothing"]
