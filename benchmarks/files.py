"""Answers many .mid files and checks each: notes all end, replies come after their calls, a seed repeats the bytes.

    python benchmarks/files.py FOLDER [--list FILE] [--count 24]

`--list` names files relative to the folder, one a line (a corpus' test.txt).
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as the command does: see docs/decisions.md 8
sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from support.midi_balance import unbalanced
from support.written import onsets, tracks

from musedaemon.config.schema import Config, Model, Ports
from musedaemon.run.preparing import play
from musedaemon.run.reporting import Silent, TurnSummary


class Turns(Silent):
    """A reporter that keeps the turns."""

    def __init__(self) -> None:
        self.turns: list[TurnSummary] = []

    def turn(self, summary: TurnSummary) -> None:
        """Keep it."""
        self.turns.append(summary)


def answered(source: Path, target: Path) -> list[TurnSummary]:
    """One session from file to file."""
    told = Turns()
    play(Config(ports=Ports(input=str(source), output=str(target)), model=Model(seed=9)), told)
    return told.turns


def check(source: Path, folder: Path) -> str:
    """Answer a file twice; a line of what came out. AssertionError where something is wrong."""
    first, second = folder / "first.mid", folder / "second.mid"
    began = time.perf_counter()
    turns = answered(source, first)
    seconds = time.perf_counter() - began
    answered(source, second)
    assert first.read_bytes() == second.read_bytes(), f"{source}: the same seed gave other bytes"
    assert [unbalanced(track) for track in tracks(first).values()] == [{}, {}, {}], f"{source}: a note hangs"
    call, response = onsets(first, "call"), onsets(first, "response")
    if len(turns) == 1 and response:
        assert max(call) < min(response), f"{source}: the reply cut in"
    notes = f"{len(call)} notes heard, {len(response)} played"
    return f"{source.name[:50]:50} {len(turns):3} turns  {notes:30} {seconds:5.1f} s"


def main() -> None:
    """Check some files and print a line each."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("folder", type=Path)
    options.add_argument("--list", type=Path)
    options.add_argument("--count", type=int, default=24)
    chosen = options.parse_args()
    if chosen.list:
        sources = [chosen.folder / line.strip() for line in chosen.list.read_text().splitlines() if line.strip()]
    else:
        sources = sorted(chosen.folder.rglob("*.mid"))
    picked = random.Random(4).sample(sources, min(chosen.count, len(sources)))
    with tempfile.TemporaryDirectory() as folder:
        for source in picked:
            print(check(source, Path(folder)), flush=True)
    print(f"{len(picked)} files, all well")


if __name__ == "__main__":
    main()
