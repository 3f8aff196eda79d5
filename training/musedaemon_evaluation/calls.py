"""Calls cut from pieces, each with what its composer wrote next."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from musedaemon.encoding import TICKS_PER_BEAT
from musedaemon_evaluation.pieces import Score
from musedaemon_training.notes import Notes

FEWEST_BARS, MOST_BARS = 4, 8
FEWEST_NOTES = 12
MOST_BEATS = 40
_TRIES = 12


@dataclass(frozen=True, slots=True)
class Call:
    """Whole bars of a piece, `length` ticks from tick 0, and as many bars that follow, on the same clock.

    Notes that sound on beyond their part are cut at its end, as by a player who stops there.
    """

    name: str
    source: str
    length: int
    notes: Notes
    continuation: Notes


def cut_calls(scores: Sequence[Score], count: int, seed: int) -> list[Call]:
    """Up to `count` calls, spread over all pieces; a seed always gives the same ones."""
    rng = np.random.default_rng(seed)
    calls: list[Call] = []
    while len(calls) < count:
        found = [call for index in rng.permutation(len(scores)) for call in _cut(scores[index], rng)]
        if not found:
            break
        calls += found
    return calls[:count]


def _cut(score: Score, rng: np.random.Generator) -> Iterator[Call]:
    notes = score.notes
    in_bars = notes[notes["bar_length"] > 0]
    if len(in_bars) == 0:
        return
    end = int((notes["onset"] + notes["duration"]).max())
    for _ in range(_TRIES):
        first = in_bars[rng.integers(len(in_bars))]
        start = int(first["onset"]) - int(first["bar_tick"])
        length = int(rng.integers(FEWEST_BARS, MOST_BARS + 1)) * int(first["bar_length"])
        if length > MOST_BEATS * TICKS_PER_BEAT or start + 2 * length > end:
            continue
        call, continuation = part(notes, start, length), part(notes, start + length, length)
        if min(len(call), len(continuation)) >= FEWEST_NOTES:
            continuation["onset"] += length
            yield Call(score.name, score.source, length, call, continuation)
            return


def part(notes: Notes, start: int, length: int) -> Notes:
    """The notes that begin in a part of a piece, counted from its start, cut at its end."""
    inside = notes[(notes["onset"] >= start) & (notes["onset"] < start + length)].copy()
    inside["onset"] -= start
    inside["duration"] = np.minimum(inside["duration"], length - inside["onset"])
    return inside
