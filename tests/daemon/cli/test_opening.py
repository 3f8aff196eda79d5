"""What a musician is told once a session has begun."""

from __future__ import annotations

import dataclasses
import io
from pathlib import Path

import pytest

from musedaemon.cli.opening import opening
from musedaemon.cli.report import Report
from musedaemon.config.schema import Config, Ports, Turns
from musedaemon.core.modes import Mode


def test_a_musician_is_told_to_play_and_how_it_ends() -> None:
    assert opening(Config(), None) == ["Listening: play a phrase, then let it answer. Ctrl-C ends."]


@pytest.mark.parametrize("mode", Mode)
def test_every_mode_says_what_it_does(mode: Mode) -> None:
    (line,) = opening(dataclasses.replace(Config(), turns=Turns(mode=mode.value)), None)
    assert line.startswith("Listening: play")


def test_a_file_is_not_told_to_play_and_a_settings_file_is_named() -> None:
    config = dataclasses.replace(Config(), ports=Ports(input="call.MID"))
    assert opening(config, Path("config.toml")) == ["settings from config.toml"]


def test_it_follows_the_line_on_what_is_connected() -> None:
    out = io.StringIO()
    Report("normal", ["Listening."], out=out).started("Keyboard", "Synth", "default", 7)
    assert out.getvalue() == "Keyboard -> Synth  model default  seed 7\nListening.\n"
