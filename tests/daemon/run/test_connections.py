"""The ports of a session come and go: exact lists, in virtual time, with a system of ports that is only made up."""

from __future__ import annotations

import os
from queue import Queue

import pytest
from support.plugged_ports import Machine, Time

from musedaemon.config.schema import Config, Ports
from musedaemon.errors import PortAbsentError, PortError
from musedaemon.midi.ports import find_port
from musedaemon.midi.presence import Sight
from musedaemon.run.connections import LOOKS_EVERY_S, RETRY_S, WAITING_LOOKS_EVERY_S, Connections
from musedaemon.run.ends import InputEnd, OutputEnd
from musedaemon.run.patience import Patience, is_service, patience
from musedaemon.run.reporting import PortState
from musedaemon.run.threads import InputGone, OutputBack, OutputGone, PortChange


class Stage:
    """A machine, both ends, and what the player thread and the user are told."""

    def __init__(self, wanted_input: str = "keys", wanted_output: str = "synth") -> None:
        self.machine = Machine(inputs=["Keys 20:0"], outputs=["Synth 24:0"])
        self.told: list[str] = []
        self.inbox: Queue[PortChange] = Queue()
        self.time = Time()
        self.input = InputEnd(self.machine, wanted_input, "our in", lambda data, at: None, self._input_gone)
        self.output = OutputEnd(self.machine, wanted_output, "our out", self.inbox.put)
        self.connections = Connections([self.input, self.output], self.time, self._tell, self.machine.system_lost)

    def _input_gone(self) -> None:
        self.inbox.put(InputGone())

    def _tell(self, name: str, state: PortState) -> None:
        self.told.append(f"{name} {state.value}")

    def open(self) -> None:
        self.input.presence.opened(self.input.open(self.input.presence.wanted))
        self.output.presence.opened(self.output.open_first(self.output.presence.wanted))
        self.machine.log.clear()

    def look(self, *sights: Sight | None) -> None:
        for sight in sights:
            self.connections.look(sight)

    def changes(self) -> list[PortChange]:
        return [self.inbox.get_nowait() for _ in range(self.inbox.qsize())]


def test_while_all_is_there_nothing_is_done() -> None:
    stage = Stage()
    stage.open()
    stage.look(*[stage.machine.sight()] * 3)
    assert (stage.machine.log, stage.told, stage.changes()) == ([], [], [])
    assert stage.connections.looks_again_in == LOOKS_EVERY_S


def test_an_input_that_goes_is_closed_first_and_its_keys_are_let_go_then() -> None:
    stage = Stage()
    stage.open()
    stage.machine.inputs.clear()
    stage.look(stage.machine.sight())
    assert stage.machine.log == ["close Keys 20:0", "expect an input"]
    assert stage.changes() == [InputGone()]
    assert stage.told == ["Keys 20:0 is gone, waiting for it"]
    assert stage.connections.looks_again_in == WAITING_LOOKS_EVERY_S


def test_an_input_that_comes_back_under_another_number_is_opened_again() -> None:
    stage = Stage()
    stage.open()
    stage.look(Sight((), ("Synth 24:0",)))
    stage.machine.inputs[:] = ["Pads 16:0", "Keys 28:0"]
    stage.look(stage.machine.sight(), stage.machine.sight(), stage.machine.sight())
    assert stage.machine.log == ["close Keys 20:0", "expect an input", "open Keys 28:0"]
    assert stage.told == ["Keys 20:0 is gone, waiting for it", "Keys 28:0 is back"]
    assert stage.connections.reconnections == 1


def test_an_output_is_left_for_the_player_thread_to_close_and_the_new_one_handed_over() -> None:
    stage = Stage()
    stage.open()
    stage.look(Sight(("Keys 20:0",), ()))
    assert stage.changes() == [OutputGone()]
    stage.look(stage.machine.sight(), stage.machine.sight())
    assert stage.machine.log == ["expect an output", "open Synth 24:0"]
    assert stage.changes() == [OutputBack(stage.output.port)]
    assert stage.told == ["Synth 24:0 is gone, waiting for it", "Synth 24:0 is back"]


def test_an_output_that_refuses_counts_as_gone_though_it_is_still_seen() -> None:
    stage = Stage()
    stage.open()
    stage.output.refuse()
    stage.look(stage.machine.sight())
    assert stage.changes() == [OutputGone()]
    stage.look(stage.machine.sight(), stage.machine.sight())
    assert stage.changes() == [OutputBack(stage.output.port)]
    assert stage.connections.reconnections == 1


def test_an_input_whose_process_has_ended_counts_as_gone_though_its_port_is_still_seen() -> None:
    stage = Stage()
    stage.open()
    stage.machine.opened[0].is_gone = True
    stage.look(stage.machine.sight())
    assert stage.changes() == [InputGone()]
    stage.look(stage.machine.sight(), stage.machine.sight())
    assert stage.machine.log == ["close Keys 20:0", "expect an input", "open Keys 20:0"]
    assert stage.connections.reconnections == 1


