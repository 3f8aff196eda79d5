"""Calls cut from pieces, each with what its composer wrote next."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

import numpy as np

from musedaemon.encoding import TICKS_PER_BEAT
from musedaemon_evaluation.pieces import Score
from musedaemon_training.notes import Notes

FEWEST_BARS, MOST_BARS = 4, 8
FEWEST_NOTES = 12
MOST_BEATS = 40
_T = TypeVar("_T")


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
    return spread(scores, count, rng, lambda score: _call(score, rng))


def spread(
    scores: Sequence[Score], count: int, rng: np.random.Generator, cut: Callable[[Score], _T | None]
) -> list[_T]:
    """Up to `count` of what is cut from pieces, one after the other from all of them; fewer where none has any."""
    found: list[_T] = []
    while len(found) < count:
        more = [one for index in rng.permutation(len(scores)) if (one := cut(scores[index])) is not None]
        if not more:
            break
        found += more
    return found[:count]


class Stretches(NamedTuple):
    """Parts of a piece, each `length` ticks, that is whole bars, and counted from its own start."""

    length: int
    parts: list[Notes]


def stretches(
    score: Score,
    rng: np.random.Generator,
    places: Sequence[int] = (0, 1),
    bars: tuple[int, int] = (FEWEST_BARS, MOST_BARS),
    fewest_notes: int = FEWEST_NOTES,
    tries: int = 12,
) -> Stretches | None:
    """Parts that lie so many times their length (`places`, in order) after a bar line that is chosen at random; None
    where a piece has none, each with enough notes, after so many tries. They have from `bars[0]` to `bars[1]` bars.
    """
    notes = score.notes
    in_bars = notes[notes["bar_length"] > 0]
    end = int((notes["onset"] + notes["duration"]).max())
    for _ in range(tries if len(in_bars) else 0):
        first = in_bars[rng.integers(len(in_bars))]
        start = int(first["onset"]) - int(first["bar_tick"])
        length = int(rng.integers(bars[0], bars[1] + 1)) * int(first["bar_length"])
        begins, ends = start + places[0] * length, start + (places[-1] + 1) * length
        if length > MOST_BEATS * TICKS_PER_BEAT or begins < 0 or ends > end:
            continue
        parts = [part(notes, start + place * length, length) for place in places]
        if min(map(len, parts)) >= fewest_notes:
            return Stretches(length, parts)
    return None


def _call(score: Score, rng: np.random.Generator) -> Call | None:
    found = stretches(score, rng)
    if found is None:
        return None
    call, continuation = found.parts
    continuation["onset"] += found.length
    return Call(score.name, score.source, found.length, call, continuation)


def part(notes: Notes, start: int, length: int) -> Notes:
    """The notes that begin in a part of a piece, counted from its start, cut at its end."""
    inside = notes[(notes["onset"] >= start) & (notes["onset"] < start + length)].copy()
    inside["onset"] -= start
    inside["duration"] = np.minimum(inside["duration"], length - inside["onset"])
    return inside
