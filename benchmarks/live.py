"""How soon a note is passed on and answered, beside the least a Python program can do: the medians of five runs.

    python benchmarks/live.py [--runs 5] [--turns 8] [--realtime auto]

What `musedaemon bench --live` measures, over a private JACK server (package jackd2) at 64 frames a period, idle and
under each load. Some 15 minutes; figures of a machine that does anything else meanwhile mean nothing.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as the command does: see docs/decisions.md 8
sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from support.jack_server import running_server

from musedaemon.config.schema import Config, Ports, Timing
from musedaemon.run.live_bench import Beside, LiveFigures, Load, Spread, measure_live

GOAL = 1.5
"""How many times the bare program's figure the daemon's may be."""
FIRST_NOTE_MS = 2.0

Pick = Callable[[LiveFigures], Beside]
_ROWS: tuple[tuple[str, str, Pick], ...] = (
    ("thru", "echo", lambda figures: figures.thru),
    ("notes leave late by", "wait", lambda figures: figures.leaving),
    ("notes sound late by", "wait that plays", lambda figures: figures.sounding),
)


def middle(spreads: Sequence[Spread]) -> Spread:
    """The median of each figure over the runs."""
    p50, p95, p99, most = (median(values) for values in zip(*(spread[:4] for spread in spreads), strict=True))
    return Spread(p50, p95, p99, most, sum(spread.amount for spread in spreads))


def table(load: Load, runs: Sequence[LiveFigures]) -> list[str]:
    """One load's figures as Markdown: medians of the runs, and of their ratios."""
    lines = [f"| {load.value}, ms | p50 | p95 | p99 | max | of |", "|---|---|---|---|---|---|"]
    for name, bare, pick in _ROWS:
        besides = [pick(figures) for figures in runs]
        lines += [
            _row(name, middle([beside.daemon for beside in besides])),
            _row(f"bare {bare}", middle([beside.bare for beside in besides])),
            f"| *times that* | {_ratio(besides, 0):.2f} | {_ratio(besides, 1):.2f} | {_ratio(besides, 2):.2f} | | |",
        ]
    lost = sum(figures.lost for figures in runs)
    return [*lines, _row("first note sounds late by", middle([figures.first for figures in runs])), *_lost(lost)]


def verdicts(load: Load, runs: Sequence[LiveFigures]) -> list[str]:
    """Whether the goals are met, a line each."""
    first = middle([figures.first for figures in runs])
    return [
        _verdict(load, "thru, p50", _ratio([run.thru for run in runs], 0), GOAL),
        _verdict(load, "thru, p99", _ratio([run.thru for run in runs], 2), GOAL),
        _verdict(load, "planned notes leave, p99", _ratio([run.leaving for run in runs], 2), GOAL),
        _verdict(load, "planned notes sound, p99", _ratio([run.sounding for run in runs], 2), GOAL),
        _verdict(load, "first note sounds, p50 (ms)", first.p50, FIRST_NOTE_MS),
        _verdict(load, "first note sounds, max (ms)", first.most, FIRST_NOTE_MS),
    ]


def _verdict(load: Load, name: str, value: float, goal: float) -> str:
    return f"{'met   ' if value <= goal else 'MISSED'} {value:6.2f} (goal {goal:g})  {name}, {load.value}"


def _ratio(besides: Sequence[Beside], place: int) -> float:
    return median(max(beside.daemon[place], 0.0) / beside.bare[place] for beside in besides)


def _row(name: str, spread: Spread) -> str:
    return f"| {name} | " + " | ".join(f"{value:.2f}" for value in spread[:4]) + f" | {spread.amount} |"


def _lost(amount: int) -> list[str]:
    return [f"| {amount} notes never heard | | | | | |"] if amount else []


def main() -> None:
    """Measure all loads, each of them once in every run, and print the tables and the verdicts."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--runs", type=int, default=5)
    options.add_argument("--turns", type=int, default=8)
    options.add_argument("--realtime", default="auto", choices=("auto", "off"))
    chosen = options.parse_args()
    config = Config(Ports(api="jack"), timing=Timing(realtime=chosen.realtime))
    measured: dict[Load, list[LiveFigures]] = {load: [] for load in Load}
    with running_server(f"muselive-{os.getpid()}"):
        for run in range(chosen.runs):
            print(f"run {run + 1}", file=sys.stderr, flush=True)
            for load, figures in measured.items():
                figures.append(measure_live(config, load, chosen.turns))
    for load, figures in measured.items():
        print("\n".join([*table(load, figures), ""]))
    for load, figures in measured.items():
        print("\n".join(verdicts(load, figures)))


if __name__ == "__main__":
    main()
