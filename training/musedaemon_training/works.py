"""Works and the split into training and validation: pieces that share melody are one work, and a work is
never cut in two."""

from __future__ import annotations

import hashlib

import numpy as np

from musedaemon_training.shards import Ints, Library
from musedaemon_training.sharing import SharedRuns, shared_runs

SHARED_PART = 0.15
VALIDATION_PART = 0.03


def works_of(library: Library) -> Ints:
    """[pieces] the number of the work each piece belongs to: its first piece's index."""
    work = np.arange(len(library), dtype=np.int64)
    for first, second in _of_one_work(library, shared_runs(library)):
        a, b = _root(work, first), _root(work, second)
        work[max(a, b)] = min(a, b)
    return np.array([_root(work, i) for i in range(len(work))], dtype=np.int64)


def _of_one_work(library: Library, shared: SharedRuns) -> list[tuple[int, int]]:
    runs = library.pieces["runs"].astype(np.int64)
    enough = np.maximum(2.0, SHARED_PART * np.minimum(runs[shared.first], runs[shared.second]))
    related = shared.runs >= enough
    return list(zip(shared.first[related].tolist(), shared.second[related].tolist(), strict=True))


def _root(work: Ints, index: int) -> int:
    while work[index] != index:
        work[index] = work[work[index]]
        index = int(work[index])
    return index


def split(library: Library, works: Ints) -> tuple[list[int], list[int]]:
    """(training pieces, validation pieces): about 3% of the notes for validation, whole works, the same on
    every machine.

    A corpus of one work is used for both, as there is nothing else to validate on.
    """
    names: dict[int, str] = {}
    for name, work in zip(library.names, works.tolist(), strict=True):
        names[work] = min(names.get(work, name), name)
    everything = list(range(len(library)))
    if len(names) == 1:
        return everything, everything
    sizes = np.bincount(works, weights=library.pieces["length"])
    chosen = np.zeros(len(sizes), dtype=np.bool_)
    chosen[_works_to_validate_on(names, sizes.tolist())] = True
    return [i for i in everything if not chosen[works[i]]], [i for i in everything if chosen[works[i]]]


def _works_to_validate_on(names: dict[int, str], sizes: list[float]) -> list[int]:
    ranked = sorted(names, key=lambda work: hashlib.sha256(names[work].encode(errors="surrogatepass")).digest())
    room = VALIDATION_PART * sum(sizes)
    chosen = []
    for work in ranked:
        if sizes[work] <= room:
            chosen.append(work)
            room -= sizes[work]
    return chosen or [min(ranked, key=lambda work: sizes[work])]
