"""A jam with a MIDI clock over JACK, measured in JACK frames: how near the master's bars and beats our replies come.

    python benchmarks/clock_jam.py [--turns 6] [--bpm 60 123 200] [--jitter 0 20] [--model PATH]
    python benchmarks/clock_jam.py --out [--seconds 60] [--bpm 123]

The first way, `jack_midi_clock` (package jack-midi-clock) is the master and the daemon plays with `--clock midi
--start-on bar`. The grid is the line through all of the master's pulses, by their numbers. The second way, the daemon
is the master (`--clock internal`) and its pulses are recorded.

Linux only; starts a private JACK server (package jackd2) and stops it. The recorder is one JACK client of its own.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import jack  # type: ignore[import-untyped]
import numpy as np
import numpy.typing as npt

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from support.jack_server import RATE, JackServer, new_client, running_server  # noqa: E402

IN, OUT = "musedaemon-in:musedaemon in", "musedaemon-out:musedaemon out"
CLOCK = "jack_midi_clock:mclk_out"
CALL = (60, 62, 64, 65, 67, 65)
Timed = tuple[int, bytes]


class Recorder:
    """One client with an ear for the master, one for the daemon, and a hand; all in the same frames."""

    def __init__(self, server: JackServer) -> None:
        self._client: Any = new_client(server.name, "clockjam")
        self._ears = [self._client.midi_inports.register(name) for name in ("master", "daemon")]
        self._hand = self._client.midi_outports.register("hand")
        self.heard: tuple[list[Timed], list[Timed]] = ([], [])
        self._to_play: list[Timed] = []
        self.frame = 0
        self._client.set_process_callback(self._process)
        self._client.activate()

    def connect(self, source: str, ear: int) -> None:
        """Listen to a port."""
        self._patiently(source, self._ears[ear].name)

    def play_into(self, target: str) -> None:
        """Where the hand plays."""
        self._patiently(self._hand.name, target)

    def _patiently(self, source: str, target: str) -> None:
        """A port may take a moment to be there, and another one to be connected."""
        for _ in range(400):
            try:
                self._client.connect(source, target)
                return
            except jack.JackError:
                time.sleep(0.05)
        raise SystemExit(f"{source} cannot be connected to {target}")

    def phrase(self, step_s: float) -> None:
        """Play the call, a note each `step_s`, from now on."""
        start, step = self.frame + 2 * RATE // 100, round(step_s * RATE)
        for index, pitch in enumerate(CALL):
            self._to_play.append((start + index * step, bytes((0x90, pitch, 80))))
            self._to_play.append((start + index * step + step * 3 // 4, bytes((0x80, pitch, 64))))

    @property
    def idle(self) -> bool:
        """Whether the hand has played all: JACK's frames may pass more slowly than time."""
        return not self._to_play

    def close(self) -> None:
        """No more."""
        self._client.deactivate()
        self._client.close()

    def _process(self, frames: int) -> None:
        for ear, heard in zip(self._ears, self.heard, strict=True):
            heard += [(self.frame + at, bytes(data)) for at, data in ear.incoming_midi_events()]
        self._hand.clear_buffer()
        while self._to_play and self._to_play[0][0] < self.frame + frames:
            frame, data = self._to_play.pop(0)
            self._hand.write_midi_event(max(frame - self.frame, 0), data)
        self.frame += frames


@contextmanager
def running(command: list[str], **options: Any) -> Iterator[subprocess.Popen[str]]:
    """A program, ended by SIGINT."""
    process = subprocess.Popen(command, text=True, stdin=subprocess.DEVNULL, **options)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(20)


def daemon(*options: str) -> list[str]:
    """The command."""
    return [sys.executable, "-m", "musedaemon", "--api", "jack", "--no-thru", *options]


def transport(command: str) -> None:
    """Tell JACK's transport."""
    subprocess.run(["jack_transport"], input=f"{command}\nquit\n", text=True, capture_output=True, check=False)


def beats_of(pulses: npt.NDArray[np.float64], frames: npt.NDArray[np.float64]) -> tuple[npt.NDArray[np.float64], float]:
    """The beat of each frame on the line through the pulses (frames), and the tempo of that line in frames."""
    numbers = np.arange(len(pulses))
    period, first = np.polyfit(numbers, pulses, 1)
    return (frames - first) / period / 24, 60.0 * RATE / (period * 24)


