from __future__ import annotations

import pytest

from musedaemon.midi.presence import Presence, Sight, Step, name_without_number

KEYS, PADS = "Keys:Keys MIDI 1 20:0", "Pads:Pads MIDI 1 24:0"


def seen(*names: str, left: tuple[str, ...] = ()) -> Sight:
    """As inputs."""
    return Sight(names, (), frozenset(left))


def connected(wanted: str = "keys", name: str = KEYS) -> Presence:
    presence = Presence("input", wanted)
    presence.opened(name)
    return presence


def test_a_port_that_is_there_is_left_alone() -> None:
    presence = connected()
    assert [presence.see(seen(KEYS, PADS)) for _ in range(3)] == [Step.NONE] * 3


def test_a_port_that_goes_is_lost_once_and_opened_when_it_is_seen_twice() -> None:
    presence = connected()
    steps = [presence.see(sight) for sight in (seen(PADS), seen(PADS), seen(KEYS, PADS), seen(KEYS, PADS))]
    assert steps == [Step.LOSE, Step.NONE, Step.NONE, Step.OPEN]
    assert presence.find(seen(KEYS, PADS)) == KEYS


def test_a_port_that_only_flickers_is_not_opened() -> None:
    presence = connected()
    steps = [presence.see(sight) for sight in (seen(), seen(KEYS), seen(), seen(KEYS), seen())]
    assert steps == [Step.LOSE] + [Step.NONE] * 4


def test_another_client_number_makes_no_other_port() -> None:
    presence = connected()
    other = KEYS.replace("20:0", "28:0")
    assert [presence.see(seen(other)) for _ in range(2)] == [Step.LOSE, Step.NONE]
    assert presence.see(seen(other)) is Step.OPEN
    assert presence.find(seen(other)) == other


def test_the_port_it_was_comes_before_others_that_the_words_mean() -> None:
    presence = connected("MIDI 1")
    presence.lose()
    assert presence.find(seen(PADS, KEYS)) == KEYS
    assert presence.find(seen(PADS)) == PADS


def test_a_program_with_its_process_number_in_the_name_is_found_by_the_users_words() -> None:
    presence = Presence("output", "fluid")
    presence.opened("FLUID Synth (123):Synth input port (123:0) 128:0")
    again = Sight((), ("FLUID Synth (456):Synth input port (456:0) 129:0",))
    assert [presence.see(again) for _ in range(3)] == [Step.LOSE, Step.NONE, Step.OPEN]


def test_what_could_be_several_is_not_opened() -> None:
    presence = Presence("input", "MIDI 1")
    assert [presence.see(seen(KEYS, PADS)) for _ in range(3)] == [Step.NONE] * 3
    assert presence.find(seen(KEYS, PADS)) is None


def test_a_port_that_went_and_came_between_two_looks_is_lost() -> None:
    presence = connected()
    steps = [presence.see(sight) for sight in (seen(KEYS, left=(PADS,)), seen(KEYS, left=(KEYS,)), seen(KEYS))]
    assert steps == [Step.NONE, Step.LOSE, Step.NONE]
    assert presence.see(seen(KEYS)) is Step.OPEN


@pytest.mark.parametrize("wanted", ["", "keys"])
def test_a_system_that_ends_takes_the_port_along(wanted: str) -> None:
    presence = connected(wanted, KEYS if wanted else "musedaemon in")
    steps = [presence.see(sight) for sight in (None, None, seen(KEYS), seen(KEYS))]
    assert steps == [Step.LOSE, Step.NONE, Step.NONE, Step.OPEN]


def test_a_virtual_port_does_not_go_by_itself() -> None:
    presence = connected("", "musedaemon in")
    assert presence.see(seen()) is Step.NONE
    assert presence.find(seen()) == ""


def test_an_output_is_looked_for_among_the_outputs() -> None:
    presence = Presence("output", "keys")
    presence.opened(KEYS)
    assert presence.see(Sight((), (KEYS,))) is Step.NONE
    assert presence.see(Sight((KEYS,), ())) is Step.LOSE


def test_the_number_that_windows_adds_may_change() -> None:
    presence = Presence("input", "keystation", name_without_number)
    presence.opened("Keystation 1")
    assert presence.see(seen("Keystation 0")) is Step.NONE
    assert [presence.see(seen("Pads 0")), presence.see(seen("Keystation 1", "Pads 0"))] == [Step.LOSE, Step.NONE]
    assert presence.see(seen("Keystation 2", "Pads 0")) is Step.OPEN
