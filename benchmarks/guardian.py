"""What the guardian costs and how quickly it acts: a message's way through it, and the daemon killed in mid-chord.

    python benchmarks/guardian.py [--kills 20] [--frames 64]

Over a private JACK server (package jackd2), once as `musedaemon[jack]` sends and once through rtmidi, as heard by a
client that is neither. Ends with status 1 unless every note of every chord was released within 100 ms.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from statistics import median, quantiles
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from support.jack_bench import JackBench, wait_until
from support.jack_server import JackServer, running_server
from support.midi_balance import unbalanced

LIMIT_S = 0.1
OUT, IN = "musedaemon-out:musedaemon out", "musedaemon-in:musedaemon in"
CHORD = [bytes((0x90, pitch, 80)) for pitch in (48, 55, 60, 64, 67)] + [b"\xb0\x40\x7f"]
ASSETS = Path(__file__).parents[1] / "tests" / "assets"

DAEMON = """
import sys
if sys.argv.pop(1) == "rtmidi":
    sys.modules["jack"] = None  # as if JACK-Client were not installed
from musedaemon.cli.main import main
sys.exit(main())
"""
COSTS = """
import sys, time
from musedaemon.config.schema import Config, Ports
from musedaemon.run.clock import SessionClock
from musedaemon.run.opening import open_ports
if sys.argv[1] != "sender":
    sys.modules["jack"] = None
system = open_ports(Config(Ports(api="jack", guardian=sys.argv[1] != "alone")), SessionClock())
began = time.perf_counter()
port = system.open_virtual_output("musedaemon out")
print(1000 * (time.perf_counter() - began), flush=True)
sys.stdin.readline()
for index in range(int(sys.argv[2])):
    began = time.perf_counter()
    port.send(bytes((0x90, index % 128, 1 + index // 128)))
    print(began, time.perf_counter() - began, flush=True)
    time.sleep(0.005)
sys.stdin.readline()
port.close()
"""


def kill_in_mid_chord(server: JackServer, way: str) -> float:
    """The seconds from SIGKILL until the last note and pedal were heard to end, infinity if one did not."""
    options = ["--config", str(ASSETS / "long_replies.toml"), "--api", "jack", "--hand-over", "5"]
    command = [sys.executable, "-c", DAEMON, way, *options]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as daemon:
        try:
            with JackBench(server) as bench:
                bench.listen_to(OUT)
                bench.play([(0.0, data) for data in CHORD], into=IN)
                bench.wait_for(len(CHORD), patience=30)
                killed, heard = time.perf_counter(), len(CHORD)
                daemon.send_signal(signal.SIGKILL)
                while len(bench.recorded) < 2 * heard and time.perf_counter() - killed < 2.0:
                    time.sleep(0.001)
                took = time.perf_counter() - killed
                messages = [data for _, data in bench.recorded]
                ended = not unbalanced(messages) and b"\xb0\x40\x00" in messages
                wait_until(lambda: OUT not in bench.port_names(), 10.0, lambda: "the guardian did not end")
        finally:
            daemon.kill()
    return took if ended else float("inf")


def measure_costs(server: JackServer, way: str, count: int = 1000) -> tuple[float, list[float], list[float]]:
    """The milliseconds to open a port, each call of `send`, and each message's way to another client."""
    arrived: dict[bytes, float] = {}
    bench = JackBench(server)
    callback = bench._process

    def stamped(frames: int) -> None:
        before = len(bench._heard)
        callback(frames)
        now = time.perf_counter()
        arrived.update({data: now for _, data in bench._heard[before:]})

    bench._client.set_process_callback(stamped)
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with bench, subprocess.Popen([sys.executable, "-c", COSTS, way, str(count)], **pipes) as sender:
        opened = float(sender.stdout.readline())
        bench.listen_to(OUT)
        sender.stdin.write("\n")
        sender.stdin.flush()
        lines = [sender.stdout.readline().split() for _ in range(count)]
        bench.wait_for(count)
        sender.communicate("\n")
    sent = [(float(at), float(cost)) for at, cost in lines]
    keys = [bytes((0x90, index % 128, 1 + index // 128)) for index in range(count)]
    ways = [1000 * (arrived[key] - at) for key, (at, _) in zip(keys, sent, strict=True) if key in arrived]
    return opened, [1000 * cost for _, cost in sent], ways


def row(values: list[float]) -> str:
    """Median, 95th and 99th percentile."""
    cuts = quantiles(values, n=100)
    return f"{median(values):.3f} | {cuts[94]:.3f} | {cuts[98]:.3f}"


def main() -> int:
    """Measure both ways, print the tables, and say whether the promise holds."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--kills", type=int, default=20)
    options.add_argument("--frames", type=int, default=64)
    chosen = options.parse_args()
    kept = True
    with running_server(f"museguard-{os.getpid()}") as server, server.period(chosen.frames):
        print("| sent by | port open after, ms | `send`, ms: p50 | p95 | p99 | heard after, ms: p50 | p95 | p99 |")
        print("|---|---|---|---|---|---|---|---|")
        for way in ("alone", "guardian", "sender"):
            opened, calls, ways = measure_costs(server, way)
            print(f"| {way} | {opened:.0f} | {row(calls)} | {row(ways)} |", flush=True)
        for way in ("rtmidi", "jack-client"):
            took = [kill_in_mid_chord(server, way) for _ in range(chosen.kills)]
            in_time = sum(one <= LIMIT_S for one in took)
            kept &= in_time == len(took)
            most, middle = 1000 * max(took), 1000 * median(took)
            print(
                f"{way}: {in_time} of {len(took)} in time, {middle:.0f} ms at the median, {most:.0f} at most",
                flush=True,
            )
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
