"""What a run keeps in its last checkpoint, so that it goes on exactly where it stopped."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from musedaemon_training.averaging import AveragedWeights
from musedaemon_training.checkpoint import Progress
from musedaemon_training.model import Memory


@dataclass(frozen=True, slots=True)
class Moving:
    """What moves while a run goes on, beside the net's own weights."""

    optimiser: torch.optim.Optimizer
    average: AveragedWeights
    device: torch.device

    def progress(self, values: dict[str, Any], memory: Memory) -> Progress:
        """All of it at rest, with the state of the whole batch's rows, and the random numbers."""
        tensors: dict[str, Tensor] = {"memory.h": memory.h, "memory.c": memory.c, "rng.cpu": torch.get_rng_state()}
        if self.device.type == "cuda":
            tensors["rng.cuda"] = torch.cuda.get_rng_state(self.device)
        tensors |= {f"average.{name}": value for name, value in self.average.weights.items()}
        for index, state in self.optimiser.state_dict()["state"].items():
            tensors |= {f"optimiser.{index}.{key}": value for key, value in state.items()}
        return Progress({**values, "updates": self.average.updates}, tensors)

    def restore(self, progress: Progress) -> Memory:
        """Move on from there; the state of the whole batch's rows."""
        values, tensors = progress.values, progress.tensors
        self.average.restore(_below(tensors, "average."), values["updates"])
        states: dict[int, dict[str, Tensor]] = {}
        for name, tensor in _below(tensors, "optimiser.").items():
            index, key = name.split(".", 1)
            states.setdefault(int(index), {})[key] = tensor
        groups = self.optimiser.state_dict()["param_groups"]
        self.optimiser.load_state_dict({"state": states, "param_groups": groups})
        torch.set_rng_state(tensors["rng.cpu"])
        if "rng.cuda" in tensors and self.device.type == "cuda":
            torch.cuda.set_rng_state(tensors["rng.cuda"], self.device)
        return Memory(tensors["memory.h"].to(self.device), tensors["memory.c"].to(self.device))


def _below(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}
