"""What is shipped for service managers, and what its page says."""

from __future__ import annotations

import os
import plistlib
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from musedaemon.cli.main import CRASHED, INTERRUPTED
from musedaemon.errors import MusedaemonError
from musedaemon.run.reloading import LIVE_KEYS

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
