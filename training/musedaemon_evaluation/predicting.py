"""What a model expects of each note of a piece: from a checkpoint in batches, from a model file step by step.

A model file runs through `musedaemon.model.onnx_model`, note by note, which is what the daemon does.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np
import torch
from torch import Tensor

from musedaemon.encoding import Context
from musedaemon.model.keys import key_of, key_size
from musedaemon.model.onnx_model import OnnxModel, load_default
from musedaemon.model.protocol import FloatArray, NoteModel, State
from musedaemon_training import checkpoint
from musedaemon_training.augment import Playing
from musedaemon_training.initial import SHIPPED
from musedaemon_training.model import NoteNet

STEPS = 256
ROWS = 8
"""Pieces in a batch: about as many as keep a product busy, few enough that their logits are no burden."""


class Predictions(NamedTuple):
    """For the N - 1 notes after the first: the key before each, and the logits of its fields."""

    keys: FloatArray
    logits: tuple[FloatArray, FloatArray, FloatArray, FloatArray]


class Predictor(Protocol):
    """A model to be judged."""

    def predict(self, playings: Sequence[Playing]) -> Iterator[Predictions]:
        """The predictions for each piece, teacher-forced, the state carried from its first note to its last."""


class NetPredictor:
    """A torch net, whole batches at a time."""

    def __init__(self, net: NoteNet, device: torch.device) -> None:
        self._net = net.to(device).eval()
        self._device = device

    @torch.no_grad()
    def predict(self, playings: Sequence[Playing]) -> Iterator[Predictions]:
        """As the protocol says; pieces of a like length should stand together."""
        for start in range(0, len(playings), ROWS):
            yield from self._predict_batch(playings[start : start + ROWS])

    def _predict_batch(self, playings: Sequence[Playing]) -> Iterator[Predictions]:
        given, asked, sounding = self._tensors(playings)
        memory = self._net.initial(len(playings))
        tops: list[Tensor] = []
        parts: list[tuple[Tensor, ...]] = []
        for start in range(0, given.shape[1], STEPS):
            stop = min(start + STEPS, given.shape[1])
            top, memory = self._net.listen(given[:, start:stop], sounding[start:stop], memory)
            parts.append(tuple(self._net.ask(top, asked[:, start:stop], sounding[start + 1 : stop + 1])))
            tops.append(top)
        heard = torch.cat(tops).float().cpu().numpy()
        shift, pitch, velocity, duration = (
            torch.cat(field).float().cpu().numpy() for field in zip(*parts, strict=True)
        )
        for row, playing in enumerate(playings):
            own = slice(0, len(playing) - 1), row
            yield Predictions(_keys(heard[own]), (shift[own], pitch[own], velocity[own], duration[own]))

    def _tensors(self, playings: Sequence[Playing]) -> tuple[Tensor, Tensor, Tensor]:
        longest, rows = max(len(playing) for playing in playings), len(playings)
        given = np.zeros((6, longest - 1, rows), dtype=np.int64)
        asked = np.zeros((6, longest - 1, rows), dtype=np.int64)
        sounding = np.zeros((longest, rows, playings[0].sounding.shape[1]), dtype=np.float32)
        for row, playing in enumerate(playings):
            given[:, : len(playing) - 1, row] = playing.given[:, :-1]
            asked[:, : len(playing) - 1, row] = playing.asked[:, 1:]
            sounding[: len(playing), row] = playing.sounding
        moved = (torch.from_numpy(array).to(self._device) for array in (given, asked, sounding))
        return next(moved), next(moved), next(moved)


def _keys(tops: FloatArray) -> FloatArray:
    """[N, K] of top hidden vectors [N, H]."""
    keys = np.zeros((len(tops), key_size(tops.shape[1])), dtype=np.float32)
    for index, top in enumerate(tops):
        keys[index] = key_of(top)
    return keys


class SteppedPredictor:
    """A model of the daemon's, one step a note."""

    def __init__(self, model: NoteModel) -> None:
        self._model = model

    def predict(self, playings: Sequence[Playing]) -> Iterator[Predictions]:
        """As the protocol says."""
        for playing in playings:
            yield self._predict_piece(playing)

    def _predict_piece(self, playing: Playing) -> Predictions:
        model, state = self._model, self._model.initial_state()
        keys, logits = [], []
        for index in range(len(playing) - 1):
            heard = note_context(playing, playing.given, index)
            state = model.step(state, heard, int(playing.given[4, index]), int(playing.given[5, index]))
            keys.append(state.key)
            logits.append(_asked(model, state, playing, index + 1))
        shift, pitch, velocity, duration = (np.stack(field) for field in zip(*logits, strict=True))
        return Predictions(np.stack(keys), (shift, pitch, velocity, duration))


def _asked(model: NoteModel, state: State, playing: Playing, index: int) -> tuple[FloatArray, ...]:
    context = note_context(playing, playing.asked, index)
    pitch, velocity = int(playing.asked[4, index]), int(playing.asked[5, index])
    return (
        state.shift_logits,
        model.pitch_logits(state, context),
        model.velocity_logits(state, context, pitch),
        model.duration_logits(state, context, pitch, velocity),
    )


def note_context(playing: Playing, fields: np.ndarray[tuple[int, ...], np.dtype[np.uint8]], index: int) -> Context:
    """The context of a note, its classes from `fields` (the playing's `given` or `asked`)."""
    shift, rest, beat, bar = (int(value) for value in fields[:4, index])
    sounding = np.flatnonzero(playing.sounding[index])
    return Context(shift, rest, beat, bar, tuple(sounding.tolist()))


def is_model_file(model: str) -> bool:
    """Whether this names a model file (or the shipped one) rather than a checkpoint."""
    return model == SHIPPED or Path(model).suffix == ".onnx"


def load_model_file(model: str) -> OnnxModel:
    """The model file that is named, or the shipped one. Raises ModelError."""
    return load_default() if model == SHIPPED else OnnxModel.load(Path(model))


def open_predictor(model: str, device: torch.device) -> Predictor:
    """What `model` names: a checkpoint folder, a model file, or the shipped model. Raises MusedaemonError."""
    if is_model_file(model):
        return SteppedPredictor(load_model_file(model))
    return NetPredictor(checkpoint.load(Path(model)).net(), device)
