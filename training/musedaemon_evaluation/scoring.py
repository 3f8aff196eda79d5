"""Bits a note of a model, without and with its session memory, by several processes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch

from musedaemon_evaluation.pieces import Score
from musedaemon_evaluation.predicting import ROWS, Predictions, Predictor, open_predictor
from musedaemon_evaluation.remembering import with_memory
from musedaemon_evaluation.workers import spread
from musedaemon_training.augment import IGNORED
from musedaemon_training.device import choose_device

Floats = npt.NDArray[np.float64]


class NoteBits(NamedTuple):
    """The bits of each field (in the order of FIELDS) of each note after the first, [4, N - 1]; nan where dynamics are
    unknown.

    `model` is the model's own, `memory` with its session memory at the tuned place of the dial.
    """

    model: Floats
    memory: Floats


def judge(predictor: Predictor, scores: Sequence[Score]) -> Iterator[NoteBits]:
    """The bits of each piece."""
    predicted = predictor.predict([score.playing for score in scores])
    for score, predictions in zip(scores, predicted, strict=True):
        yield NoteBits(own_bits(score, predictions), memory_bits(score, predictions))


def own_bits(score: Score, predictions: Predictions) -> Floats:
    """[4, N - 1] of the model alone."""
    targets = score.playing.targets[:, 1:].astype(np.int64)
    return np.stack([_bits(logits, target) for logits, target in zip(predictions.logits, targets, strict=True)])


def memory_bits(score: Score, predictions: Predictions) -> Floats:
    """[4, N - 1] with the session memory."""
    targets = score.playing.targets[:, 1:].astype(np.int64)
    mixed = list(with_memory(score, predictions))
    return np.stack([_bits(np.stack([note[i] for note in mixed]), target) for i, target in enumerate(targets)])


def _bits(logits: npt.NDArray[np.floating], target: npt.NDArray[np.int64]) -> Floats:
    """[N - 1] from logits [N - 1, classes] and what came."""
    known = target != IGNORED
    values = logits.astype(np.float64)
    values -= values.max(axis=1, keepdims=True)
    spent = np.log(np.exp(values).sum(axis=1)) - values[np.arange(len(target)), np.where(known, target, 0)]
    return np.where(known, spent / np.log(2.0), np.nan)


def judge_all(model: str, scores: Sequence[Score]) -> Iterator[tuple[int, NoteBits]]:
    """(index, bits) of every piece, in any order. Raises MusedaemonError where `model` names none."""
    # The longest first: batches hold like lengths, and no process is left alone with a long piece at the end.
    order = sorted(range(len(scores)), key=lambda i: len(scores[i].playing), reverse=True)
    for place, bits in spread(_judge_part, model, [scores[i] for i in order], ROWS):
        yield order[place], bits


def _judge_part(model: str, scores: list[Score]) -> list[NoteBits]:
    return list(judge(_opened(model), scores))


@cache
def _opened(model: str) -> Predictor:
    torch.set_num_threads(1)
    return open_predictor(model, choose_device("auto"))
