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


def main() -> int:
    """Play the flood, then a phrase; print what came of it."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--seconds", type=float, default=60.0)
    options.add_argument("--rate", type=float, default=5_000.0)
    options.add_argument("--guardian", choices=("rtmidi", "jack-client"), default="jack-client")
    chosen = options.parse_args()
    command = [sys.executable, "-c", DAEMON, chosen.guardian, "--api", "jack", "--bpm", "120", "--seed", "1"]
    with running_server(f"museflood-{os.getpid()}") as server, tempfile.TemporaryFile("w+") as told:
        daemon = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=told)
        try:
            with JackBench(server) as bench:
                bench.listen_to(OUT)
                time.sleep(1.0)
                before = own_megabytes(daemon.pid)
                messages = flood(chosen.seconds, chosen.rate)
                bench.play(messages, into=IN)
                most = before
                until = bench.now() + chosen.seconds + 3.0
                while bench.now() < until:
                    time.sleep(1.0)
                    most = max(most, own_megabytes(daemon.pid))
                recorded = [data for _, data in bench.wait_for_silence(3.0, patience=400.0)]
                hanging = left_on(recorded)
                after = own_megabytes(daemon.pid)
                bench.play(PHRASE, into=IN)
                bench.wait_for(len(recorded) + len(PHRASE) + 2, patience=20.0)
                daemon.send_signal(signal.SIGINT)
                status = daemon.wait(20.0)
                end = [data for _, data in bench.wait_for_silence(0.5)]
        finally:
            daemon.kill()
        told.seek(0)
        said = told.read()
    shed = {
        what: sum(map(int, re.findall(rf"(\d+) messages {what}", said)))
        for what in ("that came in", "were passed on", "to the MIDI")
    }
    wrong = [line for line in said.splitlines() if not re.match(r"\d+ messages ", line)]
    heard, out, ons = len(messages), len(recorded), len(note_ons(recorded))
    print(f"{heard} messages in {chosen.seconds:g} s by {chosen.guardian}; {out} came out, {ons} of them note-ons")
    print(f"left out, as told: {shed}")
    print(f"hanging: {len(hanging)} after the flood, {len(left_on(end))} at the end; exit status {status}")
    print(f"own memory: {before:.0f} MB before, {most:.0f} at most, {after:.0f} after")
    print("\n".join(wrong))
    return 1 if hanging or left_on(end) or wrong or status else 0


if __name__ == "__main__":
    sys.exit(main())
