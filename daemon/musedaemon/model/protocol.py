"""What the daemon asks of a model: a state that is a value, and the logits of one field at a time."""

from __future__ import annotations

from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from musedaemon.encoding import Context

FloatArray = npt.NDArray[np.float32]


class State(NamedTuple):
    """All that the model knows of what was played: never changed in place, so keeping one is keeping a reference.

    `h` and `c` are [layers, 1, hidden]; `prepared` [P] is what the fields of the next note take from them;
    `shift_logits` [TIME_CLASSES] belong to the next note; `key` [K], of length 1, is what the session memory knows this
    state again by (`model/keys.py`).
    """

    h: FloatArray
    c: FloatArray
    prepared: FloatArray
    shift_logits: FloatArray
    key: FloatArray


class NoteModel(Protocol):
    """One step a note. Every method is pure; called on the engine thread only."""

    def initial_state(self) -> State:
        """The state before anything was heard (zeros)."""

    def step(self, state: State, context: Context, pitch: int, velocity: int) -> State:
        """The state after a note: its context, its pitch, and its velocity class (or VELOCITY_UNKNOWN)."""

    def pitch_logits(self, state: State, context: Context) -> FloatArray:
        """[128] for the next note, once its shift, and so its context, is chosen."""

    def velocity_logits(self, state: State, context: Context, pitch: int) -> FloatArray:
        """[VELOCITY_CLASSES] for the next note, once its pitch is chosen."""

    def duration_logits(self, state: State, context: Context, pitch: int, velocity: int) -> FloatArray:
        """[TIME_CLASSES] for the next note, once its velocity is chosen; class 0 (no ticks) never occurs."""
