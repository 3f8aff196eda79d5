"""Where replies begin, measured on the musician's own beats: performances with known beats, answered in virtual time.

    python benchmarks/entry.py FOLDER [--aside LIST] [--model FILE] [--count 200] [--seconds 8]

Each performance is broken off after so many seconds; the beats go on as the musician would have played them. Pieces
whose beat is not the quarter do not count.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as the command does: see docs/decisions.md 8
import numpy as np
from performances import Floats, Performance, performances
from tempo import WITHIN, chosen_paths

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from support.jam import Jam, TapedPlayer

from musedaemon.core.engine import Engine, EngineSettings
from musedaemon.core.events import MidiEvent, NoteOff, NoteOn
from musedaemon.core.sampling import SamplingSettings
from musedaemon.core.tempo import TempoTracker
from musedaemon.midi.hands import one_key_each
from musedaemon.model.onnx_model import OnnxModel, load_default
from musedaemon.run.musician import FilePlayer
from musedaemon.run.simulator import Simulator

ON_BEAT = 0.1
"""Of a beat."""


def call_of(performance: Performance, seconds: float) -> list[MidiEvent]:
    """The notes that begin in the first seconds, the first of them at 1 s."""
    start = performance.notes[0].at - 1.0
    events: list[MidiEvent] = []
    for note in performance.notes:
        if note.at - start < 1.0 + seconds:
            events += [
                NoteOn(note.at - start, 0, note.pitch, note.velocity),
                NoteOff(note.until - start, 0, note.pitch),
            ]
    return one_key_each(sorted(events, key=lambda event: event.at))


def answered(events: Sequence[MidiEvent], model: OnnxModel, bpm: float | None) -> Jam:
    """One session; `bpm` is the tempo that is given, if any."""
    engine = Engine(model, TempoTracker(bpm), EngineSettings(SamplingSettings(), seed=5))
    jam = Jam(engine)
    Simulator(engine, TapedPlayer(jam.planned), FilePlayer(events), jam, jam.turn_over).run()
    return jam


def main() -> None:
    """Print the shares."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("folder", type=Path)
    options.add_argument("--aside", type=Path)
    options.add_argument("--model", type=Path)
    options.add_argument("--half", choices=("tune", "report"), default="report")
    options.add_argument("--count", type=int, default=200)
    options.add_argument("--seconds", type=float, default=8.0)
    options.add_argument("--seed", type=int, default=7)
    options.add_argument("--given", action="store_true", help="the mean tempo of the call is given as `bpm`")
    chosen = options.parse_args()
    model = OnnxModel.load(chosen.model) if chosen.model else load_default()
    paths = chosen_paths(chosen.folder, chosen.aside, chosen.half, chosen.seed)
    places, waited, right = [], [], []
    for performance in performances(paths, chosen.count, chosen.seed):
        events = call_of(performance, chosen.seconds)
        start = performance.notes[0].at - 1.0
        given = performance.bpm_between(start + 1.0, start + 1.0 + chosen.seconds) if chosen.given else None
        jam = answered(events, model, given) if performance.simple else None
        # Where the piece itself rests, there is more than one turn: the last is the one broken off.
        if jam and len(jam.turns) == 1 and jam.notes():
            first = jam.notes()[0].at
            beat = float(np.interp(first + start, performance.beats, np.arange(len(performance.beats))))
            truth = performance.bpm_between(start + chosen.seconds - 3.0, start + chosen.seconds + 1.0)
            places.append(beat % 1.0)
            waited.append((first - events[-1].at) * truth / 60.0)
            right.append(abs(jam.turns[0].bpm / truth - 1.0) < WITHIN)
    print(f"{len(places)} replies; after the last note was over {np.median(waited):.2f} beats (median)")
    report("all", np.array(places))
    report("where the tempo was right", np.array(places)[np.array(right)])


def report(name: str, places: Floats) -> None:
    """A line: how many begin on the beat, on the half, and elsewhere."""
    on_beat = np.minimum(places, 1.0 - places) < ON_BEAT
    on_half = np.abs(places - 0.5) < ON_BEAT
    print(f"{name}: {len(places)}, on the beat {on_beat.mean():.0%}, on its half {on_half.mean():.0%}")


if __name__ == "__main__":
    main()
