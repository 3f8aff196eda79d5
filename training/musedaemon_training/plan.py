"""What decides a run's curve: sizes, budget, learning rate, rows, seed."""

from __future__ import annotations

import math
from dataclasses import dataclass

from musedaemon_training.model import Sizes

MOST_ROWS, FEWEST_ROWS = 64, 4
STEPS = 128
STEPS_AN_EPOCH = 8
WARM_UP_STEPS = 100
WARM_UP_PART = 0.1
LAST_RATE_PART = 0.01


@dataclass(frozen=True, slots=True)
class Budget:
    """How long to train: whole passes over the training notes, or minutes of training, validation
    included. `patience` validations without a better one end it sooner."""

    epochs: float | None
    minutes: float | None
    patience: int | None = None

    def done(self, notes: int, notes_an_epoch: int, seconds: float) -> float:
        """The part of the run behind us, 0 to 1."""
        by_notes = notes / (self.epochs * notes_an_epoch) if self.epochs is not None else 0.0
        by_time = seconds / (60.0 * self.minutes) if self.minutes is not None else 0.0
        return min(max(by_notes, by_time), 1.0)

    def is_out_of_patience(self, validations_since_best: int) -> bool:
        """Whether to stop early."""
        return self.patience is not None and validations_since_best >= self.patience


@dataclass(frozen=True, slots=True)
class Plan:
    """All that decides a run's curve. `rows` are those of the whole batch, over all processes."""

    sizes: Sizes
    budget: Budget
    seed: int
    rate: float
    recipe: str
    rows: int = MOST_ROWS
    starts_trained: bool = False

    def rate_at(self, step: int, done: float) -> float:
        """The learning rate: a short warm-up, then half a cosine over the run."""
        cosine = 0.5 * (1.0 + math.cos(math.pi * done))
        warm = min(1.0, max((step + 1) / WARM_UP_STEPS, done / WARM_UP_PART))
        return self.rate * warm * (LAST_RATE_PART + (1.0 - LAST_RATE_PART) * cosine)


def rows_for(notes: int) -> int:
    """The rows of a batch that suit a corpus: fewer for a few takes, or an epoch would be over in a step."""
    return max(FEWEST_ROWS, min(MOST_ROWS, notes // (STEPS * STEPS_AN_EPOCH)))
