"""What is shipped for service managers, and what its page says."""

from __future__ import annotations

import io
import json
import os
import plistlib
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from musedaemon.cli.json_report import JsonReport
from musedaemon.cli.main import CRASHED
from musedaemon.cli.start import INTERRUPTED
from musedaemon.core.modes import Mode
from musedaemon.errors import MusedaemonError
from musedaemon.run.reloading import LIVE_KEYS
from musedaemon.run.reporting import (
    ClockChange,
    ClockPhase,
    Minute,
    PortState,
    Reporter,
    SessionSummary,
    TurnSummary,
)

ROOT = Path(__file__).parents[2]
UNIT = ROOT / "packaging" / "musedaemon.service"
PAGE = (ROOT / "docs" / "service.md").read_text(encoding="utf-8")


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
def test_systemd_finds_nothing_wrong_with_the_unit(tmp_path: Path) -> None:
    program = tmp_path / ".local" / "bin" / "musedaemon"
    program.parent.mkdir(parents=True)
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    environment = {**os.environ, "HOME": str(tmp_path), "XDG_RUNTIME_DIR": str(tmp_path)}
    done = subprocess.run(
        ["systemd-analyze", "--user", "verify", str(UNIT)], capture_output=True, text=True, env=environment, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_the_unit_waits_for_readiness_and_knows_the_exit_statuses() -> None:
    lines = UNIT.read_text(encoding="utf-8").splitlines()
    assert {"Type=notify", "Restart=on-failure", "KillMode=control-group"} <= set(lines)
    assert f"RestartPreventExitStatus={MusedaemonError.exit_status}" in lines


def test_launchd_can_read_its_agent() -> None:
    agent = plistlib.loads((ROOT / "packaging" / "org.musedaemon.plist").read_bytes())
    assert agent["Label"] == "org.musedaemon"
    assert agent["ProgramArguments"][1:] == ["--log-format", "json"]
    assert agent["KeepAlive"] == {"SuccessfulExit": False}


def test_the_page_names_every_exit_status_and_every_setting_that_changes_while_it_plays() -> None:
    statuses = [int(found) for found in re.findall(r"^\| (\d+) \|", PAGE, flags=re.MULTILINE)]
    assert statuses == [0, MusedaemonError.exit_status, CRASHED, INTERRUPTED]
    named = [key for section, keys in LIVE_KEYS.items() if section != "reply" for key in keys]
    assert [key for key in named if f"`{key}`" not in PAGE] == []


def test_the_page_names_every_event_of_the_log_and_its_keys() -> None:
    rows = [line.split("|")[1:3] for line in PAGE.splitlines() if line.startswith("| `")]
    named = {event: keys for events, keys in rows for event in re.findall(r"`(\w+)`", events)}
    for line in everything_told():
        event = line.pop("event")
        assert event in named
        missing = [key for key in line if key not in ("time", "level") and f"`{key}`" not in named[event]]
        assert (event, missing) == (event, [])


def everything_told() -> list[dict[str, object]]:
    """A line of each kind."""
    out = io.StringIO()
    report = JsonReport("verbose", out, mode="duet", settings=None)
    report.started("in", "out", "default", 7)
    report.turn(TurnSummary(1, 96.0, "given", 12, 8.0, 11, 7.5))
    report.port("Keys", PortState.GONE)
    report.clock(ClockChange("midi", ClockPhase.FOUND, 96.0))
    report.mode(Mode.DUET)
    report.panicked()
    report.answer("The mode is duet.")
    report.minute(Minute(4, 48, 45, 1, 1.234))
    report.kept(Path("jam.mid"))
    report.reloaded(["model.memory"], [])
    report.warning("a warning")
    report.detail("a detail")
    report.refused("a mistake")
    report.crashed(ZeroDivisionError("a bug"))
    report.finished(SessionSummary(4, 48, 45))
    lines: list[dict[str, object]] = [json.loads(line) for line in out.getvalue().splitlines()]
    methods = [name for name in vars(Reporter) if not name.startswith("_")]
    assert len(lines) == len({*methods, "refused", "crashed"})
    return lines
