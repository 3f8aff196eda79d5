"""The daemon as a service, over JACK: its supervisor, its log, new settings while it plays, and what a crash leaves."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import signal
import socket
import subprocess
import sys
import termios
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from support.jack_bench import JackBench, wait_until
from support.jack_server import JackServer
from support.midi_balance import note_ons, unbalanced

pytestmark = pytest.mark.jack

ASSETS = Path(__file__).parents[2] / "assets"
IN = "musedaemon-in:musedaemon in"
OUT = "musedaemon-out:musedaemon out"
PHRASE = [
    event
    for index, pitch in enumerate((60, 62, 64, 65, 67, 65))
    for event in ((index * 0.125, bytes((0x90, pitch, 80))), (index * 0.125 + 0.1, bytes((0x80, pitch, 64))))
]
CRASHING = """
import sys
from musedaemon.cli.main import main
from musedaemon.core import engine

whole = engine.Engine.advance

def advance(self, now):
    if self._voice.turns and self.turn is engine.Turn.REPLYING and now > self._ear.heard_at + 1.0:
        raise ZeroDivisionError("a bug in mid-reply")
    return whole(self, now)

engine.Engine.advance = advance
sys.exit(main())
"""


@contextmanager
def service(
    *options: str, program: Sequence[str] = ("-m", "musedaemon"), environment: dict[str, str] | None = None
) -> Iterator[subprocess.Popen[str]]:
    """Without a terminal, as a service manager starts it."""
    process = subprocess.Popen(
        [sys.executable, *program, "--api", "jack", "--no-thru", *options],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env={**os.environ, **(environment or {})},
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def settings(folder: Path, hand_over_s: float, more: str = "") -> Path:
    path = folder / "service.toml"
    path.write_text(
        f"[model]\npath = '{ASSETS / 'tiny.onnx'}'\nseed = 1\n"
        f"[turns]\nhand_over_s = {hand_over_s}\nlength = 4.0\n[tempo]\nbpm = 240\n{more}"
    )
    return path


def stop(process: subprocess.Popen[str]) -> list[dict[str, object]]:
    """End it; returns what it logged."""
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=30)
    return [json.loads(line) for line in err.splitlines()]


class Manager:
    """A service manager's end of NOTIFY_SOCKET."""

    def __init__(self, path: Path) -> None:
        self.environment = {"NOTIFY_SOCKET": str(path), "WATCHDOG_USEC": "900000"}
        self.ear = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.ear.bind(str(path))
        self.ear.setblocking(False)
        self._heard: list[str] = []

    def heard(self) -> list[str]:
        """The first line of each message so far."""
        try:
            while True:
                self._heard.append(self.ear.recv(4096).decode().split("\n")[0])
        except BlockingIOError:
            return self._heard

    def wait_for(self, line: str, count: int = 1) -> None:
        wait_until(lambda: self.heard().count(line) >= count, 40, lambda: f"{line} is not among {self._heard}")


def test_a_supervisor_hears_of_its_life_and_settings_change_while_it_plays(
    jack_server: JackServer, tmp_path: Path
) -> None:
    manager = Manager(tmp_path / "notify")
    config = settings(tmp_path, hand_over_s=0.0, more="[log]\nlevel = 'normal'\n")
    config.write_text(config.read_text().replace("[turns]", "[turns]\nhand_over_control = 85"))
    options = ("--config", str(config), "--log-format", "json")
    with service(*options, environment=manager.environment) as process, JackBench(jack_server) as bench:
        manager.wait_for("READY=1")
        manager.wait_for("WATCHDOG=1", 3)
        bench.listen_to(OUT)
        bench.play(PHRASE, into=IN)
        assert bench.wait_for_silence(1.5) == []  # silence says nothing yet
        settings(tmp_path, hand_over_s=0.2, more="[ports]\nresponse_channel = 9\n")
        process.send_signal(signal.SIGHUP)
        manager.wait_for("READY=1", 2)
        bench.play(PHRASE, into=IN)
        bench.wait_for(4, patience=20)
        config.write_text("[model]\nmemory = 7\n")
        process.send_signal(signal.SIGHUP)
        manager.wait_for("READY=1", 3)
        log = stop(process)
        heard = manager.heard()
        recorded = bench.wait_for_silence(0.3)
    assert process.returncode == 0
    assert unbalanced([data for _, data in recorded]) == {}
    assert {data[0] & 0x0F for _, data in recorded} == {0}  # the channel waits for the next start
    assert heard[0] == "READY=1"
    assert heard[-1] == "STOPPING=1"
    assert heard.count("RELOADING=1") == 2
    reloaded = next(entry for entry in log if entry["event"] == "reloaded")
    assert (reloaded["changed"], reloaded["waiting"]) == (
        ["turns.hand_over_s"],
        ["ports.response_channel", "turns.hand_over_control"],
    )
    (warning,) = [entry for entry in log if entry["event"] == "warning"]
    assert "model.memory" in str(warning["text"])
    assert [log[0]["event"], log[-1]["event"]] == ["started", "finished"]


