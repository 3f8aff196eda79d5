"""An exponential moving average of the weights: often better than the weights themselves (Polyak & Juditsky
1992)."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping

import torch
from torch import Tensor, nn

DECAY = 0.999


class AveragedWeights:
    """The average of a net's parameters over about the last thousand updates, fewer at first."""

    def __init__(self, net: nn.Module) -> None:
        self._net = net
        self.updates = 0
        self.weights = {name: p.detach().clone() for name, p in net.named_parameters()}

    @torch.no_grad()
    def update(self) -> None:
        """Take in the net's weights, after a step of the optimiser."""
        self.updates += 1
        decay = min(DECAY, (1 + self.updates) / (10 + self.updates))
        ours = list(self.weights.values())
        torch._foreach_lerp_(ours, [p.detach() for p in self._net.parameters()], 1.0 - decay)

    def restore(self, weights: Mapping[str, Tensor], updates: int) -> None:
        """Go on from a checkpoint."""
        self.updates = updates
        for name, value in weights.items():
            self.weights[name].copy_(value)

    @contextlib.contextmanager
    def in_use(self) -> Iterator[None]:
        """The net has the averaged weights inside the block, its own again after it."""
        own = {name: p.detach().clone() for name, p in self._net.named_parameters()}
        self._load(self.weights)
        try:
            yield
        finally:
            self._load(own)

    @torch.no_grad()
    def _load(self, weights: Mapping[str, Tensor]) -> None:
        for name, p in self._net.named_parameters():
            p.copy_(weights[name])
