"""A daemon over JACK whose takes are looked at."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from support.jack_bench import wait_until
from support.live_daemon import ASSETS
from support.midi_balance import note_ons
from support.written import tracks


def scale(notes: int, step: float = 0.1) -> list[tuple[float, bytes]]:
    """So many notes, one each `step` seconds."""
    return [
        event
        for index in range(notes)
        for event in (
            (index * step, bytes((0x90, 36 + index % 60, 80))),
            (index * step + 0.05, bytes((0x80, 36 + index % 60, 64))),
        )
    ]


@contextmanager
def daemon(*options: str) -> Iterator[subprocess.Popen[str]]:
    """Killed if the test leaves it running."""
    command = [sys.executable, "-m", "musedaemon", "--config", str(ASSETS / "long_replies.toml"), "--api", "jack"]
    process = subprocess.Popen(
        [*command, "--bpm", "240", *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def stop(process: subprocess.Popen[str]) -> tuple[str, str]:
    """End it in order; what it printed, and its warnings."""
    process.send_signal(signal.SIGTERM)
    return process.communicate(timeout=30)


def heard_by(target: Path) -> int:
    """How many notes of the call are in a file."""
    return len(note_ons(tracks(target).get("call", [])))


def the_take(folder: Path) -> Path:
    """The only .mid file there."""
    (target,) = folder.glob("*.mid")
    return target


def wait_for_journal(folder: Path, lines: int) -> None:
    """A journal has so many lines: what is in it is safe, whatever dies."""

    def written() -> int:
        return sum(path.read_bytes().count(b"\n") for path in folder.glob(".*.take"))

    wait_until(lambda: written() >= lines, 30, lambda: f"{written()} of {lines} lines")


def children(process: subprocess.Popen[str]) -> list[int]:
    """The ids of the processes it has started."""
    listed = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(process.pid)], stdout=subprocess.PIPE, text=True, check=True
    )
    return [int(word) for word in listed.stdout.split()]
