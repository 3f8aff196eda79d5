"""Whether a riff that comes again is answered anew, and how loud its answers are.

    python benchmarks/same_riff.py FOLDER [--list LIST] [--riffs 40] [--seed 1]

Riffs of two bars or so are cut from the pieces listed (a corpus' test.txt). Each is played four times, each time with a
hand's jitter, and every reply is compared with the one before: the share of its notes that have the same pitch at the
same time after its first one. The same of the riff itself, and the longest run that is copied from it, tell how much of
it the replies take up. Each place of the memory's dial has its row.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as the command does: see docs/decisions.md 8
import numpy as np

from musedaemon.core.engine import EngineSettings
from musedaemon.core.sampling import SamplingSettings
from musedaemon.encoding import TICKS_PER_BEAT
from musedaemon.model.onnx_model import OnnxModel, load_default
from musedaemon_evaluation.calls import cut_calls, part
from musedaemon_evaluation.copying import longest_copies
from musedaemon_evaluation.pieces import listed, read
from musedaemon_evaluation.replying import LEVEL, response_to
from musedaemon_training.notes import Notes

DIALS = (0.0, 0.25, 0.5, 0.75, 1.0)
TIMES = 4
FEWEST_NOTES = 6
HAND_OVER_S = 2.0
_RIFF_TICKS = 8 * TICKS_PER_BEAT
_PAUSE_TICKS = 8 * TICKS_PER_BEAT
_JITTER_TICKS, _JITTER_VELOCITY = 0.7, 4.0
_SHORTEST, _LONGEST = 0.8, 1.0
"""Of its written length, as a hand holds a note."""
_NEAR_TICKS = 1


class Session(NamedTuple):
    """A riff as it is written, the notes that were played, and the reply to each time it came."""

    riff: Notes
    played: Notes
    replies: list[Notes]


def by_hand(riff: Notes, rng: np.random.Generator) -> Notes:
    """The same riff with a hand's onsets, lengths and velocities."""
    notes = riff.copy()
    _, chord = np.unique(riff["onset"], return_inverse=True)
    late = rng.normal(0.0, _JITTER_TICKS, size=chord.max() + 1)[chord]
    onset = np.maximum.accumulate(np.maximum(np.rint(riff["onset"] + late), 0)).astype(np.int64)
    held = np.rint(riff["duration"] * rng.uniform(_SHORTEST, _LONGEST, size=len(riff)))
    level = np.where(riff["velocity"] == 0, LEVEL, riff["velocity"])
    notes["onset"], notes["duration"] = onset, np.maximum(held, 1)
    notes["velocity"] = np.clip(np.rint(level + rng.normal(0.0, _JITTER_VELOCITY, size=len(riff))), 1, 127)
    return notes


def session(riff: Notes, dial: float, seed: int) -> Session:
    """The riff comes `TIMES` times, and waits for each reply."""
    rng = np.random.default_rng(seed)
    times: list[Notes] = []
    at = 0
    for _ in range(TIMES):
        notes = by_hand(riff, rng)
        notes["onset"] += at
        times.append(notes)
        at = int((notes["onset"].astype(int) + notes["duration"]).max()) + _PAUSE_TICKS
    played = np.concatenate(times)
    settings = EngineSettings(SamplingSettings(), hand_over_s=HAND_OVER_S, memory=dial, seed=seed)
    return Session(riff, played, response_to(_model(), played, settings).each_turn)


@cache
def _model() -> OnnxModel:
    return load_default()


def _run(task: tuple[Notes, float, int]) -> Session:
    return session(*task)


def share_of(notes: Notes, other: Notes) -> float:
    """The share of notes that have the same pitch at the same time after the first as one of the others."""
    ours, theirs = (set(_places(part)) for part in (notes, other))
    near = range(-_NEAR_TICKS, _NEAR_TICKS + 1)
    return float(np.mean([any((at + off, pitch) in theirs for off in near) for at, pitch in ours]))


def _places(notes: Notes) -> list[tuple[int, int]]:
    onset = notes["onset"].astype(int)
    return list(zip((onset - onset.min()).tolist(), notes["pitch"].tolist(), strict=True))


def row(name: str, sessions: Sequence[Session]) -> str:
    """For the table."""
    pairs = [
        (after, before) for heard in sessions for before, after in pairwise(heard.replies) if len(before) and len(after)
    ]
    again = np.array([share_of(after, before) for after, before in pairs])
    answers = [(reply, heard.riff) for heard in sessions for reply in heard.replies if len(reply)]
    riffs = np.array([share_of(reply, riff) for reply, riff in answers])
    copies = [longest_copies([reply], [riff])[0] for reply, riff in answers]
    cells = [
        f"{again.mean():.0%}",
        f"{np.mean(again > 0.9):.0%}",
        f"{riffs.mean():.0%}",
        f"{np.median(copies):.0f} / {np.quantile(copies, 0.9):.0f}",
        *loudness(sessions),
    ]
    return f"| {name} | " + " | ".join(cells) + " |"


def loudness(sessions: Sequence[Session]) -> list[str]:
    """Over riffs: how far replies go beyond the softest and loudest note, how far their level is off, their spread."""
    beyond, off, spread = [], [], []
    for heard in sessions:
        ours = np.concatenate([reply["velocity"] for reply in heard.replies]).astype(int)
        theirs = heard.played["velocity"].astype(int)
        if len(ours) > 1:
            beyond.append(max(theirs.min() - ours.min(), ours.max() - theirs.max(), 0))
            off.append(abs(ours.mean() - theirs.mean()))
            spread.append(ours.std() / max(theirs.std(), 1.0))
    return [f"{np.median(beyond):.0f} / {max(beyond)}", f"{np.mean(off):.1f}", f"{np.median(spread):.2f}"]


def main() -> None:
    """Print a table."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("folder", type=Path)
    options.add_argument("--list", type=Path)
    options.add_argument("--riffs", type=int, default=40)
    options.add_argument("--seed", type=int, default=1)
    chosen = options.parse_args()
    scores = read(chosen.folder, listed(chosen.folder, chosen.list)).scores
    cuts = [part(call.notes, 0, _RIFF_TICKS) for call in cut_calls(scores, 2 * chosen.riffs, chosen.seed)]
    riffs = [riff for riff in cuts if len(riff) >= FEWEST_NOTES][: chosen.riffs]
    print(
        "| memory | as the reply before | replies nine tenths of which are | as the riff | copied from it "
        "| velocities beyond the riff's | level off | spread |\n" + "|---" * 8 + "|"
    )
    with ProcessPoolExecutor(2) as pool:
        for dial in DIALS:
            tasks = [(riff, dial, chosen.seed + index) for index, riff in enumerate(riffs)]
            print(row(f"{dial:g}", list(pool.map(_run, tasks, chunksize=2))), flush=True)


if __name__ == "__main__":
    main()
