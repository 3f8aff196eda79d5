"""Make `tiny.onnx`: a real model file, 1x16 with random weights, written by the very exporter.

Run it as `python tests/assets/make_tiny.py`. The daemon's tests run it, so that they need no torch.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path

import torch

from musedaemon_export.main import export, make_card
from musedaemon_training.checkpoint import Checkpoint, Config
from musedaemon_training.model import NoteNet, Sizes

TINY = Path(__file__).with_name("tiny.onnx")


def tiny_checkpoint() -> Checkpoint:
    """Random weights, always the same, large enough to have opinions."""
    torch.manual_seed(7)
    net = NoteNet(Sizes(hidden=16, layers=1))
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.mul_(2.0)
    return Checkpoint(Config(net.sizes), net.state_dict())


def tiny_model() -> bytes:
    """The file's bytes."""
    kept = tiny_checkpoint()
    card = make_card(kept, "fp32", corpus="none: random weights, for tests", licence="Apache-2.0")
    data, _ = export(kept, dataclasses.replace(card, created="2026-01-01"))
    return data


if __name__ == "__main__":
    TINY.write_bytes(tiny_model())
    print(f"{TINY}: {TINY.stat().st_size} bytes")
