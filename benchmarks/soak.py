"""A soak: faults at random from a seed over JACK, while phrases are played to the daemon.

    python benchmarks/soak.py [--minutes 20] [--seed 1] [--longest 4] [--faults NAME ...] [--folder DIR]

The keyboard and the synth are unplugged, the JACK server killed, the listener stopped (SIGSTOP), a MIDI clock lost, and
floods of 5,000 messages a second and random bytes played in. Ends with a table, and with status 1 unless no note
hangs, no take is lost, every port is back, every phrase answered, and memory flat. Linux only; starts a private JACK
server (package jackd2) again and again. The folder keeps the takes and the logs.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from support.soak import Plan, soak
from support.soak_faults import ALL
from support.soak_table import faults_of, table


def main() -> int:
    """Soak, and print what came of it."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--minutes", type=float, default=20.0)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--longest", type=float, default=4.0, help="seconds that a fault lasts at most")
    options.add_argument("--faults", nargs="+", choices=ALL, default=tuple(ALL), metavar="NAME", help="only these")
    options.add_argument("--folder", type=Path, help="an empty one, for takes and logs; none keeps nothing")
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as passing:
        folder = chosen.folder or Path(passing)
        folder.mkdir(parents=True, exist_ok=True)
        plan = Plan(60 * chosen.minutes, chosen.seed, chosen.longest, tuple(chosen.faults))
        sums = soak(folder, f"musesoak-{os.getpid()}", plan, say)
    say(table(sums))
    faults = faults_of(sums)
    say("\n".join(faults) or "all is well")
    return 1 if faults else 0


def say(text: str) -> None:
    """At once, also into a file."""
    print(text, flush=True)


if __name__ == "__main__":
    sys.exit(main())
