"""Bits a note by source and in all, as numbers and as the table that people read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from musedaemon_training.model import FIELDS

ALL = "all"
COLUMNS = ("shift", "pitch", "duration", "sum", "velocity")
"""`sum` is of the three before it; dynamics stand apart, as about half of the pieces have none."""

Floats = npt.NDArray[np.float64]
Bits = dict[str, float]


class Table(NamedTuple):
    """`notes` judged, and the `bits` of each judge (as `model`, `memory`, `markov`), by source and for `ALL`."""

    notes: dict[str, int]
    bits: dict[str, dict[str, Bits]]

    def gain(self, judge: str, than: str) -> dict[str, float]:
        """By source: what part of the `sum` of `than` another judge saves, 0.2 for a fifth."""
        return {source: 1.0 - bits["sum"] / self.bits[than][source]["sum"] for source, bits in self.bits[judge].items()}


def tabulate(sources: Sequence[str], judges: dict[str, Sequence[Floats]]) -> Table:
    """The table, from each piece's source and each judge's bits of it, [4, notes] with nan for what says nothing."""
    names = [*sorted(set(sources)), ALL]
    chosen = {name: [i for i, source in enumerate(sources) if name in (source, ALL)] for name in names}
    lengths = [piece.shape[1] for piece in next(iter(judges.values()))]
    notes = {name: sum(lengths[i] for i in indices) for name, indices in chosen.items()}
    bits = {
        judge: {name: _means([pieces[i] for i in indices]) for name, indices in chosen.items()}
        for judge, pieces in judges.items()
    }
    return Table(notes, bits)


def _means(pieces: Sequence[Floats]) -> Bits:
    joined = np.concatenate(pieces, axis=1)
    counted = ~np.isnan(joined)
    spent = np.where(counted, joined, 0.0).sum(axis=1)
    means = {
        field: float(total / count) if count else float("nan")
        for field, total, count in zip(FIELDS, spent, counted.sum(axis=1), strict=True)
    }
    return {**means, "sum": means["shift"] + means["pitch"] + means["duration"]}


def as_text(table: Table) -> str:
    """For the terminal."""
    lines = [f"{'bits a note':34}" + "".join(f"{column:>10}" for column in COLUMNS)]
    for judge, by_source in table.bits.items():
        for source, bits in by_source.items():
            numbers = "".join(f"{_number(bits[column]):>10}" for column in COLUMNS)
            lines.append(f"{judge:20}{source:14}{numbers}")
        lines.append("")
    return "\n".join(lines[:-1])


def under_text(gain: float) -> str:
    """How far below another's bits, where that is 0 or more, or above them."""
    return f"{abs(gain):.1%} {'under' if gain >= 0 else 'over'}"


def _number(value: float) -> str:
    return "-" if np.isnan(value) else f"{value:.2f}"
