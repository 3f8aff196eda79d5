"""Where training runs and with which numbers: CUDA or the processor, bfloat16 where it is faster."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass

import torch

from musedaemon.errors import TrainingError

LEAST_HIDDEN_FOR_BFLOAT16 = 128
"""Smaller products gain nothing on a processor: their time goes elsewhere."""


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


def with_numbers(device: torch.device, hidden: int) -> Device:
    """The device with the numbers that suit a net of this width; the same choice at every start, so that a
    seed fixes a curve.

    CUDA cards since Ampere gain from bfloat16. A processor gains where it has tiles for it (measured with
    AMX: 2.5 times the notes a second at 2x256), and loses where bfloat16 is only emulated.
    """
    if device.type == "cuda":
        return Device(device, torch.cuda.is_bf16_supported(including_emulation=False))
    return Device(device, hidden >= LEAST_HIDDEN_FOR_BFLOAT16 and _has_bfloat16_tiles())


def _has_bfloat16_tiles() -> bool:
    # Not every torch from 2.4 on tells; float32 is right everywhere.
    ask = getattr(torch.cpu, "_is_amx_tile_supported", None)
    return bool(ask and ask())
