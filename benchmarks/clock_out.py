"""Our own MIDI clock as an independent recorder hears it: `jack_midi_dump`, in JACK frames.

    python benchmarks/clock_out.py [--minutes 10] [--bpm 123]

The daemon is the master (`--clock internal`). Its seconds are the computer's, the frames are the server's, and JACK's
dummy driver is 250 millionths fast and stands still under load: so the server's true rate is measured along with it.
"Off their line": how far pulses are from the even line through all of them, median, 95th percentile and most. Linux
only; starts a private JACK server (package jackd2, which has jack_midi_dump) and stops it.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time

import numpy as np
from clock_ears import OUT, Ears
from clock_masters import running
from support.jack_server import RATE, JackServer, running_server

DUMP = "midi-monitor:input"
_PULSE = re.compile(r"^\s*(\d+): f8\s*$", re.MULTILINE)
_PULSES_PER_BEAT = 24


def clock_out(server: JackServer, bpm: float, seconds: float) -> str:
    """A line of figures."""
    ears = Ears(server)
    command = [sys.executable, "-m", "musedaemon", "--api", "jack", "--clock", "internal", "--bpm", str(bpm)]
    try:
        with tempfile.TemporaryFile("w+") as dump, running(command, stdout=subprocess.DEVNULL):
            with running(["stdbuf", "-oL", "jack_midi_dump", "-a"], stdout=dump):
                ears.cable(OUT, DUMP)
                ears.clock.clear()
                time.sleep(seconds)
            dump.seek(0)
            pulses = np.array([float(frame) for frame in _PULSE.findall(dump.read())])
    finally:
        ears.close()
    numbers = np.arange(len(pulses))
    period, first = np.polyfit(numbers, pulses, 1)
    off = np.abs(pulses - first - period * numbers) / RATE * 1000
    a_minute = 60.0 * ears.frames_a_second() / _PULSES_PER_BEAT
    mean = (len(pulses) - 1) * a_minute / (pulses[-1] - pulses[0])
    return (
        f"{bpm:g} bpm for {seconds / 60:.1f} min: {len(pulses)} pulses, mean tempo {mean:.4f} bpm "
        f"({60.0 * RATE / _PULSES_PER_BEAT / period:.4f} if {RATE} frames were a second; there were "
        f"{ears.frames_a_second():.1f}); off their line {np.median(off):.2f} {np.percentile(off, 95):.2f} "
        f"{off.max():.2f} ms"
    )


def main() -> None:
    """Print the line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--bpm", type=float, default=123.0)
    options = parser.parse_args()
    with running_server(f"museout-{os.getpid()}") as server:
        print(clock_out(server, options.bpm, 60.0 * options.minutes))


if __name__ == "__main__":
    main()
