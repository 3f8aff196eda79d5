"""Copies in a corpus: pieces with the very same notes, and near copies, which share half of their melody with a
fuller piece."""

from __future__ import annotations

import argparse
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from musedaemon.whole_file import whole_file
from musedaemon_training.shards import Ints, Library
from musedaemon_training.sharing import SharedRuns, shared_runs

COPIES_VERSION = 1
COPIED_PART = 0.5
FEWEST_SHARED_RUNS = 3
NO_ORIGINAL = -1

Treatment = Literal["drop", "keep"]
TREATMENTS: tuple[Treatment, ...] = ("drop", "keep")
DEFAULT_TREATMENT: Treatment = "drop"


def add_copies(options: argparse.ArgumentParser) -> None:
    """The option that tells what becomes of copies; None where it is not given."""
    options.add_argument(
        "--copies",
        choices=TREATMENTS,
        help="pieces with the notes, or half of the melody, of a fuller one (default: drop)",
    )


class Selection(NamedTuple):
    """What to learn from: `kept` [n] pieces, in rising order; `original` [pieces] the kept piece that each other one
    copies, NO_ORIGINAL for none; `exact` [pieces] whether its notes are the very same."""

    kept: Ints
    original: Ints
    exact: npt.NDArray[np.bool_]


def select(library: Library, treatment: Treatment) -> Selection:
    """The pieces to learn from. What is found is kept beside the shards, and only worked out once."""
    if treatment == "keep":
        return _selection(np.full(len(library), NO_ORIGINAL), np.zeros(len(library), dtype=np.bool_))
    path = library.folder / f"copies-{COPIES_VERSION}.npz"
    if path.exists():
        with np.load(path) as known:
            return _selection(known["original"], known["exact"])
    original, exact = _copies(library)
    # An open file, for numpy would end its name in .npz.
    with whole_file(path) as part, part.open("wb") as stream:
        np.savez(stream, original=original, exact=exact)
    return _selection(original, exact)


def _selection(original: Ints, exact: npt.NDArray[np.bool_]) -> Selection:
    return Selection(np.flatnonzero(original == NO_ORIGINAL), original, exact)


def _copies(library: Library) -> tuple[Ints, npt.NDArray[np.bool_]]:
    original = _same_notes(library)
    exact = original != NO_ORIGINAL
    unique = np.flatnonzero(~exact)
    different = library.only(unique)
    near = _near_copies(different, shared_runs(different))
    original[unique] = np.where(near == NO_ORIGINAL, NO_ORIGINAL, unique[near])
    # What copies a near copy copies that one's original.
    original[exact] = np.where(original[original[exact]] == NO_ORIGINAL, original[exact], original[original[exact]])
    return original, exact


def _same_notes(library: Library) -> Ints:
    """[pieces] the piece that each has the same notes as: the first one that has dynamics, or the first."""
    pieces = library.pieces
    order = np.lexsort((np.arange(len(pieces)), ~pieces["with_velocity"], pieces["length"], pieces["digest"]))
    ordered = pieces[order]
    is_new = np.ones(len(order), dtype=np.bool_)
    is_new[1:] = (ordered["digest"][1:] != ordered["digest"][:-1]) | (ordered["length"][1:] != ordered["length"][:-1])
    leader = order[np.flatnonzero(is_new)[np.cumsum(is_new) - 1]]
    original = np.full(len(order), NO_ORIGINAL, dtype=np.int64)
    original[order[~is_new]] = leader[~is_new]
    return original


def _near_copies(library: Library, shared: SharedRuns) -> Ints:
    """[pieces] the fuller kept piece that each shares most of its melody with.

    From the fullest piece down, each is kept unless it copies one that is: so a chain of likenesses never
    drops a piece that is unlike all that is kept.
    """
    runs = library.pieces["runs"].astype(np.int64)
    rank = np.empty(len(library), dtype=np.int64)
    rank[np.argsort(-library.pieces["length"].astype(np.int64), kind="stable")] = np.arange(len(library))
    swapped = rank[shared.first] > rank[shared.second]
    fuller, lesser = (
        np.where(swapped, *pair) for pair in ((shared.second, shared.first), (shared.first, shared.second))
    )
    copied = shared.runs >= np.maximum(FEWEST_SHARED_RUNS, COPIED_PART * runs[lesser])
    fuller, lesser, common = fuller[copied], lesser[copied], shared.runs[copied]
    original = np.full(len(library), NO_ORIGINAL, dtype=np.int64)
    for i in np.lexsort((-common, rank[lesser])).tolist():
        if original[fuller[i]] == NO_ORIGINAL and original[lesser[i]] == NO_ORIGINAL:
            original[lesser[i]] = fuller[i]
    return original
