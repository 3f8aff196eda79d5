from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from musedaemon.errors import PortError
from musedaemon.midi.ports import find_port, of_others, stable_name

NAMES = [
    "Midi Through:Midi Through Port-0 14:0",
    "Keystation:Keystation MIDI 1 20:0",
    "Synth",
    "Synth 2",
    "synthesizer:midi_00",
]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("Synth", "Synth"),
        ("synth", "Synth"),
        ("SYNTH 2", "Synth 2"),
        ("keystation", NAMES[1]),
        ("  Keystation ", NAMES[1]),
        ("Keystation:Keystation MIDI 1", NAMES[1]),
        ("Keystation:Keystation MIDI 1 20:0", NAMES[1]),
        ("Keystation:Keystation MIDI 1 28:0", NAMES[1]),
        ("esizer", "synthesizer:midi_00"),
        ("Through Port-0", NAMES[0]),
    ],
)
def test_a_port_is_found_by_name_or_by_a_part_of_its_own(wanted: str, found: str) -> None:
    assert find_port(wanted, NAMES, "input") == found


@pytest.mark.parametrize("wanted", ["20:0", "20", "", "  ", "Piano"])
def test_client_numbers_emptiness_and_strangers_match_nothing(wanted: str) -> None:
    with pytest.raises(PortError) as refusal:
        find_port(wanted, NAMES, "input")
    assert all(f'"{name}"' in str(refusal.value) for name in NAMES)


def test_a_part_that_several_ports_have_is_refused_with_those() -> None:
    with pytest.raises(PortError, match=r'"midi" could be any of "Midi Through.*14:0", "Keystation.*20:0", "synthe'):
        find_port("midi", NAMES, "output")


def test_of_two_equal_keyboards_the_client_number_tells_which() -> None:
    twins = ["Keys:Keys MIDI 1 20:0", "Keys:Keys MIDI 1 24:0"]
    assert find_port("Keys:Keys MIDI 1 24:0", twins, "input") == twins[1]
    with pytest.raises(PortError, match="could be any of"):
        find_port("Keys:Keys MIDI 1 28:0", twins, "input")


def test_a_slip_of_the_pen_is_answered_with_the_nearest_name() -> None:
    with pytest.raises(PortError, match=r'No MIDI output port matches "Sinth" \(did you mean "Synth"\?\); there are'):
        find_port("Sinth", NAMES, "output")


OWN = {
    "input": ["musedaemon-out:musedaemon out", "musedaemon-out-01:musedaemon out", "musedaemon out"],
    "output": ["musedaemon-in:musedaemon in 128:0", "musedaemon in"],
}


@pytest.mark.parametrize("direction", OWN)
@pytest.mark.parametrize("wanted", ["musedaemon", "muse", "", "out:musedaemon", "Piano"])
def test_our_own_ports_are_neither_found_by_a_part_nor_offered(wanted: str, direction: str) -> None:
    with pytest.raises(PortError, match=r'; there is "Synth": name it, or switch') as refusal:
        find_port(wanted, [*OWN[direction], "Synth"], direction)
    assert str(refusal.value).count("musedaemon") == wanted.count("musedaemon")
    with pytest.raises(PortError, match=f"no MIDI {direction} port but musedaemon's own, so none"):
        find_port(wanted, OWN[direction], direction)


@pytest.mark.parametrize(
    ("direction", "name"), [(direction, name) for direction, names in OWN.items() for name in names]
)
def test_our_own_ports_are_found_by_their_full_names(direction: str, name: str) -> None:
    assert find_port(name, OWN[direction], direction) == name
    assert find_port(stable_name(name).upper(), OWN[direction], direction) == name


def test_a_port_of_others_may_be_called_after_us() -> None:
    names = ["my musedaemon out", "musedaemon-out-b:musedaemon out", "musedaemon in"]
    assert of_others(names, "input") == names


def test_what_to_do_next_ends_the_message() -> None:
    with pytest.raises(
        PortError, match=r": name one of them, or switch the instrument on \(--wait-for-ports waits for it\)\.$"
    ):
        find_port("Piano", NAMES, "input")


def test_without_any_port_the_message_says_what_to_do() -> None:
    with pytest.raises(PortError, match=r"no MIDI input port at all.*virtual port"):
        find_port("Keys", [], "input")


def test_only_numbers_at_the_end_are_alsas() -> None:
    assert [stable_name(name) for name in ("A 14:0", "A 14:0 B", "Time 4:4", "Synth 2")] == [
        "A",
        "A 14:0 B",
        "Time",
        "Synth 2",
    ]


@given(st.lists(st.text(max_size=8), min_size=1, max_size=6), st.data())
def test_every_listed_name_finds_itself(names: list[str], data: st.DataObject) -> None:
    wanted = data.draw(st.sampled_from(names))
    assert find_port(wanted, names, "input") == wanted


@given(st.lists(st.text(max_size=6), max_size=6), st.text(max_size=4))
def test_what_is_found_is_always_one_of_the_names(names: list[str], wanted: str) -> None:
    with suppress(PortError):
        assert find_port(wanted, names, "input") in names
