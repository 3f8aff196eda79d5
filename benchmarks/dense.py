"""10,000 notes of dense two-hand playing, 30 a second: none lost, none hanging, and heard right.

    python benchmarks/dense.py [--notes 10000] [--virtual]

In virtual time, then in real time over JACK (package jackd2; a private server, 64 frames a period; six minutes). What
is recorded is what JACK's own client hears; the state of the model is compared with that of a replay.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as the command does: see docs/decisions.md 8
sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from support.dense import play_in_virtual_time, play_over_jack
from support.jack_server import running_server
from support.playing import dense_playing
from support.truth import assert_balanced

from musedaemon.core.events import MidiEvent
from musedaemon.midi import wire
from musedaemon.model.onnx_model import load_default


def in_virtual_time(events: list[MidiEvent]) -> str:
    """A line of what came of it. AssertionError where something is wrong."""
    began = time.perf_counter()
    done = play_in_virtual_time(events, load_default())
    assert done.passed == [wire.encode(event) for event in events], "messages were lost or changed"
    assert_balanced(done)
    notes = f"{len(events)} messages passed thru, then a reply of {len(done.notes())} notes; the state is right"
    return f"virtual time: {notes}; {time.perf_counter() - began:.0f} s"


def over_jack(events: list[MidiEvent]) -> str:
    """A line of what came of it."""
    with running_server(f"musedense-{os.getpid()}") as server:
        faults = play_over_jack(server, events)
    return f"over JACK:    {'; '.join(faults) or f'{len(events)} messages passed thru; the state is right'}"


def main() -> None:
    """Play it in both ways and print a line each."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--notes", type=int, default=10_000)
    options.add_argument("--virtual", action="store_true", help="leave out JACK")
    chosen = options.parse_args()
    events = dense_playing(chosen.notes)
    print(f"{chosen.notes} notes in {events[-1].at:.0f} s, none lost, none hanging:", flush=True)
    print(in_virtual_time(events), flush=True)
    if not chosen.virtual:
        print(over_jack(events))


if __name__ == "__main__":
    main()