def test_virtual_ports_go_with_the_system_and_are_made_anew() -> None:
    stage = Stage("", "")
    stage.open()
    stage.look(None, None)
    assert stage.machine.log == ["system lost", "close our in", "expect an input", "expect an output"]
    assert stage.changes() == [InputGone(), OutputGone()]
    stage.look(Sight((), ()), Sight((), ()))
    assert stage.machine.log[4:] == ["open our in", "open our out"]
    assert stage.told == [
        "our in is gone, waiting for it",
        "our out is gone, waiting for it",
        "our in is back",
        "our out is back",
    ]
    assert stage.connections.reconnections == 2


def test_a_port_that_cannot_be_opened_is_tried_again_after_a_while() -> None:
    stage = Stage()
    stage.open()
    stage.look(Sight(("Keys 20:0",), ()))
    stage.machine.refuses = True
    stage.look(*[stage.machine.sight()] * 4)
    assert stage.machine.log == ["expect an output", "refuse Synth 24:0"]
    stage.time.at = RETRY_S
    stage.look(stage.machine.sight())
    assert stage.machine.log[1:] == ["refuse Synth 24:0"] * 2
    stage.machine.refuses = False
    stage.time.at = 2 * RETRY_S
    stage.look(stage.machine.sight())
    assert stage.machine.log[3:] == ["open Synth 24:0"]
    assert stage.told == ["Synth 24:0 is gone, waiting for it", "Synth 24:0 is back"]


def test_a_port_that_was_awaited_from_the_start_is_no_reconnection() -> None:
    stage = Stage()
    assert (stage.input.own_name, stage.output.own_name) == ("keys", "synth")
    stage.look(Sight((), ()), stage.machine.sight(), stage.machine.sight())
    assert stage.told == ["Keys 20:0 is there", "Synth 24:0 is there"]
    assert stage.changes() == [OutputBack(stage.output.port)]
    assert stage.connections.reconnections == 0


def test_what_is_open_at_the_end_is_closed() -> None:
    stage = Stage()
    stage.open()
    stage.connections.close()
    assert stage.machine.log == ["close Keys 20:0", "close Synth 24:0"]


class OneLook:
    """A lookout that sees the machine, and says when it did."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self.looked: Queue[str] = Queue()

    def look(self) -> Sight | None:
        self.looked.put("look")
        return self._machine.sight()

    def close(self) -> None:
        self.looked.put("close")


def test_whoever_is_waked_looks_at_once_and_the_thread_ends_with_its_lookout() -> None:
    stage = Stage()
    stage.open()
    lookout = OneLook(stage.machine)
    stage.connections.start(lookout)
    assert lookout.looked.get(timeout=20) == "look"
    stage.machine.outputs.clear()
    stage.connections.wake()
    assert stage.inbox.get(timeout=20) == OutputGone()
    stage.connections.close()
    assert list(lookout.looked.queue)[-1] == "close"


class OneFailure(OneLook):
    """A lookout that fails at first."""

    def look(self) -> Sight | None:
        if self.looked.empty():
            self.looked.put("failure")
            raise RuntimeError("a library's own mistake")
        return super().look()


def test_a_look_that_fails_is_told_and_the_next_one_follows(caplog: pytest.LogCaptureFixture) -> None:
    stage = Stage()
    stage.open()
    lookout = OneFailure(stage.machine)
    stage.machine.outputs.clear()
    stage.connections.start(lookout)
    stage.connections.wake()
    assert stage.inbox.get(timeout=20) == OutputGone()
    stage.connections.close()
    assert "a look at the ports has failed" in caplog.text


@pytest.mark.parametrize(
    ("chosen", "environment", "expected"),
    [
        ("auto", {}, Patience.ENDS),
        ("auto", {"INVOCATION_ID": "a terminal of GNOME has one"}, Patience.ENDS),
        ("auto", {"NOTIFY_SOCKET": "/run/notify"}, Patience.WAITS),
        ("on", {}, Patience.WAITS),
        ("off", {"NOTIFY_SOCKET": "/run/notify"}, Patience.ENDS),
    ],
)
def test_a_service_waits_for_its_ports(chosen: str, environment: dict[str, str], expected: Patience) -> None:
    assert patience(Config(ports=Ports(wait_for_ports=chosen)), environment) is expected


def test_systemd_says_which_process_it_has_started() -> None:
    assert is_service({"SYSTEMD_EXEC_PID": str(os.getpid())})
    assert not is_service({"SYSTEMD_EXEC_PID": "1"})


def test_a_name_that_fits_nothing_is_absent_and_one_that_fits_several_is_a_mistake() -> None:
    with pytest.raises(PortAbsentError):
        find_port("organ", ["Keys 20:0"], "input")
    with pytest.raises(PortError) as several:
        find_port("k", ["Keys 20:0", "Kit 24:0"], "input")
    assert not isinstance(several.value, PortAbsentError)
