"""Which pieces share melody, and how much: in passes over the hashes on disk, so that memory stays flat."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from musedaemon_training.melody import KEPT_ONE_IN, Hashes
from musedaemon_training.shards import Ints, Library

COMMON_PIECES = 30
"""Runs found in more pieces than this are stock figures, and say nothing of a work."""
HASHES_A_PASS = 1 << 21


class SharedRuns(NamedTuple):
    """Pairs of pieces, `first` < `second`, and how many melody hashes they have in common; [P] each."""

    first: Ints
    second: Ints
    runs: Ints


def shared_runs(library: Library) -> SharedRuns:
    """Every pair of pieces that has a melody hash in common."""
    passes = 1 + int(library.pieces["runs"].sum(dtype=np.int64)) // HASHES_A_PASS
    codes, runs = np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
    for number in range(passes):
        found = _pairs(*_of_pass(library, number, passes), len(library))
        codes, runs = _added(codes, runs, *np.unique(found, return_counts=True))
    first, second = np.divmod(codes, len(library))
    return SharedRuns(first, second, runs)


def _of_pass(library: Library, number: int, passes: int) -> tuple[Ints, Hashes]:
    """Those (piece, hash) whose hash belongs to this pass."""
    owners, hashes = [np.zeros(0, dtype=np.int64)], [np.zeros(0, dtype=np.uint64)]
    for owner, values in library.melodies():
        # Kept hashes are multiples of KEPT_ONE_IN: what is left after dividing is spread evenly.
        chosen = values // KEPT_ONE_IN % passes == number
        owners.append(owner[chosen])
        hashes.append(values[chosen])
    return np.concatenate(owners), np.concatenate(hashes)


def _pairs(owner: Ints, hashes: Hashes, pieces: int) -> Ints:
    """first * pieces + second of each two pieces with the same hash, as often as they have one."""
    order = np.argsort(hashes, kind="stable")
    owner, hashes = owner[order], hashes[order]
    starts = np.flatnonzero(np.concatenate(([True], hashes[1:] != hashes[:-1])) if len(hashes) else [])
    sizes = np.diff(np.append(starts, len(hashes)))
    found = [np.zeros(0, dtype=np.int64)]
    for size in range(2, COMMON_PIECES + 1):
        groups = owner[starts[sizes == size][:, None] + np.arange(size)]
        a, b = np.triu_indices(size, 1)
        found.append((groups[:, a] * pieces + groups[:, b]).ravel())
    return np.concatenate(found)


def _added(codes: Ints, runs: Ints, more: Ints, more_runs: npt.NDArray[np.intp]) -> tuple[Ints, Ints]:
    every, inverse = np.unique(np.concatenate((codes, more)), return_inverse=True)
    total = np.zeros(len(every), dtype=np.int64)
    np.add.at(total, inverse, np.concatenate((runs, more_runs)))
    return every, total
