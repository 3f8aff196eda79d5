"""How exactly the time of a message is known over JACK while the model is at work, with and without `midi/stamps`.

    python benchmarks/stamps.py [--seconds 20] [--bpm 123] [--frames 64 1024]

Another process plays a MIDI clock into our input through JACK-Client, each pulse at the start of a period, and tells
when that period began, on the clock that all processes share. Errors are from then to the stamp, in milliseconds: the
median, then the 95th percentile and the largest distance from the median, which is what a clock follower sees. "As it
arrived" is our clock read in the callback. Linux only; the JACK server (jackd2) is private.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from support.jack_server import RATE, JackServer, new_client, running_server

from musedaemon.midi.rtmidi_ports import open_port_system
from musedaemon.model.onnx_model import load_default
from musedaemon.run.bench import whole_notes
from musedaemon.run.realtime import SWITCH_INTERVAL_S

IN = "musedaemon-in:musedaemon in"
_HEARD_S = 0.3
Vector = npt.NDArray[np.float64]


class Ears:
    """Our input: `arrived` is our clock in the callback, `stamped` what the port told. All in seconds."""

    def __init__(self) -> None:
        self.arrived: list[float] = []
        self.stamped: list[float] = []
        self._port = open_port_system("jack", self._now).open_virtual_input("musedaemon in", self._hear)

    def _now(self) -> float:
        self.arrived.append(time.perf_counter())
        return self.arrived[-1]

    def _hear(self, _data: bytes, at: float) -> None:
        self.stamped.append(at)

    def close(self) -> None:
        """Listen no more."""
        self._port.close()


class Work:
    """The model samples whole notes without a pause on a thread of its own, as it never does in a jam."""

    def __init__(self) -> None:
        self._over = threading.Event()
        self._notes = whole_notes(load_default())
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        while not self._over.is_set():
            next(self._notes)

    def close(self) -> None:
        """Come to rest."""
        self._over.set()
        self._thread.join()


class Rest:
    """Nothing is at work."""

    def close(self) -> None:
        """Nothing to end."""


def play(server_name: str, bpm: float, seconds: float) -> None:
    """In the other process: a pulse in the first frame of the period it falls into; the times of these, as JSON."""
    client: Any = new_client(server_name, "pulses")
    hand = client.midi_outports.register("hand")
    step, frame, due = 60.0 / bpm / 24 * RATE, 0, float("inf")
    times: list[float] = []

    def process(frames: int) -> None:
        nonlocal frame, due
        began = time.perf_counter()
        hand.clear_buffer()
        if frame + frames > due and frame < seconds * RATE:
            hand.write_midi_event(0, b"\xf8")
            times.append(began)
            due += step
        frame += frames

    client.set_process_callback(process)
    with client:  # which activates it
        hand.connect(IN)
        frame, due = 0, 0.0
        while frame < (seconds + _HEARD_S) * RATE:
            time.sleep(_HEARD_S)
    print(json.dumps(times))


def errors(server: JackServer, work: type[Work] | type[Rest], bpm: float, seconds: float) -> list[Vector]:
    """[pulses] from when each was played to when it arrived, and to its stamp (ms)."""
    ears, at_work = Ears(), work()
    try:
        command = [sys.executable, __file__, "--play", server.name, "--bpm", str(bpm), "--seconds", str(seconds)]
        played = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    finally:
        at_work.close()
        ears.close()
    if not len(played) == len(ears.arrived) == len(ears.stamped):
        raise SystemExit(
            f"{len(played)} pulses were played and {len(ears.stamped)} heard; try again on a calmer machine"
        )
    return [1000 * (np.array(times) - played) for times in (ears.arrived, ears.stamped)]


def row(ms: Vector) -> str:
    """The median, and the 95th percentile and largest distance from it."""
    off = np.abs(ms - np.median(ms))
    return f"{np.median(ms):6.2f} {np.percentile(off, 95):6.2f} {off.max():6.2f}"


def main() -> None:
    """Print a line for each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--bpm", type=float, default=123.0)
    parser.add_argument("--frames", type=int, nargs="+", default=[64, 1024])
    parser.add_argument("--play", metavar="SERVER", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.play:
        play(options.play, options.bpm, options.seconds)
        return
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    with running_server(f"musestamps-{os.getpid()}") as server:
        for frames in options.frames:
            with server.period(frames):
                for told, work in (("nothing at work", Rest), ("the model at work", Work)):
                    arrived, stamped = errors(server, work, options.bpm, options.seconds)
                    print(
                        f"{frames:5d} frames, {told:17}: as it arrived {row(arrived)}   stamped {row(stamped)}",
                        flush=True,
                    )


if __name__ == "__main__":
    main()
