"""How well the tempo and the beat are found in playing whose beats are known, beside pretty_midi's estimates.

    python benchmarks/tempo.py FOLDER [--aside LIST] [--half report] [--count 200]

FOLDER holds .mid files; they are played by `performances.py`. Whoever tunes the estimator does it on `--half tune`: the
two halves share no file. `--aside` names files, one a line relative to the folder (a corpus' test.txt), that are only
ever reported on.
"""

from __future__ import annotations

import argparse
import itertools
import os
import random
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as the command does: see docs/decisions.md 8
import numpy as np
import pretty_midi
from performances import Floats, Performance, PlayedNote, performances

from musedaemon.core.accents import Strike
from musedaemon.core.beat_line import BeatLine
from musedaemon.core.moment import opening
from musedaemon.core.tempo import TempoTracker
from musedaemon.model.onnx_model import load_default

WINDOW_S, HOP_S = 8.0, 4.0
FEWEST_EVENTS = 4
WITHIN = 0.08
HIT_S = 0.07
"""How far a beat may be off and still be one: the custom of beat tracking's F-measure."""
NEXT_BEATS = 2
HINT_OCTAVES = 0.15
OCTAVES = (0.25, 0.5, 1.0, 2.0, 4.0)


class Window(NamedTuple):
    """Some seconds of a performance: `truth` is their mean tempo, `hint` a tempo somewhere near it."""

    notes: list[PlayedNote]
    start: float
    performance: Performance
    truth: float
    hint: float

    @property
    def end(self) -> float:
        """Seconds."""
        return self.start + WINDOW_S


class Reading(NamedTuple):
    """What a method finds: beats in and after the window (seconds), none where it does not tell."""

    bpm: float | None
    beats: Floats


NO_BEATS: Floats = np.zeros(0)
Method = Callable[[Window], Reading]


def windows(
    performance: Performance, rng: np.random.Generator, length: float = WINDOW_S, hop: float = HOP_S
) -> Iterator[Window]:
    """Every window with something to go by."""
    start = performance.notes[0].at
    while start + length <= performance.notes[-1].at:
        notes = [note for note in performance.notes if start <= note.at < start + length]
        truth = performance.bpm_between(start, start + length)
        hint = truth * float(2.0 ** rng.normal(0.0, HINT_OCTAVES))
        if (np.diff([note.at for note in notes]) > 0.05).sum() >= FEWEST_EVENTS - 1:
            yield Window(notes, start, performance, truth, hint)
        start += hop


def alone(window: Window) -> Reading:
    """Nothing known but these eight seconds."""
    return _follow(TempoTracker(), window)


def hinted(window: Window) -> Reading:
    """About the right tempo was named."""
    return _follow(TempoTracker(hint=window.hint), window)


def in_a_jam() -> Method:
    """Each window after the ones before it, as the calls of one session."""
    trackers: dict[str, TempoTracker] = {}

    def method(window: Window) -> Reading:
        return _follow(trackers.setdefault(window.performance.name, TempoTracker()), window)

    return method


def _follow(tracker: TempoTracker, window: Window) -> Reading:
    bpm = tracker.follow([Strike(note.at, note.until) for note in window.notes])
    return Reading(bpm, _beats(tracker.line, window) if tracker.line else NO_BEATS)


def _beats(line: BeatLine, window: Window) -> Floats:
    """The whole beats of a line, from the window on and some beyond it."""
    times = np.linspace(window.start, window.end + 8.0, 4000)
    count = line.beat_of(times)
    return np.interp(np.arange(np.ceil(count[0]), np.floor(count[-1]) + 1), count, times)


def by_pretty_midi(window: Window) -> Reading:
    """Its tempo, and the beats it lays from the best start at that tempo."""
    first = window.notes[0].at
    bpm = float(_pretty(window, 120.0).estimate_tempo())
    if not bpm > 0:
        return Reading(None, NO_BEATS)
    counted = _pretty(window, bpm)
    period = 60.0 / bpm
    start = float(counted.estimate_beat_start()) + first
    before, after = int((start - window.start) / period), int((window.end + 8.0 - start) / period)
    return Reading(bpm, start + np.arange(-before, after + 1) * period)


def _pretty(window: Window, bpm: float) -> pretty_midi.PrettyMIDI:
    first = window.notes[0].at
    midi = pretty_midi.PrettyMIDI(initial_tempo=bpm)
    piano = pretty_midi.Instrument(0)
    piano.notes = [pretty_midi.Note(n.velocity, n.pitch, n.at - first, n.until - first) for n in window.notes]
    midi.instruments.append(piano)
    return midi


def f_measure(beats: Floats, found: Floats) -> float:
    """Of beats found, each taken once, within `HIT_S` of true ones."""
    hits = 0
    left = list(found)
    for beat in beats:
        near = min(left, key=lambda one: abs(one - beat), default=None)
        if near is not None and abs(near - beat) <= HIT_S:
            left.remove(near)
            hits += 1
    return 2.0 * hits / max(len(beats) + len(found), 1)


