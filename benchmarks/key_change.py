"""Whether replies follow a musician who changes key: the share of their notes in the key of the call, by `reply.scale`.

    python benchmarks/key_change.py FOLDER [--list LIST] [--calls 200] [--seed 1]

Calls of four to eight bars are cut from the pieces listed (a corpus' test.txt). Each is answered four times: alone,
after the bars before it, and, in a key three fifths away or farther, after bars of another piece and its own bars.
`--plain`, without a folder: short tunes of seven notes to the scale, after others in another key.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from pathlib import Path
from typing import NamedTuple

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as the command does: see docs/decisions.md 8
import numpy as np

from musedaemon.core.engine import EngineSettings
from musedaemon.core.limits import KeyOfCall, LimitSettings
from musedaemon.core.sampling import SamplingSettings
from musedaemon.encoding import TICKS_PER_BEAT
from musedaemon.model.onnx_model import OnnxModel, load_default
from musedaemon_evaluation.calls import spread, stretches
from musedaemon_evaluation.measures import Key, distributions, in_key, key_of, overlap
from musedaemon_evaluation.pieces import Score, listed, read
from musedaemon_evaluation.replying import response_to
from musedaemon_training.notes import Notes, from_columns

SCALES: dict[str, KeyOfCall | None] = {"off": None, "lean": KeyOfCall.LEANED_TO, "auto": KeyOfCall.FOUND}
FEW = 0.7
"""A reply with fewer of its notes in the key is heard as wrong."""
HAND_OVER_S = 4.0
"""Longer than the rests within a call, so that each is answered once."""
_PAUSE_TICKS = 16 * TICKS_PER_BEAT
_PLACES = (-2, -1, 0, 1)
"""Two stretches before the call, the call, and what follows it."""
_TRIES = 20
_FIFTHS = (-5, -4, -3, 3, 4, 5, 6)

TUNES = (
    "64 64 65 67 67 65 64 62 60 60 62 64 64:36 62:12 62:48",
    "67:12 69:12 71 67 74 72:12 71:12 69:48 71:12 72:12 69 71:12 67:48",
    "60:12 64:12 67:12 72:12 71:12 67:12 62:12 67:12 65:12 69:12 72:12 77:12 76:12 72:12 67",
    "72:8 71:8 69:8 67 65:8 64:8 62:8 60 62:12 64:12 65:12 67:12 60:48",
)
"""In C major: pitch and, where it is no quarter, ticks."""


class Session(NamedTuple):
    """What is played before a call, the call, its key, and what its composer wrote next (nothing if nobody did)."""

    kind: str
    before: list[Notes]
    call: Notes
    key: Key
    written: Notes | None


def sessions_from(scores: Sequence[Score], count: int, seed: int) -> list[Session]:
    """The four of each call, in turns."""
    rng = np.random.default_rng(seed)
    found = spread(scores, count, rng, lambda score: stretches(score, rng, _PLACES, tries=_TRIES))
    if len(found) < count:
        sys.exit("no piece is long enough")
    sessions = []
    for index, (*own, call, written) in enumerate(cut.parts for cut in found):
        other = found[(7 * index + 3) % count].parts[:2]
        fifths = int(rng.choice(_FIFTHS))
        key = key_of(call)
        for kind, before in (
            ("alone", []),
            ("after its own bars", own),
            (
                "after another piece",
                [_moved(notes, _to(key_of(np.concatenate(other)), key, fifths)) for notes in other],
            ),
            ("after the same in another key", [_moved(notes, _to(key, key, fifths)) for notes in own]),
        ):
            sessions.append(Session(kind, before, call, key, written))
    return sessions


def _to(heard: Key, key: Key, fifths: int) -> int:
    """By how many semitones to move what is heard so that its signature is so many fifths from the key's."""
    return (_signature(key) + 7 * fifths - _signature(heard) + 6) % 12 - 6


def _signature(key: Key) -> int:
    """The tonic of the major key with the same signature."""
    return key.tonic if len(key.scale) == 7 else key.tonic + 3


