"""A flood into the daemon over JACK, in short. A minute of it: benchmarks/flood.py."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest
from support.flood import flood, left_on
from support.jack_bench import JackBench
from support.jack_server import JackServer
from support.midi_balance import note_ons

pytestmark = pytest.mark.jack

IN, OUT = "musedaemon-in:musedaemon in", "musedaemon-out:musedaemon out"
ASSETS = Path(__file__).parents[2] / "assets"
PHRASE = [
    event
    for index, pitch in enumerate((60, 62, 64, 65, 67))
    for event in ((index * 0.2, bytes((0x90, pitch, 80))), (index * 0.2 + 0.15, bytes((0x80, pitch, 0))))
]


def test_three_seconds_of_5000_messages_a_second_leave_nothing_on_and_the_next_phrase_is_answered(
    jack_server: JackServer,
) -> None:
    settings = ["--config", str(ASSETS / "long_replies.toml"), "--api", "jack", "--bpm", "240", "-q"]
    with subprocess.Popen(
        [sys.executable, "-m", "musedaemon", *settings], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as daemon:
        try:
            with JackBench(jack_server) as bench:
                bench.listen_to(OUT)
                bench.play(flood(3.0, 5_000.0), into=IN)
                recorded = [data for _, data in bench.wait_for_silence(2.0, patience=60.0)]
                bench.play(PHRASE, into=IN)
                bench.wait_for(len(recorded) + len(PHRASE) + 2, patience=30.0)
                daemon.send_signal(signal.SIGINT)
                _, err = daemon.communicate(timeout=30)
                end = [data for _, data in bench.wait_for_silence(0.3)]
        finally:
            daemon.kill()
    assert note_ons(recorded)
    assert left_on(recorded) == left_on(end) == set()
    assert daemon.returncode == 0
    assert [line for line in err.splitlines() if " messages " not in line] == []


def test_a_sysex_without_its_end_costs_nothing_that_follows_it(jack_server: JackServer) -> None:
    """rtmidi over JACK hands on nothing more until a SysEx ends: then all of it, in one piece."""
    settings = ["--config", str(ASSETS / "long_replies.toml"), "--api", "jack", "-q"]
    down, up = b"\x90\x3c\x50", b"\x80\x3c\x40"
    with subprocess.Popen([sys.executable, "-m", "musedaemon", *settings], stdout=subprocess.DEVNULL) as daemon:
        try:
            with JackBench(jack_server) as bench:
                bench.listen_to(OUT)
                bench.play([(0.0, b"\xf0\x01\x02"), (0.1, down), (0.2, up), (0.3, b"\xf0\x03\xf7")], into=IN)
                assert [data for _, data in bench.wait_for(3, patience=20)] == [down, up, b"\xf0\x03\xf7"]
        finally:
            daemon.kill()