def one_jam(server: JackServer, bpm: float, jitter: int, turns: int, options: list[str]) -> str:
    """Turns along one master; a line of figures."""
    recorder = Recorder(server)
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    beat_s = 60.0 / bpm
    try:
        with running(daemon("--clock", "midi", "--start-on", "bar", *options), **quiet):
            recorder.connect(OUT, 1)
            recorder.play_into(IN)
            jittered = ["-J", str(jitter)] if jitter else []
            with running(["jack_midi_clock", "-b", str(bpm), *jittered, IN], **quiet):
                recorder.connect(CLOCK, 0)
                transport("locate 0")
                transport("play")
                time.sleep(4 * beat_s + 1)
                starts = []
                for _ in range(turns):
                    starts.append(len(recorder.heard[1]))
                    recorder.phrase(beat_s / 2)
                    wait_for_reply(recorder, starts[-1], beat_s)
                transport("stop")
                time.sleep(0.5)
    finally:
        recorder.close()
    return figures(recorder, starts, bpm, jitter)


def wait_for_reply(recorder: Recorder, start: int, beat_s: float) -> None:
    """Return when a reply has come and is over: nothing sounds, and two beats are without a note."""
    give_up = time.monotonic() + 40 * beat_s + 10
    time.sleep(len(CALL) / 2 * beat_s)
    while time.monotonic() < give_up:
        heard = recorder.heard[1]
        if (
            recorder.idle
            and len(heard) > start
            and not sounding(heard)
            and recorder.frame - heard[-1][0] > (2 * beat_s + 0.3) * RATE
        ):
            return
        time.sleep(0.05)


def sounding(heard: list[Timed]) -> bool:
    """Whether a note has not ended yet."""
    ons = sum(data[0] & 0xF0 == 0x90 and data[2] > 0 for _, data in heard)
    return ons > sum(data[0] & 0xF0 == 0x80 for _, data in heard)


def figures(recorder: Recorder, starts: list[int], bpm: float, jitter: int) -> str:
    """How far from the master's lines our notes were."""
    pulses = np.array([frame for frame, data in recorder.heard[0] if data == b"\xf8"], dtype=np.float64)
    played = recorder.heard[1]
    onsets = np.array([frame for frame, data in played if data[0] & 0xF0 == 0x90 and data[2]], dtype=np.float64)
    firsts = [
        next((frame for frame, data in played[start:end] if data[0] & 0xF0 == 0x90 and data[2]), None)
        for start, end in zip(starts, [*starts[1:], len(played)], strict=True)
    ]
    answered = np.array([frame for frame in firsts if frame is not None], dtype=np.float64)
    beats, tempo = beats_of(pulses, onsets)
    bars = beats_of(pulses, answered)[0] / 4
    tick_ms = np.abs(beats * 24 - np.round(beats * 24)) * 60_000 / bpm / 24
    bar_ms = np.abs(bars - np.round(bars)) * 4 * 60_000 / bpm
    return (
        f"{bpm:5.0f} bpm, jitter {jitter:2d}%: master at {tempo:.3f}; {len(answered)} of {len(starts)} answered; "
        f"first notes off the bar {row(bar_ms)} ms; {len(onsets)} onsets off the 24th {row(tick_ms)} ms"
    )


def row(values: npt.NDArray[np.float64]) -> str:
    """Median, 95th percentile and largest."""
    return " ".join(f"{value:.2f}" for value in (np.median(values), np.percentile(values, 95), values.max()))


def clock_out(server: JackServer, bpm: float, seconds: float) -> str:
    """Our own clock, recorded by somebody else."""
    recorder = Recorder(server)
    try:
        with running(daemon("--clock", "internal", "--bpm", str(bpm)), stdout=subprocess.DEVNULL):
            recorder.connect(OUT, 0)
            time.sleep(seconds)
    finally:
        recorder.close()
    pulses = np.array([frame for frame, data in recorder.heard[0] if data == b"\xf8"], dtype=np.float64)
    period, first = np.polyfit(np.arange(len(pulses)), pulses, 1)
    off_ms = np.abs(pulses - first - period * np.arange(len(pulses))) / RATE * 1000
    return (
        f"{bpm:5.0f} bpm sent for {seconds:.0f} s: {len(pulses)} pulses, mean tempo {60 * RATE / period / 24:.4f}; "
        f"pulses off their line {row(off_ms)} ms"
    )


def main() -> None:
    """Print a line for each jam."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--turns", type=int, default=6)
    parser.add_argument("--bpm", type=float, nargs="+", default=[60.0, 123.0, 200.0])
    parser.add_argument("--jitter", type=int, nargs="+", default=[0, 20])
    parser.add_argument("--out", action="store_true", help="record our own clock instead")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--model", default="", help="an .onnx file; the default model if none")
    options = parser.parse_args()
    model = ["--model", options.model] if options.model else []
    with running_server(f"museclock-{os.getpid()}") as server:
        for bpm in options.bpm:
            if options.out:
                print(clock_out(server, bpm, options.seconds), flush=True)
                continue
            for jitter in options.jitter:
                print(one_jam(server, bpm, jitter, options.turns, model), flush=True)


if __name__ == "__main__":
    main()
