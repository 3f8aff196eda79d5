"""A port for the MIDI clock, and what it says of the other settings."""

from __future__ import annotations

from pathlib import Path

import pytest

from musedaemon.config.loading import Override, load, merge, settings
from musedaemon.config.schema import Config, Ports, Tempo
from musedaemon.errors import ConfigError

PORT = Override("ports", "clock_input", "DAW", "--clock-in")


def test_a_port_for_the_clock_means_the_midi_clock(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text('[ports]\nclock_input = "DAW"\n')
    expected = Config(ports=Ports(clock_input="DAW"), tempo=Tempo(clock="midi"))
    assert load(path) == settings(path, []) == merge(Config(), [PORT]) == expected
    path.write_text('[tempo]\nclock = "follow"\n')  # as a copy of all the defaults has it
    assert settings(path, [PORT]) == expected
    assert merge(Config(), [PORT, Override("tempo", "clock", "midi", "--clock")]) == expected


@pytest.mark.parametrize("clock", ["follow", "internal", "link"])
def test_a_port_for_the_clock_beside_another_clock_is_a_mistake(clock: str) -> None:
    given = [PORT, Override("tempo", "clock", clock, "--clock"), Override("tempo", "bpm", 100, "--bpm")]
    with pytest.raises(ConfigError) as caught:
        merge(Config(), given)
    assert str(caught.value) == (
        f'ports.clock_input: the beats come from the MIDI clock of "DAW", and tempo.clock is {clock};'
        " leave out --clock-in or --clock."
    )


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ([Override("ports", "clock_input", "x.mid", "--clock-in")], 'ports.clock_input: "x.mid" is a file, and'),
        (
            [PORT, Override("ports", "input", "x.mid", "--in")],
            "tempo.clock: a .mid file is played along no MIDI clock;",
        ),
    ],
)
def test_a_file_neither_sends_a_clock_nor_is_played_along_one(given: list[Override], told: str) -> None:
    with pytest.raises(ConfigError) as caught:
        merge(Config(), given)
    assert str(caught.value).startswith(told)
    assert "\n" not in str(caught.value)
