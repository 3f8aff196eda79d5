"""Breaks good .mid files in every way we know and looks at what happens: notes, or one sentence, and nothing else.

    python benchmarks/bad_files.py FOLDER [--count 10000] [--played 300] [--commands 60] [--seed 1]

Every file is read in this process, with a limit on its time and on the memory. Some of those that can be read are
played as a session in virtual time, and some of all go through the real command, onto a file that is already there.
"""

from __future__ import annotations

import argparse
import os
import re
import resource
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from types import FrameType
from typing import NamedTuple

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as the command does: see docs/decisions.md 8
sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from support.bad_midi import WAYS
from support.midi_balance import unbalanced
from support.written import tracks

from musedaemon.cli.report import Report
from musedaemon.config.schema import Config, Log, Model, Ports
from musedaemon.errors import MusedaemonError
from musedaemon.midi.files import TimedFile, read_midi_file
from musedaemon.run.preparing import play

LONGEST_S = 60.0
"""Of processor time, for a file of at most this many bytes:"""
LARGEST = 20_000
MOST_MEMORY = 4 * 1024**3
PRECIOUS = b"what was there before"
SENTENCE = re.compile(r"musedaemon: [^\n]+[.?]\n")


class TooSlowError(Exception):
    """The time is up."""


class Case(NamedTuple):
    """A file to read, and how it was made."""

    way: str
    path: Path


class Outcome(NamedTuple):
    """How a case ended, and whether that is how it should."""

    way: str
    told: str
    is_well: bool


def broken_files(good: list[bytes], count: int, seed: int, folder: Path) -> Iterator[Case]:
    """`count` bad files, one after the other under the same name, each way in turn."""
    path = folder / "bad.mid"
    for number in range(count):
        way = WAYS[number % len(WAYS)]
        path.write_bytes(way(Random(seed * 1_000_003 + number), good))
        yield Case(way.__name__, path)


@contextmanager
def no_files(folder: Path) -> Iterator[list[Case]]:
    """What has a name that ends in .mid and is no file."""
    (folder / "folder.mid").mkdir()
    os.mkfifo(folder / "pipe.mid")
    (folder / "zero.mid").symlink_to("/dev/zero")
    (folder / "nothing.mid").symlink_to(folder / "gone")
    (folder / "round.mid").symlink_to(folder / "round.mid")
    (folder / "long.mid").write_bytes(b"")
    os.truncate(folder / "long.mid", 10**12)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(folder / "socket.mid"))
        yield [Case(path.stem, path) for path in sorted(folder.glob("*.mid")) if path.name != "bad.mid"]


def _stop(number: int, frame: FrameType | None) -> None:
    raise TooSlowError


def tried(case: Case, longest_s: float, *, and_play: Path | None = None) -> Outcome:
    """Read the file, and play it if a target is given."""
    signal.setitimer(signal.ITIMER_PROF, longest_s)
    try:
        timed = read_midi_file(case.path)
        told = _played(timed, and_play) if and_play else "read"
        return Outcome(case.way, told, is_well=told in ("read", "played"))
    except MusedaemonError as error:
        sentence = str(error)
        is_well = sentence.startswith(str(case.path)) and sentence.endswith(".") and "\n" not in sentence
        return Outcome(case.way, "refused" if is_well else f"refused badly: {sentence}", is_well)
    except TooSlowError:
        return Outcome(case.way, "TOO SLOW", is_well=False)
    except Exception as error:
        return Outcome(case.way, f"{type(error).__name__}: {error}"[:80], is_well=False)
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0.0)


def _played(timed: TimedFile, target: Path) -> str:
    """Answer a file, in virtual time; what came of it."""
    config = Config(ports=Ports(input=str(timed.path), output=str(target)), model=Model(seed=9), log=Log(level="quiet"))
    play(config, Report("quiet"))
    hanging = [unbalanced(track) for track in tracks(target).values() if unbalanced(track)]
    return "a note hangs" if hanging else "played"


def commanded(case: Case, target: Path) -> Outcome:
    """The real command on the file; a file that was there before must stay if it refuses."""
    target.write_bytes(PRECIOUS)
    command = [sys.executable, "-m", "musedaemon", "-q", "--in", str(case.path), "--out", str(target), "--seed", "9"]
    try:
        done = subprocess.run(command, capture_output=True, timeout=10 * LONGEST_S, check=False, text=True)
    except subprocess.TimeoutExpired:
        return Outcome(case.way, "TOO SLOW", is_well=False)
    kept = target.read_bytes() == PRECIOUS
    left = [path.name for path in target.parent.iterdir() if path != target]
    if done.returncode == 0:
        return Outcome(case.way, "played", is_well=not kept and not left and not done.stderr)
    is_well = done.returncode == 2 and kept and not left and bool(SENTENCE.fullmatch(done.stderr))
    told = "refused" if is_well else f"status {done.returncode}, kept {kept}, left {left}: {done.stderr[-200:]}"
    return Outcome(case.way, told, is_well)


def table(title: str, outcomes: list[Outcome], seconds: float) -> bool:
    """Print how many cases of each way ended how; whether all is well."""
    counts = Counter((outcome.way, outcome.told, outcome.is_well) for outcome in outcomes)
    print(f"{title}: {len(outcomes)} files in {seconds:.0f} s, peak {_peak_mb()} MB")
    for (way, told, is_well), count in sorted(counts.items()):
        print(f"  {way:24} {count:6} {told}{'' if is_well else '   <-- FAULT'}")
    return all(outcome.is_well for outcome in outcomes)


def _peak_mb() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def main() -> None:
    """Run the three parts; exit status 1 where anything is not as it should."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("folder", type=Path)
    options.add_argument("--count", type=int, default=10_000)
    options.add_argument("--played", type=int, default=300)
    options.add_argument("--commands", type=int, default=60)
    options.add_argument("--seed", type=int, default=1)
    chosen = options.parse_args()
    good = [path.read_bytes() for path in sorted(chosen.folder.rglob("*.mid")) if path.stat().st_size <= LARGEST]
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    signal.signal(signal.SIGPROF, _stop)
    with tempfile.TemporaryDirectory() as name:
        sys.exit(0 if all(_parts(chosen, good, Path(name))) else 1)


def _parts(chosen: argparse.Namespace, good: list[bytes], folder: Path) -> Iterator[bool]:
    began = time.monotonic()
    outcomes = [tried(case, LONGEST_S) for case in broken_files(good, chosen.count, chosen.seed, folder)]
    with no_files(folder) as others:
        outcomes += [tried(case, LONGEST_S) for case in others]
        yield table("read", outcomes, time.monotonic() - began)
        began, target = time.monotonic(), folder / "written" / "jam.mid"
        target.parent.mkdir()
        cases = broken_files(good, chosen.commands, chosen.seed + 1, folder)
        outcomes = [commanded(case, target) for some in (cases, others) for case in some]
        yield table("through the command", outcomes, time.monotonic() - began)
    began = time.monotonic()
    cases = broken_files(good, chosen.played, chosen.seed + 2, folder)
    outcomes = [tried(case, LONGEST_S, and_play=folder / "jam.mid") for case in cases]
    yield table("played", outcomes, time.monotonic() - began)


if __name__ == "__main__":
    main()
