"""A long jam with flat memory: an hour in virtual time, and ten minutes in real time over JACK.

    python benchmarks/jam.py [--virtual 3600] [--real 600]

Seconds each; 0 leaves one out. Linux; starts a private JACK server (package jackd2) at 64 frames a period. The daemon
over JACK is the command itself; JACK's own client plays and records.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as the command does: see docs/decisions.md 8
sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from support.dense import IN, OUT
from support.jack_bench import JackBench
from support.jack_server import JackServer, running_server
from support.long_jam import jam_in_virtual_time
from support.memory_use import growth, own_megabytes
from support.midi_balance import note_ons, unbalanced
from support.playing import jamming, timed_bytes

from musedaemon.core.events import MidiEvent, NoteOn
from musedaemon.model.onnx_model import load_default

_EACH_S = 5.0
_SILENCE_S = 15.0


def in_virtual_time(seconds: float) -> str:
    """What came of an hour or so. AssertionError if a note hangs."""
    samples: list[tuple[float, float]] = []
    began = time.perf_counter()
    events = jamming(seconds)
    balance, _ = jam_in_virtual_time(events, load_default(), lambda at: samples.append((at, own_megabytes())))
    assert balance.hanging == {}, f"these hang: {balance.hanging}"
    turns = f"{balance.turns} turns ({balance.withdrawn} withdrawn)"
    notes = f"{_notes(events)} notes heard, {balance.played} played, none hangs"
    return f"{turns}, {notes}; {growth(samples)}; took {time.perf_counter() - began:.0f} s"


def over_jack(seconds: float, server: JackServer) -> str:
    """What came of some minutes with the command itself. AssertionError if a note hangs or it does not end well."""
    command = [sys.executable, "-m", "musedaemon", "--api", "jack", "--channel", "2", "--seed", "1"]
    daemon = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        with JackBench(server, "pianist") as bench:
            samples = _play(jamming(seconds), bench, daemon.pid)
            daemon.send_signal(signal.SIGINT)
            out, err = daemon.communicate(timeout=30)
            recorded = [data for _, data in bench.recorded]
    finally:
        daemon.kill()
    assert (daemon.returncode, err) == (0, ""), f"it ended with {daemon.returncode}: {err}"
    assert unbalanced(recorded) == {}, f"these hang: {unbalanced(recorded)}"
    thru = [data for data in recorded if data[0] & 0x0F == 0]
    lost = _notes(jamming(seconds)) - len(note_ons(thru))
    return f"{out.splitlines()[-1]} {lost} notes lost on their way thru, none hangs; {growth(samples)}"


def _play(events: Sequence[MidiEvent], bench: JackBench, process: int) -> list[tuple[float, float]]:
    """Play it all, and sample the daemon's memory meanwhile."""
    bench.listen_to(OUT)
    bench.play(timed_bytes(events), into=IN)
    began = time.monotonic()
    samples = []
    while time.monotonic() - began < events[-1].at + _SILENCE_S:
        samples.append((time.monotonic() - began, own_megabytes(process)))
        time.sleep(_EACH_S)
    return samples


def _notes(events: Sequence[MidiEvent]) -> int:
    return sum(isinstance(event, NoteOn) for event in events)


def main() -> None:
    """Play both and print a line each."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--virtual", type=float, default=3600.0)
    options.add_argument("--real", type=float, default=600.0)
    chosen = options.parse_args()
    if chosen.virtual:
        print(f"{chosen.virtual:g} s in virtual time: {in_virtual_time(chosen.virtual)}", flush=True)
    if chosen.real:
        with running_server(f"musejam-{os.getpid()}") as server:
            print(f"{chosen.real:g} s over JACK: {over_jack(chosen.real, server)}")


if __name__ == "__main__":
    main()