@dataclass(slots=True)
class Score:
    """Of one method: an entry a window, the beats' only for windows whose beat is the quarter."""

    strict: list[bool] = field(default_factory=list)
    octave: list[bool] = field(default_factory=list)
    marked: list[bool] = field(default_factory=list)
    f: list[float] = field(default_factory=list)
    next_off: list[float] = field(default_factory=list)
    """Shares of a beat between the next true beats and those found, where the tempo was."""
    seconds: list[float] = field(default_factory=list)

    def add(self, window: Window, reading: Reading, seconds: float) -> None:
        """Judge one window."""
        ratio = (reading.bpm or 0.0) / window.truth
        self.strict.append(abs(ratio - 1) < WITHIN)
        self.octave.append(any(abs(ratio / octave - 1) < WITHIN for octave in OCTAVES))
        self.marked.append(window.performance.marked)
        self.seconds.append(seconds)
        if window.performance.simple and len(reading.beats):
            self._judge_beats(window, reading.beats)

    def _judge_beats(self, window: Window, found: Floats) -> None:
        true = window.performance.beats
        self.f.append(f_measure(_within(true, window.start, window.end), _within(found, window.start, window.end)))
        if self.strict[-1]:
            off = [float(np.abs(found - beat).min()) for beat in true[true >= window.end][:NEXT_BEATS]]
            self.next_off.append(float(np.mean(off)) * window.truth / 60.0)

    def row(self, name: str, step: float) -> str:
        """For the table; `step` is how long one of the model's takes (seconds)."""
        marked = np.array(self.marked)
        strict = np.array(self.strict)
        beats = f"{np.mean(self.f):.2f} | {np.median(self.next_off):.3f}" if self.f else "- | -"
        return (
            f"| {name} | {np.mean(strict):.1%} | {np.mean(self.octave):.1%} | {strict[marked].mean():.1%} |"
            f" {beats} | {np.median(self.seconds) / step:.1f} |"
        )


def _within(times: Floats, start: float, end: float) -> Floats:
    return times[(times >= start) & (times < end)]


def chosen_paths(folder: Path, aside: Path | None, half: str, seed: int) -> list[Path]:
    """The files of one half in an order of chance, the folders in it by turns, so that each kind of music counts.

    What is set aside comes first in the half that is reported.
    """
    kept = [folder / line.strip() for line in aside.read_text().splitlines() if line.strip()] if aside else []
    others = sorted(set(folder.rglob("*.mid")) - set(kept))
    random.Random(seed).shuffle(others)
    middle = len(others) // 2
    return _by_turns(others[:middle] if half == "tune" else [*kept, *others[middle:]])


def asked_for(description: str) -> tuple[list[Performance], int]:
    """The performances that the command line asks for, and the seed of all chance."""
    options = argparse.ArgumentParser(description=description)
    options.add_argument("folder", type=Path)
    options.add_argument("--aside", type=Path)
    options.add_argument("--half", choices=("tune", "report"), default="report")
    options.add_argument("--count", type=int, default=200)
    options.add_argument("--seed", type=int, default=7)
    chosen = options.parse_args()
    paths = chosen_paths(chosen.folder, chosen.aside, chosen.half, chosen.seed)
    played = performances(paths, chosen.count, chosen.seed)
    if not played:
        sys.exit("no file in that folder can be played")
    return played, chosen.seed


def _by_turns(paths: list[Path]) -> list[Path]:
    by_folder: dict[Path, list[Path]] = {}
    for path in paths:
        by_folder.setdefault(path.parent, []).append(path)
    rounds = itertools.zip_longest(*(by_folder[parent] for parent in sorted(by_folder)))
    return [path for turn in rounds for path in turn if path]


def step_s() -> float:
    """Seconds of one step of the default model (median), to compare an estimate's with."""
    model = load_default()
    moment = opening(model, 0.0)
    taken: list[float] = []
    for note in range(400):
        began = time.perf_counter()
        moment = moment.heard(model, note * 0.1, 60 + note % 12, 16, 120.0)
        taken.append(time.perf_counter() - began)
    return float(np.median(taken))


def main() -> None:
    """Print a table."""
    warnings.simplefilter("ignore")  # pretty_midi's about its own dependencies
    played, seed = asked_for(__doc__.splitlines()[0])
    methods = {"alone": alone, "in a jam": in_a_jam(), "with a hint": hinted, "pretty_midi": by_pretty_midi}
    scores = {name: Score() for name in methods}
    rng = np.random.default_rng(seed)
    for window in (window for performance in played for window in windows(performance, rng)):
        for name, method in methods.items():
            began = time.perf_counter()
            reading = method(window)
            scores[name].add(window, reading, time.perf_counter() - began)
    print(f"{len(played)} performances, {len(scores['alone'].strict)} windows of {WINDOW_S:.0f} s\n")
    print(
        "| | within 8% | octaves aside | within 8%, marked | F of beats | next beat off by | model steps |\n|---|"
        + "---|" * 6
    )
    step = step_s()
    for name, score in scores.items():
        print(score.row(name, step))


if __name__ == "__main__":
    main()
