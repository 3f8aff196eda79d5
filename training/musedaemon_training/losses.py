"""What a chunk costs, in nats, by field; and the same summed over a validation, in bits a note."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from musedaemon_training.augment import IGNORED
from musedaemon_training.model import FIELDS, Logits


class Costs(NamedTuple):
    """`nats` [4] summed and `counts` [4] of the targets, by field."""

    nats: Tensor
    counts: Tensor

    def loss(self, notes: float) -> Tensor:
        """What training descends: nats a note of all fields (velocity costs nothing where the score has no
        dynamics), over the `notes` of the whole batch."""
        return self.nats.sum() / max(notes, 1.0)


def costs(logits: Logits, targets: Tensor) -> Costs:
    """The cost of `targets` [4, T, B] (IGNORED for none) under logits [T, B, classes] of each field, in
    float32."""
    nats = [
        functional.cross_entropy(
            field_logits.float().flatten(0, 1), target.flatten(), ignore_index=IGNORED, reduction="sum"
        )
        for field_logits, target in zip(logits, targets, strict=True)
    ]
    return Costs(torch.stack(nats), (targets != IGNORED).flatten(1).sum(dim=1).float())


@dataclass(slots=True)
class Tally:
    """Costs added up over chunks; bits are of all notes so far."""

    nats: list[float] = field(default_factory=lambda: [0.0] * len(FIELDS))
    counts: list[float] = field(default_factory=lambda: [0.0] * len(FIELDS))

    def add(self, chunk: Costs) -> None:
        """Add a chunk's costs."""
        for i, (nats, count) in enumerate(zip(chunk.nats.tolist(), chunk.counts.tolist(), strict=True)):
            self.nats[i] += nats
            self.counts[i] += count

    def merge(self, other: Tally) -> None:
        """Add another tally."""
        self.nats = [a + b for a, b in zip(self.nats, other.nats, strict=True)]
        self.counts = [a + b for a, b in zip(self.counts, other.counts, strict=True)]

    def bits(self) -> dict[str, float]:
        """Bits a note: each field over the notes that have it, `sum` of shift, pitch and duration, and
        `total` as trained on: all bits, those of velocity included, over all notes."""
        by_field = {
            name: nats / max(count, 1.0) / math.log(2)
            for name, nats, count in zip(FIELDS, self.nats, self.counts, strict=True)
        }
        by_field["sum"] = by_field["shift"] + by_field["pitch"] + by_field["duration"]
        by_field["total"] = sum(self.nats) / max(self.counts[0], 1.0) / math.log(2)
        return by_field
