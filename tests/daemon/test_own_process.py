from __future__ import annotations

import os
import subprocess

import pytest

from musedaemon.own_process import started


def test_it_is_a_module_of_ours_and_hears_and_tells_by_pipes() -> None:
    process = started("musedaemon.takes.keeper")
    out, _ = process.communicate(b'["look in", "nowhere"]\n', timeout=60)
    assert (out, process.returncode) == (b"", 0)


@pytest.mark.skipif(os.name != "posix", reason="sessions are of POSIX")
def test_what_a_terminal_sends_to_its_programs_does_not_reach_it() -> None:
    process = started("musedaemon.takes.keeper")
    try:
        assert os.getsid(process.pid) == process.pid
    finally:
        process.communicate(timeout=60)


def test_on_windows_it_is_on_no_console(monkeypatch: pytest.MonkeyPatch) -> None:
    flags: list[int] = []

    def start(command: list[str], creationflags: int = 0, **others: object) -> None:
        flags.append(creationflags)

    monkeypatch.setattr(subprocess, "CREATE_NO_WINDOW", 0x08000000, raising=False)
    monkeypatch.setattr(subprocess, "Popen", start)
    started("musedaemon.takes.keeper")
    assert flags == [0x08000000]
