"""Works and the split into training and validation: pieces that share melody are one work, and a work is
never cut in two.

Melodies are compared as in winnowing (Schleimer, Wilkerson & Aiken 2003): a fixed fraction of all hashed
runs of the upper line, in intervals and shifts so that transposed copies match.
"""

from __future__ import annotations

import hashlib

import numpy as np
import numpy.typing as npt

from musedaemon_training.notes import Notes
from musedaemon_training.shards import Library

RUN_NOTES = 12
KEPT_ONE_IN = 8
COMMON_PIECES = 30
"""Runs found in more pieces than this are stock figures, and say nothing of a work."""
SHARED_PART = 0.15
VALIDATION_PART = 0.03

Hashes = npt.NDArray[np.uint64]


def melody_hashes(notes: Notes) -> Hashes:
    """Sorted hashes of some of the runs of `RUN_NOTES` notes of the upper line, each once."""
    onset = notes["onset"].astype(np.int64)
    top = np.concatenate((onset[1:] != onset[:-1], [True]))
    line = notes["pitch"][top].astype(np.int64)
    step = (np.diff(line) + 128) * 1024 + np.minimum(np.diff(onset[top]), 1023)
    runs = len(step) - RUN_NOTES + 1
    if runs < 1:
        return np.zeros(0, dtype=np.uint64)
    hashes = np.zeros(runs, dtype=np.uint64)
    for i in range(RUN_NOTES):
        hashes = _mixed(hashes + step[i : i + runs].astype(np.uint64))
    return np.unique(hashes[hashes % KEPT_ONE_IN == 0])


def _mixed(values: Hashes) -> Hashes:
    # The finaliser of splitmix64 (Steele, Lea & Flood 2014).
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


def works_of(library: Library) -> npt.NDArray[np.int64]:
    """[pieces] the number of the work each piece belongs to: its first piece's index."""
    hashes = [melody_hashes(library.notes(i)) for i in range(len(library))]
    work = np.arange(len(library))
    for first, second in _sharing_pairs(hashes):
        a, b = _root(work, first), _root(work, second)
        work[max(a, b)] = min(a, b)
    return np.array([_root(work, i) for i in range(len(work))], dtype=np.int64)


def _root(work: npt.NDArray[np.int64], index: int) -> int:
    while work[index] != index:
        work[index] = work[work[index]]
        index = int(work[index])
    return index


def _sharing_pairs(hashes: list[Hashes]) -> list[tuple[int, int]]:
    counts = np.array([len(h) for h in hashes])
    piece = np.repeat(np.arange(len(hashes)), counts)
    value = np.concatenate([*hashes, np.zeros(0, dtype=np.uint64)])
    order = np.argsort(value, kind="stable")
    groups = np.split(piece[order], np.flatnonzero(np.diff(value[order])) + 1)
    shared: dict[tuple[int, int], int] = {}
    for group in groups:
        if 1 < len(group) <= COMMON_PIECES:
            members = group.tolist()
            for i, a in enumerate(members):
                for b in members[i + 1 :]:
                    shared[a, b] = shared.get((a, b), 0) + 1
    return [pair for pair, n in shared.items() if n >= max(2.0, SHARED_PART * min(counts[pair[0]], counts[pair[1]]))]


def split(library: Library, works: npt.NDArray[np.int64]) -> tuple[list[int], list[int]]:
    """(training pieces, validation pieces): about 3% of the notes for validation, whole works, the same on
    every machine.

    A corpus of one work is used for both, as there is nothing else to validate on.
    """
    lengths = np.array([library.length(i) for i in range(len(library))])
    names: dict[int, str] = {}
    for i, work in enumerate(works.tolist()):
        names[work] = min(names.get(work, library.names[i]), library.names[i])
    if len(names) == 1:
        everything = list(range(len(library)))
        return everything, everything
    ranked = sorted(names, key=lambda work: hashlib.sha256(names[work].encode()).digest())
    room = VALIDATION_PART * float(lengths.sum())
    chosen: set[int] = set()
    for work in ranked:
        size = float(lengths[works == work].sum())
        if size <= room:
            chosen.add(work)
            room -= size
    if not chosen:
        chosen.add(min(ranked, key=lambda work: int(lengths[works == work].sum())))
    validation = [i for i in range(len(library)) if int(works[i]) in chosen]
    training = [i for i in range(len(library)) if int(works[i]) not in chosen]
    return training, validation
