"""What the idle daemon costs: processor time by thread and memory, beside two bare rtmidi ports on the same server.

    python benchmarks/idle.py [--frames 64] [--seconds 20]

Linux only; starts a private JACK server (package jackd2) and stops it.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

SERVER = f"museidle-{os.getpid()}"
BARE = """
import rtmidi, time
out, into = rtmidi.MidiOut(rtmidi.API_UNIX_JACK), rtmidi.MidiIn(rtmidi.API_UNIX_JACK)
out.open_virtual_port("out"); into.open_virtual_port("in"); into.set_callback(lambda message, data: None)
time.sleep(3600)
"""


def ticks(process: int) -> dict[str, int]:
    """Processor time of each thread so far, in clock ticks, by thread id."""
    found = {}
    for task in Path(f"/proc/{process}/task").iterdir():
        fields = (task / "stat").read_text().rpartition(")")[2].split()
        found[task.name] = int(fields[11]) + int(fields[12])
    return found


def percent_by_thread(process: int, seconds: float) -> list[float]:
    """Share of one core each thread uses over some seconds, the busiest first."""
    before = ticks(process)
    time.sleep(seconds)
    hertz = os.sysconf("SC_CLK_TCK")
    used = [100.0 * (now - before.get(thread, 0)) / hertz / seconds for thread, now in ticks(process).items()]
    return sorted(used, reverse=True)


def memory_mb(process: int) -> dict[str, float]:
    """Resident memory by kind; `RssShmem` is JACK's own shared memory."""
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return {line.split(":")[0]: int(line.split()[1]) / 1024 for line in lines if line.startswith("Rss")}


def measured(command: list[str], seconds: float) -> str:
    """A line of figures of an idle command."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        time.sleep(5)
        shares = percent_by_thread(process.pid, seconds)
        memory = memory_mb(process.pid)
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(20)
    own = memory["RssAnon"] + memory["RssFile"]
    threads = " ".join(f"{share:.1f}" for share in shares if share > 0)
    processor = f"{sum(shares):5.2f}% of a core (by thread: {threads or '0'})"
    return f"{processor}  {own:.0f} MB own, {memory['RssShmem']:.0f} MB of JACK"


def main() -> None:
    """Measure both and print."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--frames", type=int, default=64)
    options.add_argument("--seconds", type=float, default=20.0)
    chosen = options.parse_args()
    os.environ.update(JACK_DEFAULT_SERVER=SERVER, JACK_NO_START_SERVER="1")
    server = subprocess.Popen(
        ["jackd", "-n", SERVER, "-S", "-d", "dummy", "-r", "48000", "-p", str(chosen.frames)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        time.sleep(2)
        print(f"JACK at {chosen.frames} frames a period, {chosen.seconds:g} s each")
        print("bare ports ", measured([sys.executable, "-c", BARE], chosen.seconds))
        print("musedaemon ", measured([sys.executable, "-m", "musedaemon", "--api", "jack"], chosen.seconds))
    finally:
        server.terminate()
        server.wait(20)


if __name__ == "__main__":
    main()
