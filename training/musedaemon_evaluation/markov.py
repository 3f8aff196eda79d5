"""The baseline: a variable-order Markov model of notes, for each field a blend over contexts of up to three notes.

Prediction by partial matching with escape method C, blended over all orders (Cleary & Witten 1984, Moffat 1990; for
music: Conklin & Witten 1995): the chance of x after a context seen n times, with d different continuations, is
(count of x + d * chance of x after the shorter context) / (n + d). Pitches are intervals from the note before, so that
a melody is the same in every key.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from musedaemon.encoding import PITCHES, TIME_CLASSES, VELOCITY_CLASSES, ticks_to_class, time_fields, velocity_to_class
from musedaemon_training.model import FIELDS
from musedaemon_training.notes import Notes

ORDER = 3
Floats = npt.NDArray[np.float64]
Hashes = npt.NDArray[np.uint64]
Ints = npt.NDArray[np.int64]

_BEFORE_THE_FIRST = 1000


@dataclass(frozen=True, slots=True)
class _View:
    """How a field is predicted: `symbol` from the notes before it, of each the fields in `past`, and from `now`."""

    symbol: str
    classes: int
    past: tuple[str, ...]
    now: tuple[str, ...] = ()


_VIEWS = {
    "shift": _View("shift", TIME_CLASSES, ("shift", "duration")),
    "pitch": _View("interval", PITCHES, ("interval",), now=("shift",)),
    "velocity": _View("velocity", VELOCITY_CLASSES, ("velocity",), now=("shift",)),
    "duration": _View("duration", TIME_CLASSES, ("duration", "shift"), now=("shift",)),
}


@dataclass(frozen=True, slots=True)
class _Columns:
    """The fields of many pieces, end to end; `place` is each note's place in its piece."""

    fields: dict[str, Ints]
    place: Ints

    def before(self, name: str, lag: int) -> Ints:
        """The field of the note that many earlier."""
        moved = np.roll(self.fields[name], lag)
        moved[self.place < lag] = _BEFORE_THE_FIRST
        return moved

    def contexts(self, view: _View) -> list[Hashes]:
        """For each order from 0 to `ORDER`, a hash of each note's context."""
        code = np.zeros(len(self.place), dtype=np.uint64)
        contexts = [code]
        for lag in range(1, ORDER + 1):
            if lag == 1:
                for name in view.now:
                    code = _joined(code, self.fields[name])
            for name in view.past:
                code = _joined(code, self.before(name, lag))
            contexts.append(code)
        return contexts


def _joined(code: Hashes, values: Ints) -> Hashes:
    mixed = code * np.uint64(1_000_003) + (values + 2 * _BEFORE_THE_FIRST).astype(np.uint64)
    # The finaliser of splitmix64 (Steele, Lea & Flood 2014).
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))


def _columns(pieces: Iterable[Notes]) -> _Columns:
    parts = [_fields(notes) for notes in pieces]
    fields = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    place = np.concatenate([np.arange(len(part["shift"])) for part in parts])
    return _Columns(fields, place)


def _fields(notes: Notes) -> dict[str, Ints]:
    onset = notes["onset"].astype(np.int64)
    shift, _ = time_fields(onset, onset + notes["duration"])
    pitch = notes["pitch"].astype(np.int64)
    return {
        "shift": shift,
        "interval": np.diff(pitch, prepend=pitch[:1]),
        "velocity": velocity_to_class(notes["velocity"]),
        "duration": ticks_to_class(notes["duration"]),
    }


@dataclass(frozen=True, slots=True)
class _Counts:
    """Of one order: how often each context came with each symbol, how often at all, and with how many symbols."""

    pairs: Hashes
    pair_counts: Ints
    contexts: Hashes
    context_counts: Ints
    symbol_counts: Ints

    @staticmethod
    def of(contexts: Hashes, symbols: Ints) -> _Counts:
        """Count."""
        pairs, first, pair_counts = np.unique(_joined(contexts, symbols), return_index=True, return_counts=True)
        known, context_counts = np.unique(contexts, return_counts=True)
        _, symbol_counts = np.unique(contexts[first], return_counts=True)
        return _Counts(pairs, pair_counts, known, context_counts, symbol_counts)

    def blended(self, contexts: Hashes, symbols: Ints, shorter: Floats) -> Floats:
        """The chance of each symbol after its context, given those after the shorter one."""
        count = _looked_up(self.pairs, self.pair_counts, _joined(contexts, symbols))
        total = _looked_up(self.contexts, self.context_counts, contexts)
        different = _looked_up(self.contexts, self.symbol_counts, contexts)
        return np.where(total > 0, (count + different * shorter) / np.maximum(total + different, 1), shorter)


def _looked_up(keys: Hashes, values: Ints, wanted: Hashes) -> Ints:
    if len(keys) == 0:
        return np.zeros(len(wanted), dtype=np.int64)
    at = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where(keys[at] == wanted, values[at], 0)


class MarkovModel:
    """Counts of contexts and what followed them."""

    def __init__(self, counts: dict[str, list[_Counts]]) -> None:
        self._counts = counts

    @staticmethod
    def train(pieces: Iterable[Notes]) -> MarkovModel:
        """Learn from pieces, at least one."""
        columns = _columns(pieces)
        counts = {}
        for field, view in _VIEWS.items():
            known = _predictable(columns, field)
            symbols = columns.fields[view.symbol][known]
            counts[field] = [_Counts.of(contexts[known], symbols) for contexts in columns.contexts(view)]
        return MarkovModel(counts)

    def bits(self, pieces: Sequence[Notes]) -> list[Floats]:
        """For each piece the bits of each field (in the order of FIELDS) of each note after the first, [4, N - 1].

        nan where the score has no dynamics.
        """
        columns = _columns(pieces)
        by_field = np.stack([self._field_bits(columns, field) for field in FIELDS])
        stops = np.cumsum([len(notes) for notes in pieces])
        return [piece[:, 1:] for piece in np.split(by_field, stops[:-1], axis=1)]

    def _field_bits(self, columns: _Columns, field: str) -> Floats:
        view = _VIEWS[field]
        symbols = columns.fields[view.symbol]
        chance = np.full(len(symbols), 1.0 / view.classes)
        for counts, contexts in zip(self._counts[field], columns.contexts(view), strict=True):
            chance = counts.blended(contexts, symbols, chance)
        return np.where(_predictable(columns, field), -np.log2(chance), np.nan)


def _predictable(columns: _Columns, field: str) -> npt.NDArray[np.bool_]:
    after_the_first = columns.place > 0
    return after_the_first & (columns.fields["velocity"] < VELOCITY_CLASSES) if field == "velocity" else after_the_first
