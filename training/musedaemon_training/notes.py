"""A piece as columns: one numpy record a note, the form pieces have in the cache and on their way into
batches."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

from musedaemon.encoding import Note

NOTE_DTYPE = np.dtype(
    [
        ("onset", "<i4"),
        ("duration", "<i4"),
        ("bar_tick", "<i2"),
        ("bar_length", "<i2"),
        ("pitch", "u1"),
        ("velocity", "u1"),
        ("partner", "?"),
    ]
)
"""Onset and duration in ticks, the duration not clipped to the longest class. `bar_tick` counts from the bar
line, -1 where no bar is known, and `bar_length` is 0 there. Velocity 0 stands for unknown. `partner`: musedaemon
itself played it, so it is heard and not learned."""

Notes = npt.NDArray[np.void]
"""[N] records of `NOTE_DTYPE`, in playing order."""

LONGEST_BAR_TICKS = np.iinfo(np.int16).max


def from_columns(**columns: npt.ArrayLike) -> Notes:
    """Records from one array for each field of `NOTE_DTYPE`."""
    first = np.asarray(columns["onset"])
    notes = np.zeros(len(first), dtype=NOTE_DTYPE)
    for name, values in columns.items():
        notes[name] = values
    return notes


def in_playing_order(notes: Notes) -> Notes:
    """`musedaemon.encoding.in_playing_order` on columns: the same notes in the same order, a thousand times
    faster."""
    if len(notes) == 0:
        return notes
    onset = notes["onset"].astype(np.int64)
    pitch = notes["pitch"].astype(np.int64)
    key = onset * 256 + pitch
    order = np.lexsort((-notes["duration"].astype(np.int64), key))
    first = np.concatenate(([True], np.diff(key[order]) != 0))
    kept = notes[order[first]]
    kept["duration"] = np.minimum(np.maximum(kept["duration"], 1), ticks_to_next_strike(kept["onset"], kept["pitch"]))
    return kept


def ticks_to_next_strike(onset: npt.NDArray[Any], pitch: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
    """[N] ticks from each note to the next onset of its pitch, very many where there is none. Onsets rise."""
    order = np.argsort(pitch, kind="stable")
    ordered_onset = onset[order].astype(np.int64)
    same_pitch = pitch[order][1:] == pitch[order][:-1]
    gap = np.full(len(onset), np.iinfo(np.int32).max, dtype=np.int64)
    gap[order[:-1][same_pitch]] = np.diff(ordered_onset)[same_pitch]
    return gap


def to_encoding(notes: Notes) -> list[Note]:
    """The same notes as the values of `musedaemon.encoding`."""
    return [
        Note(int(n["onset"]), int(n["pitch"]), int(n["velocity"]), int(n["duration"]), int(n["bar_tick"]))
        for n in notes
    ]


def from_encoding(notes: Iterable[Note]) -> Notes:
    """Records of the values of `musedaemon.encoding`, in the order given; bars are as long as 4/4."""
    columns = np.array(list(notes), dtype=np.int64).reshape(-1, len(Note._fields)).T
    onset, pitch, velocity, duration, bar_tick = columns
    bar_length = np.where(bar_tick < 0, 0, 96)
    return from_columns(
        onset=onset, pitch=pitch, velocity=velocity, duration=duration, bar_tick=bar_tick, bar_length=bar_length
    )
