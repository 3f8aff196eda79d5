"""How soon a port or a JACK server that vanishes is noticed, and how soon it is open again once it is back.

    python benchmarks/reconnection.py [--rounds 20] [--rtmidi]

Linux only; starts private JACK servers (package jackd2) and kills them. Needs JACK-Client for its own ports; `--rtmidi`
measures a daemon that has none. On a busy machine the starting of a process is most of what it takes to open an output:
read the figures beside the load.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from support.jack_bench import JackBench
from support.jack_server import JackServer, launched

from musedaemon.midi.jack_lookout import JackLookout

SERVER = f"museback-{os.getpid()}"
START = """
import sys
sys.modules[sys.argv.pop(1)] = None
from musedaemon.cli.main import main
sys.exit(main())
"""
PATIENCE_S = 60.0
PAUSE_S = 0.7


class Ear:
    """The lines of a daemon, each with the second it came."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self._lines: list[tuple[float, str]] = []
        threading.Thread(target=self._hear, daemon=True).start()

    def heard_at(self, *lines: str, since: float) -> float:
        """When the last of these lines had come since then; TimeoutError."""
        deadline = time.perf_counter() + PATIENCE_S
        while time.perf_counter() < deadline:
            found = [at for at, line in list(self._lines) if at >= since and line.startswith(lines)]
            if len(found) >= len(lines):
                return found[-1]
            time.sleep(0.002)
        raise TimeoutError(lines)

    def _hear(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._lines.append((time.perf_counter(), line))


@contextmanager
def server() -> Iterator[subprocess.Popen[bytes]]:
    """A JACK server; killed at the end as by a crash."""
    process = launched(SERVER)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


@contextmanager
def daemon(without: str, *options: str) -> Iterator[Ear]:
    """A daemon that waits for its ports; `without` names a module that it does not find."""
    command = [sys.executable, "-c", START, without, "--api", "jack", "--wait-for-ports", *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        yield Ear(process)
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()


def answers_at(lookout: JackLookout) -> float:
    """When the server answers."""
    while lookout.look() is None:
        time.sleep(0.005)
    return time.perf_counter()


def told(what: str, times: list[float], rounds: int, limit: float) -> str:
    """A line of figures: how many of how many within the limit, the median, the longest (seconds)."""
    ordered = sorted(times)
    within = sum(one <= limit for one in ordered)
    median, most = ordered[len(ordered) // 2], ordered[-1]
    return f"{what:32} {within} of {rounds} within {limit:g} s; median {median:.2f}, most {most:.2f}"


def ports(rounds: int, without: str) -> None:
    """One end after the other goes and comes back."""
    with server(), JackBenches() as benches, daemon(without, "--in", "keys:played", "--out", "synth:heard") as ear:
        ear.heard_at("keys:played -> synth:heard", since=0.0)
        benches.plug("keys")
        benches.plug("synth")
        ear.heard_at('port "keys:played" is there', 'port "synth:heard" is there', since=0.0)
        for name, port in (("keys", "keys:played"), ("synth", "synth:heard")):
            noticed, back = [], []
            for _ in range(rounds):
                time.sleep(PAUSE_S)
                went = time.perf_counter()
                benches.unplug(name)
                noticed.append(ear.heard_at(f'port "{port}" is gone', since=went) - went)
                time.sleep(PAUSE_S)
                benches.plug(name)
                came = time.perf_counter()
                back.append(ear.heard_at(f'port "{port}" is back', since=came) - came)
            print(told(f"{name} gone, noticed", noticed, rounds, 1.0))
            print(told(f"{name} back, open", back, rounds, 2.0), flush=True)


def servers(rounds: int, without: str) -> None:
    """The server is killed and started again; the daemon's own ports go and come with it."""
    lookout = JackLookout(lambda: None)
    both = ('port "musedaemon in" is', 'port "musedaemon out" is')
    noticed, back = [], []
    with daemon(without) as ear:
        ear.heard_at(*both, since=0.0)
        for index in range(rounds + 1):
            with server():
                came = answers_at(lookout)
                opened = ear.heard_at(*(f"{one} {'back' if index else 'there'}" for one in both), since=came - PAUSE_S)
                back.append(opened - came)
                time.sleep(PAUSE_S)
                went = time.perf_counter()
            noticed.append(ear.heard_at(*(f"{one} gone" for one in both), since=went) - went)
            with suppress(StopIteration):
                next(iter(lambda: lookout.look(), None))
    with server() as last:  # which ends in order: a server that was killed keeps its place among JACK's eight
        answers_at(lookout)
        last.terminate()
        last.wait()
    print(told("server killed, noticed", noticed[1:], rounds, 1.0))
    print(told("server started again, open", back[1:], rounds, 2.0), flush=True)


class JackBenches:
    """Programs with a port each, that are plugged and unplugged."""

    def __init__(self) -> None:
        self._open: dict[str, JackBench] = {}

    def __enter__(self) -> JackBenches:
        lookout = JackLookout(lambda: None)
        answers_at(lookout)
        lookout.close()
        return self

    def __exit__(self, *_: object) -> None:
        for name in list(self._open):
            self.unplug(name)

    def plug(self, name: str) -> None:
        """Its ports are there from now on."""
        self._open[name] = JackBench(JackServer(SERVER), name)
        self._open[name].__enter__()

    def unplug(self, name: str) -> None:
        """Its ports are gone."""
        self._open.pop(name).unplug()


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--rounds", type=int, default=20)
    options.add_argument("--rtmidi", action="store_true", help="as if JACK-Client were not installed")
    chosen = options.parse_args()
    os.environ.update(JACK_DEFAULT_SERVER=SERVER, JACK_NO_START_SERVER="1")
    without = "jack" if chosen.rtmidi else "no_such_module"
    print(f"{'rtmidi' if chosen.rtmidi else 'JACK-Client'}, load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    ports(chosen.rounds, without)
    servers(chosen.rounds, without)


if __name__ == "__main__":
    main()
