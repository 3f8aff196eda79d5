"""What a model's replies are like beside what the composers wrote next."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from musedaemon_evaluation.calls import Call
from musedaemon_evaluation.copying import longest_copies
from musedaemon_evaluation.measures import DISTRIBUTIONS, distributions, in_key, key_of, on_grid, overlap
from musedaemon_training.notes import Notes

Report = dict[str, Any]
"""JSON values. Shares are 0 to 1; what is compared with `human` is what the composer wrote next."""


def report(calls: Sequence[Call], replies: Sequence[Notes], corpus: Sequence[Notes]) -> Report:
    """Measure replies to calls, at least one; `corpus` is what the model may have copied from."""
    human = [call.continuation for call in calls]
    return {
        "calls": len(calls),
        "unanswered": sum(len(reply) == 0 for reply in replies),
        "notes": {"reply": sum(map(len, replies)), "human": sum(map(len, human))},
        "overlap": _overlaps(calls, replies),
        "copied_notes": {
            "from the corpus": {
                "reply": _spread(longest_copies(replies, corpus)),
                "human": _spread(longest_copies(human, corpus)),
            },
            "from the call": {"reply": _from_own_call(calls, replies), "human": _from_own_call(calls, human)},
        },
        "on_grid": {"reply": _mean(replies, on_grid), "human": _mean(human, on_grid)},
        "in_key": {"reply": _in_key(calls, replies), "human": _in_key(calls, human)},
    }


def _overlaps(calls: Sequence[Call], replies: Sequence[Notes]) -> dict[str, dict[str, float]]:
    """By distribution, the mean overlap with what was written next: of reply, of call, of another piece's music."""
    human = [distributions(call.continuation) for call in calls]
    compared = {
        "reply": [distributions(reply) for reply in replies],
        "call": [distributions(call.notes) for call in calls],
        "stranger": [*human[1:], *human[:1]],
    }
    return {
        name: {
            who: float(np.mean([overlap(a[name], b[name]) for a, b in zip(shares, human, strict=True)]))
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


def _mean(parts: Sequence[Notes], share: Callable[[Notes], float]) -> float:
    return float(np.mean([share(part) for part in parts if len(part)] or [float("nan")]))


def _in_key(calls: Sequence[Call], answers: Sequence[Notes]) -> float:
    heard = zip(calls, answers, strict=True)
    shares = [in_key(answer, key_of(call.notes)) for call, answer in heard if len(answer)]
    return float(np.mean(shares or [float("nan")]))
