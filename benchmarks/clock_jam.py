"""A jam along a clock master over JACK, measured in JACK frames: how near the master's bars and beats our replies come.

    python benchmarks/clock_jam.py [--minutes 5] [--master jack_midi_clock] [--bpm 60 123 200] [--jitter 0 20]
    python benchmarks/clock_jam.py --master ardour [--ramp 16]

The master is `jack_midi_clock` (its package), or the DAW Ardour (`ardour7-lua` of package ardour) without a screen; the
daemon plays with `--clock midi --start-on bar`, a call of six eighths goes in, and the next one when its reply is over.
`--ramp 16`: from 100 to 140 bpm in so many bars. The grid is the master's pulses as another client hears them, a note
between two of them being in proportion. "Tempo": how far each turn's tempo, as the daemon tells it, was from the mean
of an even master's. Median, 95th percentile, most.

Linux only; starts a private JACK server (package jackd2) and stops it.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from clock_ears import DAEMON, IN, MASTER, OUT, Ears, is_onset, sounding
from clock_masters import MASTERS, Wanted, running
from support.jack_server import RATE, JackServer, running_server

CALL = (60, 62, 64, 65, 67, 65)
PULSES_PER_BEAT, BEATS_PER_BAR = 24, 4
_TURN = re.compile(r"turn \d+  ([\d.]+) bpm")
_ON_THE_BAR_MS = 3.0
Vector = npt.NDArray[np.float64]


class Jam(NamedTuple):
    """What was heard: frames of pulses and of our onsets, where each turn's call began, the tempi that were told."""

    pulses: Vector
    onsets: Vector
    calls: Vector
    told_bpm: Vector
    hanging: int
    said: str


def one_jam(server: JackServer, master_name: str, wanted: Wanted, seconds: float, options: list[str]) -> Jam:
    """Turns along one master for so long (JACK's time)."""
    ears = Ears(server)
    beat_s = 60.0 / wanted.bpm
    calls: list[int] = []
    command = [sys.executable, "-m", "musedaemon", "--api", "jack", "--no-thru", "--clock", "midi", "--start-on", "bar"]
    with tempfile.NamedTemporaryFile("w+") as said:

        def told() -> int:
            return len(_TURN.findall(Path(said.name).read_text()))

        try:
            with running([*command, *options], stdout=said, stderr=said), MASTERS[master_name](wanted) as master:
                ears.connect(OUT, DAEMON)
                ears.play_into(IN)
                ears.connect(master.port, MASTER)
                ears.cable(master.port, IN)
                master.start()
                time.sleep(BEATS_PER_BAR * beat_s)
                began = ears.frame
                while ears.frame - began < seconds * RATE:
                    calls.append(ears.frame)
                    ears.phrase(CALL, beat_s / 2)
                    wait_for_reply(ears, told, beat_s)
                master.stop()
                time.sleep(0.5)
        finally:
            ears.close()
        return heard_of(ears, calls, Path(said.name).read_text())


def heard_of(ears: Ears, calls: Sequence[int], words: str) -> Jam:
    """What the ears, and the daemon's own words, tell of a jam."""
    return Jam(
        pulses=frames_of([(at, data) for at, data in ears.heard[MASTER] if data == b"\xf8"]),
        onsets=frames_of([(at, data) for at, data in ears.heard[DAEMON] if is_onset(data)]),
        calls=np.array(calls, dtype=np.float64),
        told_bpm=np.array([float(bpm) for bpm in _TURN.findall(words)]),
        hanging=sounding(ears.heard[DAEMON]),
        said=words.strip().rpartition("\n")[2],
    )


def frames_of(timed: Sequence[tuple[int, bytes]]) -> Vector:
    """[N] their frames."""
    return np.array([at for at, _ in timed], dtype=np.float64)


def wait_for_reply(ears: Ears, told: Callable[[], int], beat_s: float) -> None:
    """Return when one more turn was told of, and nothing sounds."""
    before, give_up = told(), time.monotonic() + 40 * beat_s + 10
    while time.monotonic() < give_up:
        time.sleep(0.05)
        if ears.idle and told() > before and not sounding(ears.heard[DAEMON]):
            return


