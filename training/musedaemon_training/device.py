"""Where training runs and with which numbers: CUDA or the processor, bfloat16 where it is faster."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass

import torch

from musedaemon.errors import TrainingError


@dataclass(frozen=True, slots=True)
class Device:
    """A torch device, and whether products there are taken in bfloat16 (sums and weights stay float32)."""

    torch_device: torch.device
    half: bool

    def products(self) -> contextlib.AbstractContextManager[object]:
        """The context to run the forward pass in."""
        return torch.autocast(self.torch_device.type, torch.bfloat16, enabled=self.half)

    def describe(self) -> str:
        """For the log: the device and its numbers."""
        name = torch.cuda.get_device_name(self.torch_device) if self.torch_device.type == "cuda" else "cpu"
        return f"{name}, {'bfloat16' if self.half else 'float32'}"


def choose_device(name: str) -> torch.device:
    """The device for `auto`, `cpu` or `cuda`. Raises TrainingError where there is no such device."""
    if name == "cuda" and not torch.cuda.is_available():
        raise TrainingError("This torch sees no CUDA device; use --device cpu, or install a CUDA build of torch.")
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    return torch.device(name)


def with_fastest_numbers(device: torch.device, step: Callable[[Device], object]) -> Device:
    """Time a training step in both kinds of numbers, and take the faster. CUDA cards since Ampere always gain from bfloat16."""
    if device.type == "cuda":
        return Device(device, torch.cuda.is_bf16_supported())
    return min((Device(device, half) for half in (False, True)), key=lambda candidate: _seconds(candidate, step))


def _seconds(device: Device, step: Callable[[Device], object]) -> float:
    step(device)
    started = time.perf_counter()
    step(device)
    return time.perf_counter() - started
