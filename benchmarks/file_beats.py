"""Where replies to .mid files begin, on the beats that the files themselves have.

    python benchmarks/file_beats.py FOLDER [--count 60]

Small files in an order drawn once, each answered into a file by the real session. What the folder's `test.txt` names is
left alone.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import tempfile
from collections import Counter
from itertools import pairwise
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as the command does: see docs/decisions.md 8
sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from support.written import onsets

from musedaemon.config.schema import Config, Model, Ports
from musedaemon.errors import MidiFileError
from musedaemon.run.preparing import play
from musedaemon.run.reporting import Silent
from musedaemon_training.corpus import find_files

LARGEST = 6_000
"""Bytes of a file."""
BEAT = 480
"""Ticks, in what is written."""
NEAR = BEAT // 10


def first_of_replies(jam: Path) -> list[int]:
    """The onsets of the response that follow one of the call (ticks)."""
    both = [(tick, track) for track in ("call", "response") for tick in onsets(jam, track)]
    return [tick for (_, before), (tick, track) in pairwise(sorted(both)) if (before, track) == ("call", "response")]


def place(tick: int) -> str:
    """Where in the beat it lies."""
    in_beat = (tick + NEAR) % BEAT - NEAR
    return "on the beat" if abs(in_beat) < NEAR else "half a beat off" if abs(in_beat - BEAT // 2) < NEAR else "else"


def main() -> None:
    """Print the shares."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("folder", type=Path)
    options.add_argument("--count", type=int, default=60)
    chosen = options.parse_args()
    files = [file.path for file in find_files([chosen.folder]) if file.path.suffix == ".mid"]
    paths = [path for path in files if path.stat().st_size < LARGEST]
    random.Random(3).shuffle(paths)
    begun: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        jam = Path(folder) / "jam.mid"
        for path in paths[: chosen.count]:
            try:
                play(Config(ports=Ports(input=str(path), output=str(jam)), model=Model(seed=1)), Silent())
            except MidiFileError:
                continue
            begun.update(place(tick) for tick in first_of_replies(jam))
    for where, count in begun.most_common():
        print(f"{where:16} {count:4} {count / begun.total():.0%}")


if __name__ == "__main__":
    main()
