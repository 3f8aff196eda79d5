"""Melodies as hashes, to find pieces that share one.

Melodies are compared as in winnowing (Schleimer, Wilkerson & Aiken 2003): a fixed fraction of all hashed
runs of the upper line, in intervals and shifts so that transposed copies match.
"""

from __future__ import annotations

import hashlib

import numpy as np
import numpy.typing as npt

from musedaemon_training.notes import Notes

RUN_NOTES = 12
KEPT_ONE_IN = 8

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


def digest(notes: Notes) -> int:
    """64 bits that tell the notes of two pieces apart: onsets since the first, pitches, durations."""
    onset = notes["onset"] - notes["onset"][:1]
    columns = (onset, notes["pitch"], notes["duration"])
    data = b"".join(np.ascontiguousarray(column).tobytes() for column in columns)
    return int.from_bytes(hashlib.blake2b(data, digest_size=8).digest(), "little")
