"""A torch net as the daemon's `NoteModel`, so that a checkpoint can be heard without exporting it."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from musedaemon.encoding import PITCHES, TIME_CLASSES, Context
from musedaemon.model.keys import key_of
from musedaemon.model.protocol import FloatArray, State
from musedaemon_training.model import Memory, NoteNet


class NetModel:
    """One step a note on the processor, the same numbers as the exported file's."""

    def __init__(self, net: NoteNet) -> None:
        self._net = net.eval()

    def initial_state(self) -> State:
        """Zeros, and no opinion on the first shift."""
        shape = (self._net.sizes.layers, 1, self._net.sizes.hidden)
        zeros = np.zeros(shape, dtype=np.float32)
        prepared = np.zeros(self._net.prepare.out_features, dtype=np.float32)
        return State(zeros, zeros, prepared, np.zeros(TIME_CLASSES, dtype=np.float32), key_of(zeros))

    @torch.no_grad()
    def step(self, state: State, context: Context, pitch: int, velocity: int) -> State:
        """The state after a note."""
        memory = Memory(torch.from_numpy(state.h), torch.from_numpy(state.c))
        top, after = self._net.listen(_given(context, pitch, velocity), _sounding(context), memory)
        prepared = _array(self._net.prepare(top))
        h = after.h.numpy()
        return State(h, after.c.numpy(), prepared, _array(self._net.shift_head(top)), key_of(h))

    def pitch_logits(self, state: State, context: Context) -> FloatArray:
        """[128] for the next note."""
        return self._logits(0, state, context)

    def velocity_logits(self, state: State, context: Context, pitch: int) -> FloatArray:
        """[VELOCITY_CLASSES] for the next note."""
        return self._logits(1, state, context, pitch)

    def duration_logits(self, state: State, context: Context, pitch: int, velocity: int) -> FloatArray:
        """[TIME_CLASSES] for the next note."""
        return self._logits(2, state, context, pitch, velocity)

    @torch.no_grad()
    def _logits(self, field: int, state: State, context: Context, *chosen: int) -> FloatArray:
        head = (self._net.pitch_head, self._net.velocity_head, self._net.duration_head)[field]
        prepared = torch.from_numpy(state.prepared[None, None]).chunk(3, dim=-1)[field]
        known = tuple(_given(context, *chosen).unbind(0))
        return _array(head(prepared, known, _sounding(context)))


def _given(context: Context, *chosen: int) -> Tensor:
    classes = (context.shift, context.rest, context.beat, context.bar, *chosen)
    return torch.tensor(classes, dtype=torch.int64)[:, None, None]


def _sounding(context: Context) -> Tensor:
    flags = torch.zeros(1, 1, PITCHES)
    flags[..., list(context.sounding)] = 1.0
    return flags


def _array(logits: Tensor) -> FloatArray:
    array: FloatArray = logits[0, 0].numpy()
    return array
