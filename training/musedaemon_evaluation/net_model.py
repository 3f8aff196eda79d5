"""A torch net as the daemon's `NoteModel`, so that a checkpoint can be heard without exporting it."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from musedaemon.encoding import TIME_CLASSES, Context
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
        return State(zeros, zeros, np.zeros(TIME_CLASSES, dtype=np.float32))

    @torch.no_grad()
    def step(self, state: State, context: Context, pitch: int, velocity: int) -> State:
        """The state after a note."""
        memory = Memory(torch.from_numpy(state.h), torch.from_numpy(state.c))
        top, after = self._net.listen(_given(context, pitch, velocity), _sounding(context), memory)
        return State(after.h.numpy(), after.c.numpy(), _array(self._net.shift_head(top)))

    @torch.no_grad()
    def pitch_logits(self, state: State, context: Context) -> FloatArray:
        """[128] for the next note."""
        return _array(self._net.pitch_head(_top(state), self._context(context), _sounding(context)))

    @torch.no_grad()
    def velocity_logits(self, state: State, context: Context, pitch: int) -> FloatArray:
        """[VELOCITY_CLASSES] for the next note."""
        chosen = (_number(pitch),)
        return _array(self._net.velocity_head(_top(state), self._context(context), _sounding(context), chosen))

    @torch.no_grad()
    def duration_logits(self, state: State, context: Context, pitch: int, velocity: int) -> FloatArray:
        """[TIME_CLASSES] for the next note."""
        chosen = (_number(pitch), _number(velocity))
        return _array(self._net.duration_head(_top(state), self._context(context), _sounding(context), chosen))

    def _context(self, context: Context) -> Tensor:
        vector: Tensor = self._net.context(tuple(_given(context, 0, 0)[:4].unbind(0)), _sounding(context))
        return vector


def _given(context: Context, pitch: int, velocity: int) -> Tensor:
    classes = (context.shift, context.rest, context.beat, context.bar, pitch, velocity)
    return torch.tensor(classes, dtype=torch.int64)[:, None, None]


def _number(value: int) -> Tensor:
    return torch.tensor([[value]], dtype=torch.int64)


def _sounding(context: Context) -> Tensor:
    return torch.from_numpy(context.sounding.astype(np.float32))[None, None]


def _top(state: State) -> Tensor:
    return torch.from_numpy(state.h[-1:])


def _array(logits: Tensor) -> FloatArray:
    array: FloatArray = logits[0, 0].numpy()
    return array
