"""The heads of pitch, velocity and duration: small enough that numpy works them out sooner than onnxruntime begins.

The file's graph says what they compute (docs/model-format.md); here it is said again, from the same tensors.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from musedaemon.encoding import PITCHES, TIME_CLASSES, VELOCITY_CLASSES
from musedaemon.model import rows
from musedaemon.model.protocol import FloatArray

HEADS = ("pitch", "velocity", "duration")
"""In the order of their shares of `prepared`."""
CLASSES = {"pitch": PITCHES, "velocity": VELOCITY_CLASSES, "duration": TIME_CLASSES}
ROWS = {"pitch": rows.PITCH, "velocity": rows.VELOCITY, "duration": rows.END}
"""How many rows a head's table has: those of what can be known before its field."""


HEAD_TENSORS = {name: (f"{name}/{name}_head.rows", f"{name}/{name}_head.out.weight") for name in HEADS}
"""By head, the names in the file of its table and of its product."""


class Head:
    """One field of the next note: a `table` [rows, W + classes], `out` [W, classes], and its `share` of `prepared`."""

    def __init__(self, table: FloatArray, out: FloatArray, share: slice) -> None:
        self._table = table
        self._out = out
        self._share = share

    def logits(self, prepared: FloatArray, known: list[int]) -> FloatArray:
        """[classes] from what the step has prepared [P] and the rows of what is known of the note."""
        told = np.add.reduce(self._table.take(known, axis=0))
        width = len(self._out)
        logits: FloatArray = np.maximum(prepared[self._share] + told[:width], 0.0) @ self._out + told[width:]
        return logits


def heads_of(tensors: Mapping[str, FloatArray], width: int) -> list[Head]:
    """The heads, each with its own `width` numbers of `prepared`. Raises ValueError where a tensor does not fit."""
    heads = []
    for index, name in enumerate(HEADS):
        table, out = (tensors.get(tensor, np.zeros(0, dtype=np.float32)) for tensor in HEAD_TENSORS[name])
        classes = CLASSES[name]
        if table.shape != (ROWS[name], width + classes) or out.shape != (width, classes):
            raise ValueError(f"the tensors of the {name} head have other shapes")
        heads.append(Head(table, out, slice(index * width, (index + 1) * width)))
    return heads
