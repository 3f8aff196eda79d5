"""How often the tempo that is found flips to another from call to call of one performance, which keeps its own.

    python benchmarks/tempo_flips.py FOLDER [--aside LIST] [--half report] [--count 200]

The performances are those of `tempo.py`, cut into calls of some seconds with a second left out between them.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from performances import Performance
from tempo import WITHIN, asked_for, windows

from musedaemon.core.accents import Strike
from musedaemon.core.tempo import TempoTracker

CALLS_S = (3.0, 4.0, 6.0, 8.0, 12.0)
PAUSE_S = 1.0
FLIP_OCTAVES, BACK_OCTAVES = 0.3, 0.15
"""A flip changes the tempo by more than the one; it is taken back when that comes within the other of where it was."""
CALLS_BEFORE = 3


def strayed(performance: Performance, call_s: float, tracker: TempoTracker) -> list[float]:
    """For each call how far the tempo that is found is from the true one, in octaves."""
    calls = windows(performance, np.random.default_rng(0), call_s, call_s + PAUSE_S)
    return [
        float(np.log2(tracker.follow([Strike(note.at, note.until) for note in call.notes]) / call.truth))
        for call in calls
    ]


def row(played: list[Performance], call_s: float) -> str:
    """For the table: calls within 8%, and of the pairs that follow each other the shares that flip."""
    right: list[bool] = []
    pairs = flips = away = back = 0
    for performance in played:
        off = strayed(performance, call_s, TempoTracker())
        is_right = [abs(2.0**one - 1.0) < WITHIN for one in off]
        flipped = [abs(after - before) > FLIP_OCTAVES for before, after in pairwise(off)]
        right += is_right
        pairs += len(flipped)
        flips += sum(flipped)
        away += sum(flip and was for flip, was in zip(flipped, is_right, strict=False))
        back += sum(
            flipped[i] and flipped[i + 1] and abs(off[i + 2] - off[i]) < BACK_OCTAVES for i in range(len(flipped) - 1)
        )
    shares = (flips / pairs, away / pairs, back / pairs)
    return f"| {call_s:.0f} s | {np.mean(right):.1%} | " + " | ".join(f"{share:.1%}" for share in shares) + " |"


def in_a_medley(played: list[Performance], call_s: float) -> float:
    """The share of calls within 8% that come after `CALLS_BEFORE` calls of another performance."""
    found: list[bool] = []
    for before, after in zip(played, [*played[1:], played[0]], strict=True):
        earlier = list(windows(before, np.random.default_rng(0), call_s, call_s + PAUSE_S))[:CALLS_BEFORE]
        tracker = TempoTracker()
        for call in earlier:
            tracker.follow([Strike(note.at, note.until) for note in call.notes])
        if len(earlier) == CALLS_BEFORE and (off := strayed(after, call_s, tracker)):
            found.append(abs(2.0 ** off[0] - 1.0) < WITHIN)
    return float(np.mean(found))


def main() -> None:
    """Print a table."""
    played, _ = asked_for(__doc__.splitlines()[0])
    print(
        "| calls of | within 8% | flips | away from the right tempo | there and back | first of a medley, within 8% |"
    )
    print("|---|" + "---|" * 5)
    for call_s in CALLS_S:
        print(f"{row(played, call_s)} {in_a_medley(played, call_s):.1%} |", flush=True)


if __name__ == "__main__":
    main()
