"""Whether a lively call gets a lively reply: how often replies strike, and with how many notes, beside their calls.

    python benchmarks/liveliness.py FOLDER [--list LIST] [--calls 200] [--seeds 2] [--seed 1]

Calls of two to four bars are cut from the pieces listed (a corpus' test.txt), and each is answered with several seeds.
A row for each measure tells what replies have beside their call, and what composers wrote next; "chance" is what was
written next in other pieces. Ratios are binary logarithms: 1 is twice as much. *Low* is below middle C, where
the call has a left hand there and a right hand above.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from pathlib import Path
from typing import NamedTuple

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as the command does: see docs/decisions.md 8
import numpy as np

from musedaemon.core.engine import EngineSettings
from musedaemon.core.sampling import SamplingSettings
from musedaemon.encoding import TICKS_PER_BEAT
from musedaemon.model.onnx_model import OnnxModel, load_default
from musedaemon_evaluation.calls import spread, stretches
from musedaemon_evaluation.measures import DISTRIBUTIONS, distributions, on_grid, overlap
from musedaemon_evaluation.pieces import Score, listed, read
from musedaemon_evaluation.replying import response_to
from musedaemon_training.notes import Notes

FEWEST_NOTES = 6
HAND_OVER_S = 4.0
"""Longer than the rests within a call, so that each is answered once."""
_BARS = (2, 4)
_MIDDLE_C = 60
_HAND = 0.5
"""A hand plays where something sounds for so much of the time."""
_TWICE, _HALF_AS_MUCH_AGAIN = 1.0, 0.585


class Pair(NamedTuple):
    """A call, and what its composer wrote next in as many bars."""

    call: Notes
    written: Notes


def pairs_from(scores: Sequence[Score], count: int, seed: int) -> list[Pair]:
    """Calls, spread over all pieces."""
    rng = np.random.default_rng(seed)
    found = spread(scores, count, rng, lambda score: stretches(score, rng, bars=_BARS, fewest_notes=FEWEST_NOTES))
    if len(found) < count:
        sys.exit("no piece is long enough")
    return [Pair(*cut.parts) for cut in found]


def reply_in(call: Notes, seed: int) -> Notes:
    """What the daemon answers; it may be nothing."""
    return response_to(_model(), call, EngineSettings(SamplingSettings(), hand_over_s=HAND_OVER_S, seed=seed)).notes


@cache
def _model() -> OnnxModel:
    return load_default()


def _answer(task: tuple[Notes, int]) -> Notes:
    return reply_in(*task)


def strikes_a_beat(notes: Notes) -> float:
    """Onsets a beat, from the first to the end of the last note."""
    return len(np.unique(notes["onset"])) / _beats(notes)


def notes_a_beat(notes: Notes) -> float:
    """All notes a beat."""
    return len(notes) / _beats(notes)


def notes_a_strike(notes: Notes) -> float:
    """How full a strike is."""
    return len(notes) / len(np.unique(notes["onset"]))


def low_strikes_a_beat(notes: Notes) -> float:
    """Onsets a beat of a left hand; a twentieth where there is none."""
    return max(len(np.unique(_low(notes)["onset"])) / _beats(notes), 0.05)


def span(notes: Notes) -> float:
    """Semitones from the lowest to the highest note."""
    return float(np.ptp(notes["pitch"].astype(int)))


def low_share(notes: Notes) -> float:
    """For how much of the time something sounds below middle C."""
    return _sounds(notes, _low(notes))


def _low(notes: Notes) -> Notes:
    return notes[notes["pitch"] < _MIDDLE_C]


def has_two_hands(notes: Notes) -> bool:
    """Whether both hands play for the greater part."""
    return min(low_share(notes), _sounds(notes, notes[notes["pitch"] >= _MIDDLE_C])) >= _HAND


def _ends(notes: Notes) -> int:
    return int((notes["onset"].astype(int) + notes["duration"]).max())


def _beats(notes: Notes) -> float:
    return (_ends(notes) - int(notes["onset"].min())) / TICKS_PER_BEAT


def _sounds(notes: Notes, some: Notes) -> float:
    begin = int(notes["onset"].min())
    sounds = np.zeros(_ends(notes) - begin, dtype=np.bool_)
    for note in some:
        sounds[int(note["onset"]) - begin :][: int(note["duration"])] = True
    return float(sounds.mean())


class Told(NamedTuple):
    """An answer beside its call."""

    call: Notes
    answer: Notes


RATIOS: dict[str, Callable[[Notes], float]] = {
    "strikes a beat": strikes_a_beat,
    "notes a strike": notes_a_strike,
    "notes a beat": notes_a_beat,
}


def ratios(told: Sequence[Told], measure: Callable[[Notes], float]) -> list[str]:
    """Cells: the median, the standard deviation, the outer tenths, how many are off by half as much again and twice."""
    off = np.array([np.log2(measure(pair.answer) / measure(pair.call)) for pair in told])
    low, high = np.quantile(off, (0.1, 0.9))
    return [
        f"{np.median(off):+.2f}",
        f"{off.std():.2f}",
        f"{low:+.2f} to {high:+.2f}",
        f"{np.mean(abs(off) > _HALF_AS_MUCH_AGAIN):.0%}",
        f"{np.mean(abs(off) > _TWICE):.0%}",
    ]


def rows(answers: dict[str, Sequence[Told]]) -> list[str]:
    """The tables."""
    lines = ["| | | median | deviation | eight of ten | off by 1.5 | off by 2 |\n" + "|---" * 7 + "|"]
    for name, measure in RATIOS.items():
        lines += [f"| {name} | {who} | " + " | ".join(ratios(told, measure)) + " |" for who, told in answers.items()]
    for who, told in answers.items():
        hands = [pair for pair in told if has_two_hands(pair.call)]
        lines.append(f"| low strikes a beat | {who} | " + " | ".join(ratios(hands, low_strikes_a_beat)) + " |")
    lines.append(
        "\n| | low voice sounds | of calls | calls of two hands with one under half | span beside the call's |"
    )
    lines.append("|---" * 5 + "|")
    for who, told in answers.items():
        hands = [pair for pair in told if has_two_hands(pair.call)]
        ours = np.array([low_share(pair.answer) for pair in hands])
        calls = np.array([low_share(pair.call) for pair in hands])
        wider = np.array([span(pair.answer) - span(pair.call) for pair in told])
        low, middle, high = np.quantile(wider, (0.1, 0.5, 0.9))
        lines.append(
            f"| {who} | {ours.mean():.0%} | {calls.mean():.0%} | {np.mean(ours < _HAND):.0%} of {len(hands)} "
            f"| {middle:+.0f} ({low:+.0f} to {high:+.0f}) |"
        )
    return lines


def likeness(written: Sequence[Notes], answers: Sequence[Notes]) -> str:
    """What answers share with what was written next."""
    shares = [(distributions(a), distributions(b)) for a, b in zip(written, answers, strict=True)]
    told = {name: float(np.mean([overlap(a[name], b[name]) for a, b in shares])) for name in DISTRIBUTIONS}
    grid = np.mean([on_grid(notes) for notes in answers])
    cells = ", ".join(f"{name} {value:.3f}" for name, value in told.items())
    return f"likeness to what was written next: {cells}; on the grid {grid:.1%}"


def main() -> None:
    """Print tables."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("folder", type=Path)
    options.add_argument("--list", type=Path)
    options.add_argument("--calls", type=int, default=200)
    options.add_argument("--seeds", type=int, default=2)
    options.add_argument("--seed", type=int, default=1)
    chosen = options.parse_args()
    scores = read(chosen.folder, listed(chosen.folder, chosen.list)).scores
    pairs = pairs_from(scores, chosen.calls, chosen.seed)
    tasks = [
        (pair, chosen.seed + index + 1000 * turn) for turn in range(chosen.seeds) for index, pair in enumerate(pairs)
    ]
    with ProcessPoolExecutor() as pool:
        replies = list(pool.map(_answer, [(pair.call, seed) for pair, seed in tasks], chunksize=4))
    heard = [(pair, reply) for (pair, _), reply in zip(tasks, replies, strict=True) if len(reply)]
    answers: dict[str, Sequence[Told]] = {
        "composers": [Told(*pair) for pair in pairs],
        "replies": [Told(pair.call, reply) for pair, reply in heard],
        "chance": [Told(pair.call, other.written) for pair, other in zip(pairs, [*pairs[1:], pairs[0]], strict=True)],
    }
    print("\n".join(rows(answers)))
    print(f"\n{len(heard)} of {len(tasks)} answered; {likeness([p.written for p, _ in heard], [r for _, r in heard])}")


if __name__ == "__main__":
    main()
