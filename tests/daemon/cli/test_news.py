"""What a session from file to file tells, through the command: its options, its modes, its panics."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.jam import melody
from support.modes import mode_change
from support.written import onsets

from musedaemon.cli.main import main
from musedaemon.config import loading
from musedaemon.core.events import ControlChange, MidiEvent
from musedaemon.core.modes import Mode
from musedaemon.midi.files import TempoChange, Track, write_midi_file

TINY = Path(__file__).parents[2] / "assets" / "tiny.onnx"
CALL = melody([60, 62, 64, 65, 67, 65, 64, 62, 60, 62, 64, 65], step=0.5)
SIGNALS = """
[turns]
mode_control = 80
panic_control = 81
[log]
format = "{form}"
"""


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(loading, "user_file", lambda: tmp_path / "none" / "config.toml")


def play(events: list[MidiEvent], *options: str) -> int:
    write_midi_file(Path("call.mid"), [Track("piano", events)], [TempoChange(0.0, 120.0)])
    return main(["--in", "call.mid", "--out", "jam.mid", "--model", str(TINY), "--seed", "1", *options])


WITH_NEWS = [
    *CALL,
    mode_change(6.2, Mode.DUET),
    ControlChange(6.3, 0, 81, 127),
    mode_change(6.4, Mode.LISTEN),
]


def test_a_knob_that_changes_the_mode_and_a_panic_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    Path("config.toml").write_text(SIGNALS.format(form="text"))
    assert play(WITH_NEWS) == 0
    told = capsys.readouterr().out.splitlines()
    news = [line for line in told if line.startswith(("mode", "panic"))]
    assert news == [
        "mode duet: play; it joins in",
        "panic: all is silent, the partner waits until you play",
        "mode listen: play; it only listens and learns",
    ]


def test_programs_are_told_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    Path("config.toml").write_text(SIGNALS.format(form="json"))
    assert play(WITH_NEWS) == 0
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [(line["event"], line.get("mode")) for line in lines if line["event"] in ("mode", "panic")] == [
        ("mode", "duet"),
        ("panic", None),
        ("mode", "listen"),
    ]
    (started,) = [line for line in lines if line["event"] == "started"]
    assert (started["mode"], started["settings"]) == ("call-response", "config.toml")


def test_options_without_effect_are_named_once_in_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert play(CALL, "--record", "takes", "--count-in", "2", "--quiet") == 0
    assert capsys.readouterr().err == ""
    assert play(CALL, "--record", "takes", "--count-in", "2") == 0
    assert capsys.readouterr().err == (
        "musedaemon: warning: no effect here: --record needs a port for --out;"
        " --count-in needs a port for --in or --out and --clock internal\n"
    )
    assert not Path("takes").exists()


def test_settings_of_a_file_without_effect_are_told_to_those_who_asked_for_more(
    capsys: pytest.CaptureFixture[str],
) -> None:
    Path("config.toml").write_text('[takes]\nrecord = "takes"\n')
    assert play(CALL) == 0
    assert capsys.readouterr().err == ""
    assert play(CALL, "-v") == 0
    told = capsys.readouterr()
    assert told.err == ""
    assert "no effect here: takes.record needs a port for --out" in told.out.splitlines()


def test_another_programs_settings_are_left_alone_and_that_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    Path("config.toml").write_text('title = "A site"\n[params]\ntheme = "dark"\n')
    assert play(CALL) == 0
    assert capsys.readouterr().err == (
        "musedaemon: warning: config.toml in this folder is another program's, and is left alone;"
        " --config names yours\n"
    )


def test_a_reply_to_a_file_swings_on_the_beat_that_was_found(capsys: pytest.CaptureFixture[str]) -> None:
    eighths = melody([60, 62, 64, 65, 67, 65, 64, 62] * 2, step=0.25, length=0.2)

    def response(*options: str) -> list[int]:
        # With seed 1 the two part at their last note: what has left by then is remembered.
        assert play(eighths, "--memory", "1", "--seed", "2", *options) == 0
        return onsets(Path("jam.mid"), "response")

    straight, swung = response(), response("--swing", "0.75")
    assert capsys.readouterr().err == ""
    # 480 ticks a beat: its second eighth comes at 360 instead of 240, triplets and what lies on the file's beats stay.
    moved = {(before % 480, after - before) for before, after in zip(straight, swung, strict=True)}
    assert all(by == 0 for place, by in moved if place % 160 == 0)
    assert all(by == min(place, 480 - place) / 2 for place, by in moved if place % 160)
    assert len(moved) > 3
