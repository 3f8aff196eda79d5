"""Whether the model's likelihood of a call, heard at each of its likeliest tempi, tells which of them is right.

    python benchmarks/second_opinion.py FOLDER [--aside LIST] [--model FILE] [--count 200]

The weights of the likelihoods beside the tracker's own log-odds are fitted on one half of the files and judged on the
other, on every fourth window of `tempo.py`.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from performances import Floats, PlayedNote, performances
from tempo import WINDOW_S, WITHIN, Window, chosen_paths, windows
from tempo_weights import fitted

from musedaemon.core.accents import Strike, accents_of
from musedaemon.core.beat_line import fit
from musedaemon.core.moment import Moment, opening, ticks_per_second
from musedaemon.core.periodicity import BPMS, evidence
from musedaemon.core.tempo import USUAL
from musedaemon.encoding import ticks_to_class, velocity_to_class
from musedaemon.model.onnx_model import OnnxModel, load_default

CANDIDATES = 5
EVERY = 4
FIELDS = ("shift", "pitch", "duration")


class Opinions(NamedTuple):
    """[windows, CANDIDATES]: `odds` of the tracker, `likelihoods` [.., 3] of the model, `right` within 8%."""

    odds: Floats
    likelihoods: Floats
    right: Floats


def candidates(window: Window) -> tuple[Floats, Floats]:
    """(tempi, log-odds) of the likeliest local maxima, laid through the beats; the last repeated if there are few."""
    accents = accents_of([Strike(note.at, note.until) for note in window.notes], WINDOW_S)
    odds = USUAL + evidence(accents)
    inner = np.flatnonzero((odds[1:-1] > odds[:-2]) & (odds[1:-1] >= odds[2:])) + 1
    best = inner[np.argsort(-odds[inner])][:CANDIDATES] if len(inner) else np.array([odds.argmax()])
    best = np.append(best, np.repeat(best[-1], CANDIDATES - len(best)))
    tempi = np.array([60.0 / fit(accents, float(BPMS[index])).period for index in best])
    return tempi, odds[best]


def log_likelihoods(model: OnnxModel, notes: list[PlayedNote], bpm: float) -> list[float]:
    """Of the notes' shifts, pitches and durations (densities in seconds, so that tempi can be compared)."""
    totals = [0.0, 0.0, 0.0]
    moment = opening(model, notes[0].at)
    moves = sorted([*((note.at, True, note) for note in notes), *((note.until, False, note) for note in notes)])
    for at, starts, note in moves:
        if starts:
            if moment.note is not None:
                for index, value in enumerate(_of_note(model, moment, note, bpm)):
                    totals[index] += value
            moment = moment.heard(model, at, note.pitch, int(velocity_to_class(note.velocity)), bpm)
        elif note.pitch in moment.tracker.ends:
            moment = moment.released(at, note.pitch, bpm)
    return totals


def _of_note(model: OnnxModel, before: Moment, note: PlayedNote, bpm: float) -> tuple[float, float, float]:
    context = before.tracker.context(before.tick_at(note.at, bpm))
    velocity = int(velocity_to_class(note.velocity))
    length = int(ticks_to_class(max(round((note.until - note.at) * ticks_per_second(bpm)), 1)))
    finer = float(np.log(ticks_per_second(bpm)))
    shift = _log_chance(before.state.shift_logits, context.shift) + finer
    pitch = _log_chance(model.pitch_logits(before.state, context), note.pitch)
    duration = _log_chance(model.duration_logits(before.state, context, note.pitch, velocity), length) + finer
    return shift, pitch, duration


def _log_chance(logits: np.ndarray, index: int) -> float:
    wide = logits.astype(np.float64)
    return float(wide[index] - wide.max() - np.log(np.exp(wide - wide.max()).sum()))


def opinions(model: OnnxModel, paths: list[Path], count: int, seed: int) -> Opinions:
    """Of every fourth window of so many performances."""
    rng = np.random.default_rng(seed)
    odds, likelihoods, right = [], [], []
    heard = [window for performance in performances(paths, count, seed) for window in windows(performance, rng)]
    for window in heard[::EVERY]:
        tempi, log_odds = candidates(window)
        odds.append(log_odds)
        likelihoods.append([log_likelihoods(model, window.notes, float(bpm)) for bpm in tempi])
        right.append(np.abs(tempi / window.truth - 1.0) < WITHIN)
    return Opinions(np.array(odds), np.array(likelihoods), np.array(right))


def main() -> None:
    """Print a line for each kind of likelihood."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("folder", type=Path)
    options.add_argument("--aside", type=Path)
    options.add_argument("--model", type=Path)
    options.add_argument("--count", type=int, default=200)
    options.add_argument("--seed", type=int, default=7)
    chosen = options.parse_args()
    torch.set_num_threads(1)
    model = OnnxModel.load(chosen.model) if chosen.model else load_default()
    tune, report = (
        opinions(model, chosen_paths(chosen.folder, chosen.aside, half, chosen.seed), chosen.count, chosen.seed)
        for half in ("tune", "report")
    )
    right = report.right
    print(f"{len(right)} windows, one of {CANDIDATES} tempi right in {right.any(axis=1).mean():.1%}")
    print(f"the tracker alone: {right[np.arange(len(right)), report.odds.argmax(axis=1)].mean():.1%}")
    for name, used in {**{field: [index] for index, field in enumerate(FIELDS)}, "all": [0, 1, 2]}.items():
        weights, score = judged(tune, report, used)
        print(f"with the likelihood of {name}: {score:.1%}, weights {', '.join(f'{one:.3f}' for one in weights)}")


def judged(tune: Opinions, report: Opinions, used: list[int]) -> tuple[list[float], float]:
    """(weights of odds and likelihoods fitted on `tune`, the share right on `report`)."""
    inputs = [np.concatenate((one.odds[..., None], one.likelihoods[..., used]), axis=2) for one in (tune, report)]
    possible = tune.right.any(axis=1)
    weights = fitted(torch.tensor(inputs[0][possible], dtype=torch.float32), torch.tensor(tune.right[possible])).numpy()
    best = (inputs[1] @ weights).argmax(axis=1)
    return weights.tolist(), float(report.right[np.arange(len(best)), best].mean())


if __name__ == "__main__":
    main()
