"""Counts the table of training/musedaemon_training/rhythm.py: which steps follow which places of the beat.

    python benchmarks/rhythms.py CORPUS

What the corpus's `test.txt` names is left alone, as always.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from musedaemon.encoding import TICKS_PER_BEAT
from musedaemon_training.corpus import find_files
from musedaemon_training.pieces import Piece
from musedaemon_training.reading import read_pieces
from musedaemon_training.rhythm import LONGEST_SHIFT

LEAST = 5e-4


def main() -> None:
    """Print it."""
    counted = np.zeros((TICKS_PER_BEAT, LONGEST_SHIFT + 1))
    for file in find_files([Path(sys.argv[1])]):
        for piece in read_pieces(file.path):
            if isinstance(piece, Piece):
                count(piece, counted)
    shares = counted / counted.sum()
    for place in range(TICKS_PER_BEAT):
        found = {int(shift): round(shares[place, shift] * 10_000) for shift in np.flatnonzero(shares[place] > LEAST)}
        if found:
            print(f"{place}: {found},")


def count(piece: Piece, counted: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> None:
    """Add the steps of a piece, the root of their number in all; those over a change of meter do not count."""
    onset, first = np.unique(piece.notes["onset"].astype(int), return_index=True)
    bar_tick = piece.notes["bar_tick"][first].astype(int)
    shift, place = np.diff(onset), bar_tick[:-1] % TICKS_PER_BEAT
    known = (
        (bar_tick[:-1] >= 0) & (bar_tick[1:] >= 0) & ((place + shift) % TICKS_PER_BEAT == bar_tick[1:] % TICKS_PER_BEAT)
    )
    weight = 1.0 / np.sqrt(known.sum() + 1)
    np.add.at(counted, (place[known], np.minimum(shift[known], LONGEST_SHIFT)), weight)


if __name__ == "__main__":
    main()
