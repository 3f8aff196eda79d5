"""The longest run of notes that is copied: the same intervals in the same rhythm, in any key."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from musedaemon_training.notes import Notes

Tokens = npt.NDArray[np.uint64]

_MOST_NOTES = 512
_FACTOR = np.uint64(0x9E3779B97F4A7C15)


def steps(notes: Notes) -> Tokens:
    """[N - 1] how the notes of a piece go on: interval and time from each to the next."""
    interval = np.diff(notes["pitch"].astype(np.int64)) + 128
    time = np.minimum(np.diff(notes["onset"].astype(np.int64)), 1023)
    return (interval * 1024 + time).astype(np.uint64)


def longest_copies(queries: Sequence[Notes], sources: Sequence[Notes]) -> list[int]:
    """For each query how many of its notes that follow each other are found, in a row, in one of the sources.

    0 where not even two are. Hashes of 64 bits stand for runs.
    """
    wanted, owner = _end_to_end([steps(notes) for notes in queries], border=1)
    known, _ = _end_to_end([steps(notes) for notes in sources], border=0)
    longest = np.zeros(len(queries), dtype=np.int64)
    wanted_at, known_at = np.arange(len(wanted)), np.arange(len(known))
    wanted_hash, known_hash = np.zeros_like(wanted), np.zeros_like(known)
    for length in range(1, _MOST_NOTES):
        wanted_at, wanted_hash = _longer(wanted, wanted_at, wanted_hash, length)
        known_at, known_hash = _longer(known, known_at, known_hash, length)
        kept = np.isin(known_hash, wanted_hash)
        known_at, known_hash = known_at[kept], known_hash[kept]
        found = np.isin(wanted_hash, known_hash)
        wanted_at, wanted_hash = wanted_at[found], wanted_hash[found]
        if len(wanted_at) == 0:
            break
        longest[owner[wanted_at]] = length + 1
    return [int(length) for length in longest]


def _end_to_end(pieces: Sequence[Tokens], border: int) -> tuple[Tokens, npt.NDArray[np.int64]]:
    """All tokens with a border after each piece, and each one's piece. Borders of the two sides never agree."""
    borders = [np.array([2**62 + 2 * i + border], dtype=np.uint64) for i in range(len(pieces))]
    parts = [part for piece, end in zip(pieces, borders, strict=True) for part in (piece, end)]
    owner = np.repeat(np.arange(len(pieces)), [len(piece) + 1 for piece in pieces])
    return np.concatenate([*parts, np.zeros(0, dtype=np.uint64)]), owner


def _longer(
    tokens: Tokens, at: npt.NDArray[np.int64], hashes: Tokens, length: int
) -> tuple[npt.NDArray[np.int64], Tokens]:
    """Runs one token longer; those that would go beyond the end are dropped."""
    inside = at + length <= len(tokens)
    at, hashes = at[inside], hashes[inside]
    mixed = (hashes ^ tokens[at + length - 1]) * _FACTOR
    return at, mixed ^ (mixed >> np.uint64(29))
