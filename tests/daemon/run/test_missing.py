from __future__ import annotations

from pathlib import Path

import pytest
from support.listed_ports import ListedPorts

from musedaemon.errors import ConfigError, PortAbsentError, PortError
from musedaemon.midi.ports import find_port
from musedaemon.run.chosen import names_file
from musedaemon.run.missing import opening, opening_system

NEXT = "name it, or switch the instrument on (--wait-for-ports waits for it)."


class Ports(ListedPorts):
    """One with these inputs and a synth, of which only the names matter."""

    def __init__(self, *inputs: str, broken: bool = False) -> None:
        super().__init__(inputs, ["Synth"], "fake")
        self._broken = broken

    def input_names(self) -> list[str]:
        if self._broken:
            raise PortError("the system does not answer.")
        return super().input_names()


def refusal(system: Ports, wanted_input: str, wanted_output: str = "Sinth", *more_inputs: str) -> PortError:
    with pytest.raises(PortError) as caught:
        _open(system, wanted_input, wanted_output, *more_inputs)
    return caught.value


def _open(system: Ports, wanted_input: str, wanted_output: str, *more_inputs: str) -> None:
    with opening(system, wanted_output, [wanted_input, *more_inputs]):
        find_port(wanted_output, system.output_names(), "output")


def test_two_ports_that_are_not_there_are_named_in_one_go() -> None:
    error = refusal(Ports("Keystation"), "Keytar")
    assert isinstance(error, PortAbsentError)
    assert str(error).splitlines() == [
        f'No MIDI output port matches "Sinth" (did you mean "Synth"?); there is "Synth": {NEXT}',
        f'No MIDI input port matches "Keytar" (did you mean "Keystation"?); there is "Keystation": {NEXT}',
    ]


def test_the_port_of_a_clock_that_is_not_there_is_named_with_the_others() -> None:
    error = refusal(Ports("Keystation"), "Keytar", "Sinth", "DAW")
    assert [line.split('"')[1] for line in str(error).splitlines()] == ["Sinth", "Keytar", "DAW"]


@pytest.mark.parametrize("wanted_input", ["Keystation", ""])
def test_an_input_that_is_there_or_our_own_is_not_spoken_of(wanted_input: str) -> None:
    assert str(refusal(Ports("Keystation"), wanted_input)).count("\n") == 0


def test_an_input_that_could_be_several_is_told_too() -> None:
    assert "could be any of" in str(refusal(Ports("Keys 1", "Keys 2"), "Keys"))


def test_a_system_that_does_not_answer_is_told_once_more() -> None:
    assert str(refusal(Ports(broken=True), "Keys")).endswith("the system does not answer.")


def test_where_the_output_opens_nothing_is_looked_for() -> None:
    _open(Ports(broken=True), "Keys", "Synth")


def test_a_folder_or_file_of_that_name_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "Keys").mkdir()
    (tmp_path / "notes").touch()
    assert str(refusal(Ports("Keystation"), "Keystation", "notes")).endswith(
        f"{NEXT} Here, notes is a file, but no .mid file."
    )
    with pytest.raises(PortAbsentError, match=r" Here, Keys is a folder\.$"), opening(Ports("Pads"), "Keys"):
        find_port("Keys", ["Pads"], "input")


NO_FILE = " If x.txt is to be a file: its name must end in .mid."


@pytest.mark.parametrize(("wanted", "hint"), [("x.txt", NO_FILE), ("Mk.3", ""), ("Piano v1.2", ""), ("Piano", "")])
def test_a_name_like_a_files_is_told_how_files_end(wanted: str, hint: str) -> None:
    assert str(refusal(Ports("Keystation"), "", wanted)).partition("for it).")[2] == hint
    with pytest.raises(PortError) as caught, opening_system("", "jam.mid", wanted):
        raise PortError("No MIDI system answers here.")
    assert str(caught.value) == f"No MIDI system answers here.{hint}"


@pytest.mark.parametrize("wanted", ["a" * 300, f"{'a' * 300}.x", f"takes/{'a' * 300}"])
def test_a_name_too_long_for_a_file_is_that_of_a_port_which_is_not_there(wanted: str) -> None:
    assert not names_file(wanted)
    assert isinstance(refusal(Ports(), "Keys", wanted), PortAbsentError)


def test_a_port_of_the_name_of_a_folder_is_a_port(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "Synth").mkdir()
    assert not names_file("Synth")
    with opening(Ports("Synth"), "Synth"):
        assert find_port("Synth", ["Synth"], "input") == "Synth"


@pytest.mark.parametrize(
    ("name", "what"), [("README.md", "file, but no .mid file"), ("docs.d", "folder"), ("./docs", "folder")]
)
def test_what_can_only_be_a_file_is_no_port(
    name: str, what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "README.md").touch()
    (tmp_path / "docs.d").mkdir()
    (tmp_path / "docs").mkdir()
    with pytest.raises(ConfigError, match=f"is a {what}; name a .mid file, or a MIDI port"):
        names_file(name)
    assert not names_file("none.md")