def test_a_daemon_that_hangs_is_not_told_to_be_alive(jack_server: JackServer, tmp_path: Path) -> None:
    manager = Manager(tmp_path / "notify")
    options = ("--config", str(settings(tmp_path, 0.2)), "--log-format", "json")
    hangs = CRASHING.replace(
        'raise ZeroDivisionError("a bug in mid-reply")', "import threading; threading.Event().wait()"
    )
    with (
        service(*options, program=("-c", hangs), environment=manager.environment) as process,
        JackBench(jack_server) as bench,
    ):
        manager.wait_for("WATCHDOG=1", 2)
        bench.listen_to(OUT)
        bench.play(PHRASE, into=IN)
        bench.wait_for(2, patience=20)
        wait_until(lambda: fell_silent(manager), 40.0, lambda: "systemd is told on and on that it is alive")
        assert process.poll() is None


def fell_silent(manager: Manager) -> bool:
    before = len(manager.heard())
    time.sleep(2.0)  # four times as long as from one ping to the next
    return len(manager.heard()) == before


def test_a_terminal_that_is_closed_ends_it_and_no_note_hangs(jack_server: JackServer, tmp_path: Path) -> None:
    terminal, its_end = pty.openpty()

    def control() -> None:
        signal.signal(signal.SIGHUP, signal.SIG_DFL)  # the tests themselves may run under nohup
        fcntl.ioctl(its_end, termios.TIOCSCTTY, 0)

    command = [sys.executable, "-m", "musedaemon", "--api", "jack", "--config", str(settings(tmp_path, 0.2))]
    process = subprocess.Popen(
        command,
        stdin=its_end,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        preexec_fn=control,
        start_new_session=True,
    )
    os.close(its_end)
    try:
        with JackBench(jack_server) as bench:
            bench.listen_to(OUT)
            bench.play(PHRASE, into=IN)
            bench.wait_for(len(PHRASE) + 1, patience=30)
            os.close(terminal)
            _, err = process.communicate(timeout=30)
            recorded = bench.wait_for_silence(0.3)
    finally:
        process.kill()
        process.communicate()
    assert (process.returncode, err) == (0, b"")
    assert unbalanced([data for _, data in recorded]) == {}


@pytest.mark.parametrize("log_format", ["json", "text"])
def test_a_crash_of_the_engine_thread_ends_it_with_its_notes_and_one_traceback(
    jack_server: JackServer, tmp_path: Path, log_format: str
) -> None:
    options = ("--config", str(settings(tmp_path, 0.2)), "--log-format", log_format)
    with service(*options, program=("-c", CRASHING)) as process, JackBench(jack_server) as bench:
        bench.listen_to(OUT)
        bench.play(PHRASE, into=IN)
        _, err = process.communicate(timeout=60)
        recorded = bench.wait_for_silence(0.3)
    assert process.returncode == 70
    assert note_ons([data for _, data in recorded])
    assert unbalanced([data for _, data in recorded]) == {}
    assert err.count("a bug in mid-reply") == (2 if log_format == "json" else 1)  # its text, and its traceback
    assert err.count("Traceback") == 1
    if log_format == "json":
        assert json.loads(err.splitlines()[-1])["event"] == "crashed"
