"""What the idle daemon costs: processor time and memory of each of its processes, beside bare rtmidi ports.

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
from concurrent.futures import ThreadPoolExecutor
from itertools import repeat
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


def family(process: int) -> list[int]:
    """A process and all that it has started, in the order of their numbers."""
    children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    return sorted({process, *(one for child in children for one in family(int(child)))})


def called(process: int) -> str:
    """What a process of ours is there for."""
    words = Path(f"/proc/{process}/cmdline").read_text().rstrip("\0").split("\0")
    return next((word.rpartition(".")[2] for word in words if word.startswith("musedaemon")), "two ports")


def lines_of(command: list[str], seconds: float) -> list[str]:
    """A line of figures for each process of an idle command."""
    started = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        time.sleep(5)
        processes = family(started.pid)
        with ThreadPoolExecutor(len(processes)) as at_once:
            shares = list(at_once.map(percent_by_thread, processes, repeat(seconds)))
        return [told(process, share) for process, share in zip(processes, shares, strict=True)]
    finally:
        started.send_signal(signal.SIGINT)
        started.wait(20)


def told(process: int, shares: list[float]) -> str:
    """The figures of one process."""
    memory = memory_mb(process)
    own = memory["RssAnon"] + memory["RssFile"]
    threads = " ".join(f"{share:.2f}" for share in shares if share > 0)
    processor = f"{sum(shares):5.2f}% of a core (by thread: {threads or '0'})"
    return f"{called(process):14}{processor}  {own:.0f} MB own, {memory['RssShmem']:.0f} MB of JACK"


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
        print("bare rtmidi", *lines_of([sys.executable, "-c", BARE], chosen.seconds), sep="\n    ")
        print(
            "musedaemon", *lines_of([sys.executable, "-m", "musedaemon", "--api", "jack"], chosen.seconds), sep="\n    "
        )
    finally:
        server.terminate()
        server.wait(20)


if __name__ == "__main__":
    main()
