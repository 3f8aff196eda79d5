"""Panic from every side: the daemon over JACK, in the midst of its reply."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from support.flood import left_on
from support.jack_bench import JackBench, wait_until
from support.jack_server import JackServer

pytestmark = pytest.mark.jack
pty = pytest.importorskip("pty")  # Windows has none

IN, OUT = "musedaemon-in:musedaemon in", "musedaemon-out:musedaemon out"
ASSETS = Path(__file__).parents[2] / "assets"
PHRASE = [
    event
    for index, pitch in enumerate((60, 62, 64, 65, 67))
    for event in ((index * 0.125, bytes((0x90, pitch, 80))), (index * 0.125 + 0.1, bytes((0x80, pitch, 0))))
]
PEDAL, PEDALS_UP = b"\xb0\x40\x7f", [b"\xb0\x40\x00", b"\xb2\x40\x00"]
SILENCES = [b"\xb0\x7b\x00", b"\xb0\x78\x00", b"\xb2\x7b\x00", b"\xb2\x78\x00"]

Ask = Callable[["subprocess.Popen[bytes]", JackBench, int], object]
BY: dict[str, Ask] = {
    "signal": lambda daemon, bench, terminal: daemon.send_signal(signal.SIGUSR1),
    "terminal": lambda daemon, bench, terminal: os.write(terminal, b"p\n"),
    "key": lambda daemon, bench, terminal: bench.play([(0.0, b"\x90\x15\x50"), (0.1, b"\x80\x15\x00")], into=IN),
    "control": lambda daemon, bench, terminal: bench.play([(0.0, b"\xb5\x1e\x7f")], into=IN),
}


@pytest.mark.parametrize("by", list(BY))
def test_all_is_silent_at_once_and_the_next_phrase_is_answered(
    jack_server: JackServer, tmp_path: Path, by: str
) -> None:
    config = tmp_path / "panic.toml"
    asset = (ASSETS / "long_replies.toml").read_text().replace("tiny.onnx", (ASSETS / "tiny.onnx").as_posix())
    config.write_text(asset.replace("[turns]", "[turns]\npanic_key = 21\npanic_control = 30"))
    typed, terminal = pty.openpty()
    settings = ["--config", str(config), "--api", "jack", "--bpm", "240", "--hand-over", "0.2", "--channel", "3"]
    with subprocess.Popen(
        [sys.executable, "-m", "musedaemon", *settings], stdin=terminal, stdout=subprocess.DEVNULL
    ) as daemon:
        try:
            with JackBench(jack_server) as bench:
                bench.listen_to(OUT)
                bench.play(PHRASE, into=IN)
                bench.wait_for(len(PHRASE) + 3, patience=30)
                bench.play([(0.0, PEDAL)], into=IN)
                wait_until(lambda: PEDAL in all_of(bench), 20, lambda: "the pedal was not passed on")
                asked = time.monotonic()
                BY[by](daemon, bench, typed)
                wait_until(lambda: SILENCES[-1] in all_of(bench), 20, lambda: f"no panic in {all_of(bench)}")
                took = time.monotonic() - asked
                silent = [data for _, data in bench.wait_for_silence(1.0)]
                bench.play(PHRASE, into=IN)
                bench.wait_for(len(silent) + len(PHRASE) + 2, patience=30)
                daemon.send_signal(signal.SIGINT)
                assert daemon.wait(20) == 0
        finally:
            daemon.kill()
            os.close(typed)
            os.close(terminal)
    assert took < 1.0  # a bar takes one
    assert left_on(silent) == set()
    controls = [data for data in silent[silent.index(PEDAL) + 1 :] if data[0] & 0xF0 == 0xB0]
    assert list(dict.fromkeys(controls)) == [*PEDALS_UP, *SILENCES]  # those of a late period come twice


def all_of(bench: JackBench) -> list[bytes]:
    return [data for _, data in bench.recorded]