class Grid:
    """The master's pulses: which of them a frame is."""

    def __init__(self, pulses: Vector, has_one_line: bool) -> None:
        steps = np.diff(pulses)
        # On a busy machine JACK loses a message here and there, on its way to us or to the daemon.
        numbers = np.round(steps / np.median(steps)).astype(np.int64) if has_one_line else np.ones_like(steps)
        self._pulses, self._numbers = pulses, np.concatenate([[0], numbers.cumsum()])
        self.lost = int(self._numbers[-1]) - len(steps)
        """Pulses that we did not hear; of an even master alone one can tell."""
        self.period, _ = np.polyfit(self._numbers, pulses, 1)

    def off_ms(self, frames: Vector, pulses: int) -> Vector:
        """[N] how far each frame is from the nearest multiple of so many pulses."""
        nearest = np.round(np.interp(frames, self._pulses, self._numbers) / pulses) * pulses
        off: Vector = np.abs(frames - np.interp(nearest, self._numbers, self._pulses)) / RATE * 1000
        return off


def figures(jam: Jam, wanted: Wanted) -> str:
    """How far from the master's bars and pulses our notes were, and our tempo from its."""
    grid = Grid(jam.pulses, wanted.has_one_line)
    firsts = first_onsets(jam)
    bar_ms = grid.off_ms(firsts, PULSES_PER_BEAT * BEATS_PER_BAR)
    pulse_ms = grid.off_ms(jam.onsets, 1)
    on_the_bar = int((bar_ms <= _ON_THE_BAR_MS).sum())
    bpm = 60.0 * RATE / (grid.period * PULSES_PER_BEAT)
    tempo = f"tempo off by {row(np.abs(jam.told_bpm - bpm))} bpm; " if wanted.has_one_line else ""
    return (
        f"{wanted}: {len(firsts)} of {len(jam.calls)} calls answered; first notes off the bar {row(bar_ms)} ms, "
        f"{on_the_bar} within {_ON_THE_BAR_MS:g} ms; {len(jam.onsets)} onsets off the 24th {row(pulse_ms)} ms; "
        f"{tempo}{jam.hanging} hang; we missed {grid.lost} pulses; {jam.said}"
    )


def first_onsets(jam: Jam) -> Vector:
    """[N] the frame of the first onset after each call, where one came before the next call."""
    ends = [*jam.calls[1:], np.inf]
    turns = [jam.onsets[(jam.onsets > call) & (jam.onsets < end)] for call, end in zip(jam.calls, ends, strict=True)]
    return np.array([turn[0] for turn in turns if len(turn)])


def row(values: Vector) -> str:
    """Median, 95th percentile and largest."""
    return " ".join(f"{value:.2f}" for value in (np.median(values), np.percentile(values, 95), values.max()))


def main() -> None:
    """Print a line for each jam."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--master", choices=MASTERS, default="jack_midi_clock")
    parser.add_argument("--bpm", type=float, nargs="+", default=[60.0, 123.0, 200.0])
    parser.add_argument("--jitter", type=int, nargs="+", default=[0], help="percent, of jack_midi_clock alone")
    parser.add_argument("--ramp", type=int, default=0, metavar="BARS", help="from 100 to 140 bpm, of Ardour alone")
    parser.add_argument("--model", default="", help="an .onnx file; the default model if none")
    options = parser.parse_args()
    model = ["--model", options.model] if options.model else []
    jams = [Wanted(bpm, bpm, jitter=jitter) for bpm in options.bpm for jitter in options.jitter]
    seconds = 60.0 * options.minutes
    if options.ramp:
        jams = [Wanted(100.0, 140.0, options.ramp)]
        seconds = options.ramp * BEATS_PER_BAR * 0.5
    with running_server(f"museclock-{os.getpid()}") as server:
        for wanted in jams:
            jam = one_jam(server, options.master, wanted, seconds, model)
            print(f"{options.master}, {figures(jam, wanted)}", flush=True)


if __name__ == "__main__":
    main()
