"""What replies are like, as the tables that people read: the same rows for the terminal and for a page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from musedaemon_evaluation.measures import DISTRIBUTIONS

Report = Mapping[str, Any]
Rows = list[list[str]]

_SHARES = {
    "on_grid": "on a sixteenth or a triplet",
    "in_key": "in the key of the call",
    "outside": "above or below all of the call",
    "fuller": "strikes with more at once than the call ever has",
    "holes": "with a silence a beat longer than any of the call",
}
_COPIES = {"copied_from_corpus": "copied from the corpus", "copied_from_call": "copied from the call"}


def answers(report: Report) -> Rows:
    """A row for the heads, then one for each measure; a column for each kind of answer."""
    kinds = list(report["notes"])
    shares = [[name, *(_percent(report[key][kind]) for kind in kinds)] for key, name in _SHARES.items()]
    copies = [[name, *(_lengths(report[key][kind]) for kind in kinds)] for key, name in _COPIES.items()]
    return [["", *kinds], *shares, *copies]


def overlaps(report: Report) -> Rows:
    """A row for the heads, then one for each distribution; a column for each thing compared."""
    kinds = list(report["overlap"][DISTRIBUTIONS[0]])
    return [["", *kinds], *([name, *(f"{report['overlap'][name][k]:.2f}" for k in kinds)] for name in DISTRIBUTIONS)]


def as_text(report: Report) -> str:
    """For the terminal."""
    lines = [f"replies to {report['calls']} calls, beside what the composers wrote next ({_LENGTHS_ARE})"]
    lines += _aligned(answers(report))
    lines += ["overlap with what the composers wrote next", *_aligned(overlaps(report))]
    for judge, found in report["specificity"].items():
        lines.append(
            f"call-specificity, {judge}: {found['bits']:.2f} bits a note, in {found['share']:.0%} of the calls"
        )
    return "\n".join(lines)


_LENGTHS_ARE = "copied runs in notes: median / 90% / longest"


def as_markdown(rows: Rows) -> str:
    """For a page."""
    heads, *body = ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join([heads, "|---" * len(rows[0]) + "|", *body])


def _aligned(rows: Rows) -> Sequence[str]:
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return [
        row[0].ljust(widths[0])
        + "".join(f"  {cell.rjust(width)}" for cell, width in zip(row[1:], widths[1:], strict=True))
        for row in rows
    ]


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{share:.1%}"


def _lengths(copied: Mapping[str, float]) -> str:
    return " / ".join(f"{copied[key]:.0f}" for key in ("median", "p90", "longest"))
