"""On what composers end a phrase, and on what our replies end.

    python benchmarks/endings.py FOLDER [--list LIST] [--calls 100] [--seed 1]

Of the pieces listed (a corpus' test.txt): strikes before a general rest of half a beat or more, the last of all, and
all others. Of the replies to calls of four to eight bars: their last strikes. The key is that of the four bars before,
or of the call.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import NamedTuple

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as the command does: see docs/decisions.md 8
import numpy as np
from key_change import Session, reply_in, sessions_from

from musedaemon.core.ending import REST_TICKS
from musedaemon.core.key_finding import Span, find_keys
from musedaemon.core.limits import KeyOfCall
from musedaemon.core.scales import PITCH_CLASSES, Scale
from musedaemon.encoding import TICKS_PER_BEAT
from musedaemon_evaluation.pieces import listed, read
from musedaemon_training.notes import Notes

_BEFORE_TICKS = 16 * TICKS_PER_BEAT


class Strike(NamedTuple):
    """How a strike would close a phrase: its lowest note is the tonic, its highest in the tonic's chord; its beats."""

    on_tonic: bool
    in_triad: bool
    beats: float


def strike_at(notes: Notes, onset: int, until: int, key: Scale) -> Strike:
    """What sounds at `onset` (ticks), if nothing sounds past `until`."""
    onsets = notes["onset"].astype(int)
    ends = np.minimum(onsets + notes["duration"], until)
    pitches = notes["pitch"][(onsets <= onset) & (ends > onset)].astype(int)
    return Strike(
        pitches.min() % PITCH_CLASSES == key.tonic,
        pitches.max() % PITCH_CLASSES in key.triad,
        float(ends[onsets <= onset].max() - onset) / TICKS_PER_BEAT,
    )


def key_of(notes: Notes) -> Scale | None:
    """As the daemon finds it."""
    return next(iter(find_keys(Span(int(note["pitch"]), float(note["duration"])) for note in notes)), None)


def strikes_of(notes: Notes) -> Iterator[tuple[str, Strike]]:
    """Each strike of a piece, and what follows it."""
    onsets = notes["onset"].astype(int)
    starts = np.unique(onsets)
    over = np.maximum.accumulate(onsets + notes["duration"])[np.searchsorted(onsets, starts, "right") - 1]
    for index, (start, end) in enumerate(zip(starts, over, strict=True)):
        key = key_of(notes[(onsets > start - _BEFORE_TICKS) & (onsets <= start)])
        if key is None:
            continue
        last = index + 1 == len(starts)
        following = end if last else starts[index + 1]
        kind = "the last" if last else "before a rest" if following - end >= REST_TICKS else "others"
        yield kind, strike_at(notes, int(start), int(max(following, start + 1)), key)


def ending_of(session: Session, seed: int) -> Strike | None:
    """How the reply to a call ends."""
    reply, key = reply_in(session, KeyOfCall.LEANED_TO, seed), key_of(session.call)
    if key is None or not len(reply):
        return None
    return strike_at(reply, int(reply["onset"].max()), 2**30, key)


def _answer(task: tuple[Session, int]) -> Strike | None:
    return ending_of(*task)


def row(name: str, strikes: Sequence[Strike]) -> str:
    """For the table."""
    on_tonic, in_triad, beats = (np.array(column, dtype=float) for column in zip(*strikes, strict=True))
    return f"| {name} | {len(strikes)} | {on_tonic.mean():.0%} | {in_triad.mean():.0%} | {np.median(beats):.2f} |"


def by_kind(told: Iterable[tuple[str, Strike]]) -> dict[str, list[Strike]]:
    """The strikes of each kind."""
    kinds: dict[str, list[Strike]] = {}
    for kind, strike in told:
        kinds.setdefault(kind, []).append(strike)
    return kinds


def main() -> None:
    """Print a table."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("folder", type=Path)
    options.add_argument("--list", type=Path)
    options.add_argument("--calls", type=int, default=100)
    options.add_argument("--seed", type=int, default=1)
    chosen = options.parse_args()
    scores = read(chosen.folder, listed(chosen.folder, chosen.list)).scores
    print("| strikes | | lowest on the tonic | highest in its chord | beats, median |\n|---|---|---|---|---|")
    for kind, strikes in by_kind(one for score in scores for one in strikes_of(score.notes)).items():
        print(row(f"composers': {kind}", strikes))
    alone = [session for session in sessions_from(scores, chosen.calls, chosen.seed) if session.kind == "alone"]
    with ProcessPoolExecutor() as pool:
        endings = pool.map(_answer, [(session, chosen.seed + index) for index, session in enumerate(alone)])
        print(row("the last of our replies", [ending for ending in endings if ending]))


if __name__ == "__main__":
    main()
