"""The daemon as a process of its own, with the tiny model and quick turns."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

ASSETS = Path(__file__).parents[1] / "assets"
IN = "musedaemon-in:musedaemon in"
OUT = "musedaemon-out:musedaemon out"
PITCHES = (60, 62, 64, 65, 67, 65)
PHRASE = [
    event
    for index, pitch in enumerate(PITCHES)
    for event in ((index * 0.125, bytes((0x90, pitch, 80))), (index * 0.125 + 0.1, bytes((0x80, pitch, 64))))
]


@contextmanager
def daemon(*options: str, environment: Mapping[str, str] | None = None) -> Iterator[subprocess.Popen[str]]:
    """`musedaemon` over JACK; killed if the test leaves it running."""
    command = [sys.executable, "-m", "musedaemon", "--config", str(ASSETS / "long_replies.toml"), "--api", "jack"]
    process = subprocess.Popen(
        [*command, "--bpm", "240", "--hand-over", "0.2", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def finish(process: subprocess.Popen[str], number: signal.Signals = signal.SIGINT) -> str:
    """End it by a signal; what it had left to say."""
    process.send_signal(number)
    out, err = process.communicate(timeout=20)
    assert err == ""
    assert process.returncode == 0
    return out


def next_line(process: subprocess.Popen[str], beginning: str) -> str:
    """The next line that begins so; what comes before it is lost."""
    assert process.stdout is not None
    return next(line for line in iter(process.stdout.readline, "") if line.startswith(beginning))


def data_of(recorded: list[tuple[float, bytes]]) -> list[bytes]:
    """The messages without their times."""
    return [data for _, data in recorded]
