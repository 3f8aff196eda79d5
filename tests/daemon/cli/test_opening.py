"""What a musician is told once a session has begun."""

from __future__ import annotations

import io

import pytest

from musedaemon.cli.opening import ENDS_AT_TERMINAL, opening
from musedaemon.cli.report import Report
from musedaemon.config.schema import Config, Ports, Turns
from musedaemon.core.modes import Mode

PORTS = Ports(input="Keyboard", output="Synth")


def test_a_musician_is_told_to_play_and_how_it_ends() -> None:
    config = Config(ports=PORTS)
    assert opening(config, "") == ["Listening: play a phrase, then let it answer. Ctrl-C ends."]
    assert opening(config, "", ENDS_AT_TERMINAL) == [
        "Listening: play a phrase, then let it answer. Ctrl-C ends; ? and Enter tells what can be typed."
    ]


@pytest.mark.parametrize("mode", Mode)
def test_every_mode_says_what_it_does(mode: Mode) -> None:
    (line,) = opening(Config(ports=PORTS, turns=Turns(mode=mode.value)), "")
    assert line.startswith("Listening: play")


def test_a_file_is_not_told_to_play_and_a_settings_file_is_named() -> None:
    config = Config(ports=Ports(input="call.MID"))
    assert opening(config, "config.toml") == ["settings from config.toml"]


SEND, LISTEN = 'send your keyboard to "musedaemon in"', 'let an instrument listen to "musedaemon out"'


@pytest.mark.parametrize(
    ("ports", "told"),
    [
        (Ports(), f"Connect it: {SEND}, and {LISTEN}."),
        (Ports(output="Synth"), f"Connect it: {SEND}."),
        (Ports(output="jam.mid"), f"Connect it: {SEND}."),
        (Ports(input="Keyboard"), f"Connect it: {LISTEN}."),
    ],
)
def test_ports_of_our_own_are_to_be_connected_by_others(ports: Ports, told: str) -> None:
    assert opening(Config(ports=ports), "")[0] == told


def test_it_follows_the_line_on_what_is_connected() -> None:
    out = io.StringIO()
    Report("normal", ["Listening."], out=out).started("Keyboard", "Synth", "default", 7)
    assert out.getvalue() == "Keyboard -> Synth  model default  seed 7\nListening.\n"
