from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from musedaemon.cli.json_report import JsonReport
from musedaemon.cli.report import Report, minute_line
from musedaemon.core.modes import Mode
from musedaemon.run.reporting import ClockChange, ClockPhase, Minute, Reporter, SessionSummary, TurnSummary

TURN = TurnSummary(1, 96.0, "given", 12, 8.0, 11, 7.5)
MINUTE = Minute(4, 48, 45, 1, 1.234)


def told(level: str) -> list[dict[str, object]]:
    out = io.StringIO()
    report: Reporter = JsonReport(level, out)
    report.started("in", "out", "default", 7)
    report.turn(TURN)
    report.minute(MINUTE)
    report.detail("a detail")
    report.warning('a "warning"\nin two lines')
    report.kept(Path("jam.mid"))
    report.reloaded(["model.memory"], [])
    report.clock(ClockChange("midi", ClockPhase.AWAITED, None, "DAW"))
    report.clock(ClockChange("midi", ClockPhase.LOST, 96.0))
    report.mode(Mode.DUET)
    report.panicked()
    report.answer("The mode is duet.")
    report.finished(SessionSummary(4, 48, 45, written=Path("jam.mid")))
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_every_line_is_an_object_with_time_level_and_event() -> None:
    lines = told("verbose")
    assert [(line["level"], line["event"]) for line in lines] == [
        ("info", "started"),
        ("info", "turn"),
        ("info", "minute"),
        ("debug", "detail"),
        ("warning", "warning"),
        ("info", "take"),
        ("info", "reloaded"),
        ("info", "clock"),
        ("warning", "clock"),
        ("info", "mode"),
        ("info", "panic"),
        ("info", "answer"),
        ("info", "finished"),
    ]
    told_of_clock = [
        {key: line[key] for key in ("clock", "state", "bpm", "port") if key in line} for line in lines[7:9]
    ]
    assert told_of_clock == [
        {"clock": "midi", "state": "awaited", "bpm": None, "port": "DAW"},
        {"clock": "midi", "state": "lost", "bpm": 96.0},
    ]
    assert lines[9]["mode"] == "duet"
    assert all(str(line["time"]).endswith("+00:00") for line in lines)
    assert lines[2] | {"time": ""} == {
        "time": "",
        "level": "info",
        "event": "minute",
        "turns": 4,
        "heard": 48,
        "played": 45,
        "dropped": 1,
        "lateness_p99_ms": 1.234,
    }
    assert lines[-1]["written"] == "jam.mid"


@pytest.mark.parametrize(("level", "events"), [("quiet", 1), ("normal", 12)])
def test_the_level_leaves_out_what_is_below_it(level: str, events: int) -> None:
    assert len(told(level)) == events


def test_a_crash_is_one_line_with_its_traceback() -> None:
    out = io.StringIO()
    try:
        raise ZeroDivisionError("a bug")
    except ZeroDivisionError as error:
        JsonReport("quiet", out).crashed(error)
    (line,) = out.getvalue().splitlines()
    crash = json.loads(line)
    assert (crash["level"], crash["event"]) == ("error", "crashed")
    assert "test_json_report.py" in crash["traceback"]


def test_a_minute_in_words_and_none_where_nothing_was_played() -> None:
    assert minute_line(MINUTE) == (
        "last minute: 4 turns, 48 notes heard, 45 played, p99 1.2 ms late, 1 left out as too late"
    )
    out = io.StringIO()
    report = Report("normal", out=out)
    report.minute(Minute(0, 0, 0, 0, None))
    report.minute(Minute(0, 1, 0, 0, None))
    assert out.getvalue() == "last minute: 0 turns, 1 note heard, 0 played\n"


def test_settings_that_wait_are_a_warning() -> None:
    out, err = io.StringIO(), io.StringIO()
    report = Report("normal", out=out, err=err)
    report.reloaded(["model.memory"], ["ports.input", "tempo.clock"])
    assert out.getvalue() == "settings read again: model.memory changed\n"
    assert err.getvalue() == (
        "musedaemon: warning: ports.input, tempo.clock cannot change while it plays; start musedaemon again for them\n"
    )


def test_the_beginning_has_what_the_text_says_then() -> None:
    out = io.StringIO()
    JsonReport("normal", out, mode="duet", settings="config.toml").started("in", "out", "default", 7)
    line = json.loads(out.getvalue())
    assert {key: line[key] for key in ("input", "output", "model", "seed", "mode", "settings")} == {
        "input": "in",
        "output": "out",
        "model": "default",
        "seed": 7,
        "mode": "duet",
        "settings": "config.toml",
    }
