"""A grid of notes every 10 ms over JACK, as it arrives: with JACK-Client (the extra `jack`) and without it.

    python benchmarks/grid.py [--runs 5]

The player thread of the daemon plays 300 notes of 5 ms, at 64 and at 1,024 frames a period, then holds a chord, plays
on and is told to withdraw. What is heard is stamped in JACK's frames by a client that is not rtmidi. "Off it": how far
the steps between notes are from their mean, which is 480 frames if JACK's dummy driver keeps its time; on a busy
machine it does not. "Silence": from the withdrawal to the last note-off. Needs jackd2; the server is private.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
import threading
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from queue import Queue
from statistics import median
from typing import NamedTuple

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from support.fakes import NoEcho
from support.jack_server import JackServer, new_client, running_server

from musedaemon.core.commands import PlannedNote, Play, Withdraw
from musedaemon.core.player import Player
from musedaemon.core.thru import nothing
from musedaemon.midi.jack_ports import with_frame_times
from musedaemon.midi.ports import VIRTUAL_OUTPUT, PortSystem
from musedaemon.midi.rtmidi_ports import open_port_system
from musedaemon.run.clock import SessionClock
from musedaemon.run.priority import precedence, system_precedence
from musedaemon.run.realtime import SWITCH_INTERVAL_S
from musedaemon.run.recorder import Unrecorded
from musedaemon.run.threads import EngineInbox, PlayerInbox, PlayerThread, Stop

OUT = "musedaemon-out:musedaemon out"
NOTES, STEP_S, LENGTH_S = 300, 0.01, 0.005
CHORD = (30, 34, 37)
_SOON_S = 0.5
_HEARD_S = 0.3
_PATIENCE_S = 30.0

Ways = dict[str, Callable[[PortSystem, SessionClock], PortSystem]]
WAYS: Ways = {"rtmidi": lambda system, clock: system, "JACK-Client": with_frame_times}


class Arrived(NamedTuple):
    """One run: the mean step and how far each was off it (frames); from the withdrawal to the last note-off (ms)."""

    mean_step: float
    off_the_step: list[float]
    silence_ms: float


def play_grid(way: str, line: Connection) -> None:
    """The life of the player's process; tells when it has withdrawn (seconds)."""
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    clock = SessionClock()
    port = WAYS[way](open_port_system("jack", clock.now), clock).open_virtual_output(VIRTUAL_OUTPUT)
    inbox: PlayerInbox = Queue()
    player = PlayerThread(Player(NoEcho(), nothing), port, clock, inbox, EngineInbox(), Unrecorded())
    line.send("ready")
    line.recv()
    start = clock.now() + _SOON_S
    for serial in range(NOTES + 50):
        at = start + serial * STEP_S
        inbox.put(Play(PlannedNote(serial, at, at + LENGTH_S, 0, 40 + serial % 60, 80)))
    end = start + NOTES * STEP_S + LENGTH_S
    for index, pitch in enumerate(CHORD):
        inbox.put(Play(PlannedNote(NOTES + 50 + index, end - 0.1, end + 10.0, 0, pitch, 80)))

    def life() -> None:
        with precedence(system_precedence("auto")):
            player.run()

    thread = threading.Thread(target=life)
    thread.start()
    time.sleep(max(end - clock.now(), 0.0))
    withdrawn = time.perf_counter()
    inbox.put(Withdraw(clock.now()))
    time.sleep(_HEARD_S)
    inbox.put(Stop.NOW)
    thread.join()
    line.send(withdrawn)


class Ear:
    """A JACK client that stamps each message with JACK's frame and with the second that its frame sounds at."""

    def __init__(self, server: JackServer) -> None:
        self.heard: list[tuple[int, float, bytes]] = []
        self._rate = server.rate
        self._client = new_client(server.name, "ear")
        self._port = self._client.midi_inports.register("heard")
        self._client.set_process_callback(self._process)
        self._client.activate()

    def listen_to(self, source: str) -> None:
        """Hear what this port sends."""
        self._client.connect(source, self._port)

    def close(self) -> None:
        """Hear no more."""
        self._client.deactivate()
        self._client.close()

    def _process(self, _frames: int) -> None:
        start, now = self._client.last_frame_time, time.perf_counter()
        for offset, data in self._port.incoming_midi_events():
            self.heard.append((start + offset, now + offset / self._rate, bytes(data)))


def measured(server: JackServer, way: str) -> Arrived:
    """One run."""
    line, its_end = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=play_grid, args=(way, its_end))
    process.start()
    ear = Ear(server)
    try:
        assert line.poll(_PATIENCE_S), "the player has not begun"
        line.recv()
        ear.listen_to(OUT)
        line.send("go")
        assert line.poll(_PATIENCE_S), "the player does not end"
        withdrawn: float = line.recv()
        process.join()
    finally:
        process.kill()
        ear.close()
    onsets = [frame for frame, _, data in ear.heard if data[0] == 0x90 and data[1] >= 40][:NOTES]
    offs = [at for _, at, data in ear.heard if data[0] == 0x80]
    steps = np.diff(onsets)
    mean = float(steps.mean())
    return Arrived(mean, [float(step) for step in np.abs(steps - mean)], 1000 * (max(offs) - withdrawn))


def main() -> None:
    """Measure both ways by turns, and print a line for each period and way."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--runs", type=int, default=5)
    runs = options.parse_args().runs
    print(f"medians of {runs} runs          step  off it, frames: p50   p99   max  exact to 2 frames  silence, ms")
    for period in (64, 1024):
        with running_server(f"grid-{os.getpid()}-{period}") as server, server.period(period):
            arrived: dict[str, list[Arrived]] = {way: [] for way in WAYS}
            for _ in range(runs):
                for way in WAYS:
                    arrived[way].append(measured(server, way))
        for way, all_runs in arrived.items():
            print(line_of(period, way, all_runs), flush=True)


def line_of(period: int, way: str, runs: list[Arrived]) -> str:
    """One row of the table."""
    p50, p99, most = (median(float(np.percentile(run.off_the_step, q)) for run in runs) for q in (50, 99, 100))
    exact = median(float(np.mean(np.array(run.off_the_step) <= 2)) for run in runs)
    silence = median(run.silence_ms for run in runs)
    step = median(run.mean_step for run in runs)
    return f"{period:5} frames  {way:12} {step:6.0f} {p50:20.0f} {p99:5.0f} {most:5.0f} {exact:18.1%} {silence:12.1f}"


if __name__ == "__main__":
    main()
