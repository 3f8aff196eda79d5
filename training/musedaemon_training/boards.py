"""Curves while a run goes on, for TensorBoard, where that is installed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

BOARD_FOLDER = "tensorboard"


class Board:
    """A log that TensorBoard shows, a scalar for each number of a metric, by notes trained on."""

    def __init__(self, writer: Any) -> None:
        self._writer = writer

    def add(self, values: Mapping[str, Any]) -> None:
        """What `metrics.jsonl` gets."""
        for name, value in scalars(values):
            self._writer.add_scalar(name, value, values["notes"])

    def close(self) -> None:
        """Write all that is still in memory."""
        self._writer.close()


def open_board(run: Path) -> Board | None:
    """A log in the run's folder, going on where one is; None where TensorBoard is not installed."""
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        return None
    return Board(SummaryWriter(str(run / BOARD_FOLDER)))


def scalars(values: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    """(name, number) of each number, `kind/bits/pitch` and the like."""
    kind = values["kind"]
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from ((f"{kind}/{name}/{field}", float(number)) for field, number in value.items())
        elif isinstance(value, float) and name not in {"seconds", "epoch"}:
            yield f"{kind}/{name}", value
