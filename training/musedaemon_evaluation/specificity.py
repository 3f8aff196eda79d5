"""Call-specificity: how much likelier what was really written next is after its own call than after another's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from musedaemon_evaluation.calls import Call
from musedaemon_evaluation.pieces import Score, score
from musedaemon_evaluation.scoring import NoteBits, judge_all
from musedaemon_training.model import FIELDS
from musedaemon_training.notes import Notes

_COUNTED = [FIELDS.index(name) for name in ("shift", "pitch", "duration")]


class Specificity(NamedTuple):
    """Bits a note (shift, pitch and duration) saved by hearing the right call, and the share of calls that save any."""

    bits: float
    share: float


def specificity(model: str, calls: Sequence[Call]) -> dict[str, Specificity]:
    """By judge (`model` and `memory`), over calls of at least two pieces."""
    own = [_joined(call, call) for call in calls]
    other = [_joined(_stranger(calls, index), call) for index, call in enumerate(calls)]
    judged = dict(judge_all(model, own + other))
    saved = {"model": [0.0] * len(calls), "memory": [0.0] * len(calls)}
    for index, call in enumerate(calls):
        after_own, after_other = judged[index], judged[len(calls) + index]
        for judge in saved:
            saved[judge][index] = _cost(after_other, judge, call) - _cost(after_own, judge, call)
    return {
        judge: Specificity(float(np.mean(bits)), float(np.mean(np.array(bits) > 0))) for judge, bits in saved.items()
    }


def _stranger(calls: Sequence[Call], index: int) -> Call:
    """The next call of another piece; the same one where there is no other piece."""
    turned = [*calls[index + 1 :], *calls[: index + 1]]
    return next((call for call in turned if call.name != calls[index].name), calls[index])


def _joined(heard: Call, goes_on: Call) -> Score:
    """One call's notes, then what follows another's, with no gap between their bars."""
    before: Notes = heard.notes.copy()
    before["onset"] += goes_on.length - heard.length
    return score(goes_on.name, np.concatenate((before, goes_on.continuation)))


def _cost(judged: NoteBits, judge: str, call: Call) -> float:
    """Bits a note of the continuation."""
    bits = judged.memory if judge == "memory" else judged.model
    return float(bits[_COUNTED, -len(call.continuation) :].sum(axis=0).mean())
