"""What a model's replies are like beside what the composers wrote next."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from musedaemon_evaluation.calls import Call
from musedaemon_evaluation.copying import longest_copies
from musedaemon_evaluation.measures import (
    DISTRIBUTIONS,
    distributions,
    fuller,
    has_hole,
    in_key,
    key_of,
    on_grid,
    outside,
    overlap,
)
from musedaemon_training.notes import Notes

Report = dict[str, Any]
"""JSON values. Shares are 0 to 1."""
HUMAN = "human"
"""What the composer wrote next, among the answers."""
CALL, STRANGER = "the call itself", "another piece"
"""What answers are compared with in likeness to what the composer wrote next."""


def report(calls: Sequence[Call], replies: Mapping[str, Sequence[Notes]], corpus: Sequence[Notes]) -> Report:
    """Measure the replies to calls (at least one) of each kind of reply, and of `HUMAN` for comparison.

    `corpus` is what the model may have copied from.
    """
    answers = {**replies, HUMAN: [call.continuation for call in calls]}
    return {
        "calls": len(calls),
        "notes": {who: sum(map(len, parts)) for who, parts in answers.items()},
        "unanswered": {who: sum(len(part) == 0 for part in parts) for who, parts in answers.items()},
        "on_grid": {who: _mean([on_grid(part) for part in parts if len(part)]) for who, parts in answers.items()},
        "in_key": {who: _in_key(calls, parts) for who, parts in answers.items()},
        "outside": {who: _beside(calls, parts, outside) for who, parts in answers.items()},
        "fuller": {who: _beside(calls, parts, fuller) for who, parts in answers.items()},
        "holes": {who: _beside(calls, parts, has_hole) for who, parts in answers.items()},
        "copied_from_corpus": {who: _spread(longest_copies(parts, corpus)) for who, parts in answers.items()},
        "copied_from_call": {who: _from_own_call(calls, parts) for who, parts in answers.items()},
        "overlap": _overlaps(calls, replies),
    }


def _overlaps(calls: Sequence[Call], replies: Mapping[str, Sequence[Notes]]) -> dict[str, dict[str, float | None]]:
    """By distribution and answer, the mean overlap with what was written next."""
    human = [distributions(call.continuation) for call in calls]
    compared = {
        **{who: [distributions(part) for part in parts] for who, parts in replies.items()},
        CALL: [distributions(call.notes) for call in calls],
        STRANGER: [*human[1:], *human[:1]],
    }
    return {
        name: {
            who: _mean([overlap(a[name], b[name]) for a, b in zip(shares, human, strict=True)])
            for who, shares in compared.items()
        }
        for name in DISTRIBUTIONS
    }


def _from_own_call(calls: Sequence[Call], answers: Sequence[Notes]) -> dict[str, float]:
    return _spread([longest_copies([answer], [call.notes])[0] for call, answer in zip(calls, answers, strict=True)])


def _spread(lengths: Sequence[int]) -> dict[str, float]:
    return {
        "median": float(np.median(lengths)),
        "p90": float(np.quantile(lengths, 0.9)),
        "longest": float(max(lengths)),
    }


def _in_key(calls: Sequence[Call], answers: Sequence[Notes]) -> float | None:
    heard = zip(calls, answers, strict=True)
    return _mean([in_key(answer, key_of(call.notes)) for call, answer in heard if len(answer)])


def _beside(calls: Sequence[Call], answers: Sequence[Notes], measure: Callable[[Notes, Notes], float]) -> float | None:
    heard = zip(calls, answers, strict=True)
    return _mean([measure(answer, call.notes) for call, answer in heard if len(answer)])


def _mean(values: Sequence[float]) -> float | None:
    """None of nothing: JSON knows no nan."""
    return float(np.mean(values)) if values else None
