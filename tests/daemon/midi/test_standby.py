from __future__ import annotations

from pathlib import Path

import pytest

from musedaemon.midi.standby import Standby
from musedaemon.own_process import Process

ECHO = "import sys\nsys.stdout.write(sys.stdin.readline())\n"


@pytest.fixture
def standby(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Standby:
    (tmp_path / "echoing.py").write_text(ECHO)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    return Standby("echoing")


def said(process: Process, line: bytes) -> bytes:
    out, _ = process.communicate(line, timeout=60)
    return out


def test_who_stands_by_is_taken_once(standby: Standby) -> None:
    standby.make_ready()
    standby.make_ready()
    first, second = standby.take(), standby.take()
    assert first.pid != second.pid
    assert (said(first, b"one\n"), said(second, b"two\n")) == (b"one\n", b"two\n")


def test_one_that_has_died_is_not_taken(standby: Standby) -> None:
    standby.make_ready()
    dead = standby._ready
    assert dead is not None
    said(dead, b"")
    living = standby.take()
    assert said(living, b"here\n") == b"here\n"


def test_who_is_not_wanted_ends(standby: Standby) -> None:
    standby.make_ready()
    waiting = standby._ready
    assert waiting is not None
    standby.dismiss()
    assert waiting.wait(60) == 0
    standby.dismiss()