def _moved(notes: Notes, semitones: int) -> Notes:
    moved = notes.copy()
    moved["pitch"] = np.clip(notes["pitch"].astype(int) + semitones, 0, 127)
    return moved


def plain_sessions(seeds: int) -> list[Session]:
    """Each tune in seven keys after two others in C."""
    tunes = [_tune(text) for text in TUNES]
    return [
        Session(
            "in the same key" if tonic == 0 else "in another key",
            [tunes[(index + 1) % len(tunes)], tunes[(index + 2) % len(tunes)]],
            _moved(tune, (tonic + 6) % 12 - 6),
            Key(tonic, (0, 2, 4, 5, 7, 9, 11)),
            None,
        )
        for _ in range(seeds)
        for tonic in (0, 1, 3, 4, 6, 8, 10)
        for index, tune in enumerate(tunes)
    ]


def _tune(text: str) -> Notes:
    words = [word.partition(":") for word in text.split()]
    lengths = [int(ticks or TICKS_PER_BEAT) for _, _, ticks in words]
    return from_columns(
        onset=np.cumsum([0, *lengths[:-1]]),
        duration=[length - 1 for length in lengths],
        pitch=[int(pitch) for pitch, _, _ in words],
        velocity=[0] * len(words),
        bar_tick=[-1] * len(words),
    )


def reply_in(session: Session, scale: KeyOfCall | None, seed: int) -> Notes:
    """What the daemon answers to the last call of a session; it may be nothing."""
    calls: list[Notes] = []
    at = 0
    for notes in (*session.before, session.call):
        later = notes.copy()
        later["onset"] += at
        calls.append(later)
        at = int((later["onset"].astype(int) + later["duration"]).max()) + _PAUSE_TICKS
    limits = LimitSettings(scale=scale)
    settings = EngineSettings(SamplingSettings(), hand_over_s=HAND_OVER_S, limits=limits, seed=seed)
    return response_to(_model(), np.concatenate(calls), settings).last_turn


@cache
def _model() -> OnnxModel:
    return load_default()


def _answer(task: tuple[Session, KeyOfCall | None, int]) -> Notes:
    return reply_in(*task)


def row(name: str, sessions: Sequence[Session], answers: Sequence[Notes]) -> str:
    """For the table."""
    heard = [(session, notes) for session, notes in zip(sessions, answers, strict=True) if len(notes)]
    shares = np.array([in_key(notes, session.key) for session, notes in heard])
    likeness = [
        overlap(distributions(notes)["pitch class"], distributions(session.written)["pitch class"])
        for session, notes in heard
        if session.written is not None
    ]
    told = f"{np.mean(likeness):.2f}" if likeness else "-"
    tenth = np.quantile(shares, 0.1)
    return f"| {name} | {shares.mean():.1%} | {tenth:.0%} | {np.mean(shares < FEW):.0%} | {told} |"


def main() -> None:
    """Print a table."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("folder", type=Path, nargs="?")
    options.add_argument("--list", type=Path)
    options.add_argument("--calls", type=int, default=200)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--plain", type=int, metavar="SEEDS", help="plain tunes instead of pieces, each so many times")
    chosen = options.parse_args()
    if chosen.plain:
        sessions = plain_sessions(chosen.plain)
    elif chosen.folder:
        scores = read(chosen.folder, listed(chosen.folder, chosen.list)).scores
        sessions = sessions_from(scores, chosen.calls, chosen.seed)
    else:
        sys.exit("name a folder, or --plain")
    print("| | in the key | worst tenth | replies under 70% | overlap of pitch classes |\n|---|---|---|---|---|")
    with ProcessPoolExecutor() as pool:
        for kind in dict.fromkeys(session.kind for session in sessions):
            here = [session for session in sessions if session.kind == kind]
            if all(session.written is not None for session in here):
                print(row(f"{kind}: what was written next", here, [s.written for s in here if s.written is not None]))
            for name, scale in SCALES.items():
                tasks = [(session, scale, chosen.seed + index) for index, session in enumerate(here)]
                print(row(f"{kind}: {name}", here, list(pool.map(_answer, tasks, chunksize=4))), flush=True)


if __name__ == "__main__":
    main()
