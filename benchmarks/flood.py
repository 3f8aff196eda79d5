"""A flood of messages and garbage into the daemon over JACK: what hangs, what is left out, how much memory it takes.

    python benchmarks/flood.py [--seconds 60] [--rate 5000] [--guardian rtmidi|jack-client]

A private JACK server (package jackd2). Afterwards a phrase is played, which must be answered. Ends with status 1 if a
note hangs, the daemon says an error, or does not answer. Linux only.
"""

from __future__ import annotations

import argparse
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from support.flood import flood, left_on
from support.jack_bench import JackBench
from support.jack_server import running_server
from support.memory_use import own_megabytes
from support.midi_balance import note_ons

IN, OUT = "musedaemon-in:musedaemon in", "musedaemon-out:musedaemon out"
PHRASE = [
    event
    for index, pitch in enumerate((60, 62, 64, 65, 67))
    for event in ((index * 0.2, bytes((0x90, pitch, 80))), (index * 0.2 + 0.15, bytes((0x80, pitch, 0))))
]
DAEMON = """
import sys
if sys.argv.pop(1) == "rtmidi":
    sys.modules["jack"] = None  # as if JACK-Client were not installed
from musedaemon.cli.main import main
sys.exit(main())
"""


class Outcome(NamedTuple):
    """What came of a flood: what was heard by a synth, after it and at the end; megabytes of our own; what was told."""

    recorded: list[bytes]
    end: list[bytes]
    before: float
    most: float
    after: float
    status: int
    told: str


def main() -> int:
    """Play the flood, then a phrase; print what came of it."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--seconds", type=float, default=60.0)
    options.add_argument("--rate", type=float, default=5_000.0)
    options.add_argument("--guardian", choices=("rtmidi", "jack-client"), default="jack-client")
    chosen = options.parse_args()
    messages = flood(chosen.seconds, chosen.rate)
    outcome = flooded(messages, chosen.seconds, chosen.guardian)
    print(f"{len(messages)} messages in {chosen.seconds:g} s by {chosen.guardian}; ", end="")
    return report(outcome)


def flooded(messages: list[tuple[float, bytes]], seconds: float, guardian: str) -> Outcome:
    """Play it into a daemon over JACK, and a phrase after it."""
    command = [sys.executable, "-c", DAEMON, guardian, "--api", "jack", "--bpm", "120", "--seed", "1"]
    with running_server(f"museflood-{os.getpid()}") as server, tempfile.TemporaryFile("w+") as told:
        daemon = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=told)
        try:
            with JackBench(server) as bench:
                bench.listen_to(OUT)
                time.sleep(1.0)
                before = most = own_megabytes(daemon.pid)
                bench.play(messages, into=IN)
                until = bench.now() + seconds + 3.0
                while bench.now() < until:
                    time.sleep(1.0)
                    most = max(most, own_megabytes(daemon.pid))
                recorded = [data for _, data in bench.wait_for_silence(3.0, patience=400.0)]
                after = own_megabytes(daemon.pid)
                bench.play(PHRASE, into=IN)
                bench.wait_for(len(recorded) + len(PHRASE) + 2, patience=20.0)
                daemon.send_signal(signal.SIGINT)
                status = daemon.wait(20.0)
                end = [data for _, data in bench.wait_for_silence(0.5)]
        finally:
            daemon.kill()
        told.seek(0)
        return Outcome(recorded, end, before, most, after, status, told.read())


def report(outcome: Outcome) -> int:
    """Print it; 1 where anything is wrong."""
    told, hanging, at_the_end = outcome.told, left_on(outcome.recorded), left_on(outcome.end)
    shed = {
        what: sum(map(int, re.findall(rf"(\d+) messages {what}", told)))
        for what in ("that came in", "were passed on", "to the MIDI")
    }
    wrong = [line for line in told.splitlines() if not re.match(r"\d+ messages ", line)]
    print(f"{len(outcome.recorded)} came out, {len(note_ons(outcome.recorded))} of them note-ons")
    print(f"left out, as told: {shed}")
    print(f"hanging: {len(hanging)} after the flood, {len(at_the_end)} at the end; exit status {outcome.status}")
    print(f"own memory: {outcome.before:.0f} MB before, {outcome.most:.0f} at most, {outcome.after:.0f} after")
    print("\n".join(wrong))
    return 1 if hanging or at_the_end or wrong or outcome.status else 0


if __name__ == "__main__":
    sys.exit(main())
