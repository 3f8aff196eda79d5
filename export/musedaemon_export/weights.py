"""The way back: torch weights from an exported model file, so that training can go on from it. int8 weights
are made float again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import torch
from onnx import numpy_helper

from musedaemon.encoding import PITCHES
from musedaemon.errors import ModelError
from musedaemon.model import rows
from musedaemon.model.heads import CLASSES, HEADS
from musedaemon.model.onnx_model import OnnxModel
from musedaemon_export.graphs import (
    CHOSEN_BEFORE,
    CHOSEN_ROWS,
    COUNTS,
    FIRST_ROWS,
    FROM_TOP,
    FROM_TOP_BIAS,
    HEARD_ROWS,
    ROWS,
    from_onnx_gates,
)
from musedaemon_training.model import NoteNet, Sizes

Arrays = dict[str, npt.NDArray[np.float32]]
_LSTM, _BIAS = "lstm.", ".bias"


def net_of_file(path: Path) -> NoteNet:
    """The net that a model file was exported from. Raises ModelError when the file cannot be used."""
    card = OnnxModel.load(path).card
    data = path.expanduser().read_bytes()
    net = NoteNet(Sizes(card.hidden, card.layers))
    try:
        arrays = torch_arrays(onnx.load_from_string(data))
        net.load_state_dict({name: torch.from_numpy(array.copy()) for name, array in arrays.items()})
    except Exception as error:
        # onnx, numpy and torch each raise their own for a file that onnxruntime does not mind.
        raise ModelError(
            f"The weights in {path} are not those of a note model; export it again from its checkpoint."
        ) from error
    return net


def torch_arrays(model: onnx.ModelProto) -> Arrays:
    """The weights of a model file under torch's names, in torch's layout."""
    arrays: Arrays = {}
    for name, array in _floats(dict(_initialisers(model.graph))).items():
        arrays |= _as_torch(name, array)
    return arrays


def _initialisers(graph: onnx.GraphProto) -> Iterator[tuple[str, npt.NDArray[Any]]]:
    for tensor in graph.initializer:
        yield tensor.name.split("/", 1)[-1], numpy_helper.to_array(tensor)


def _floats(found: dict[str, npt.NDArray[Any]]) -> Arrays:
    """The float weights, and the quantised ones times their scales."""
    arrays: Arrays = {}
    for name, array in found.items():
        base = name.removesuffix("_quantized")
        if base != name:
            scale, zero = found[f"{base}_scale"], found[f"{base}_zero_point"]
            centred = (
                array.astype(np.int32) - zero.astype(np.int32)[..., None, :]
                if zero.ndim == 2
                else array.astype(np.int32) - zero
            )
            scaled = centred * (scale[..., None, :] if scale.ndim == 2 else scale)
            # A quantised LSTM keeps its weights transposed (DynamicQuantizeLSTM, onnxruntime's contrib operators).
            arrays[base] = np.asarray(np.swapaxes(scaled, 1, 2) if base.startswith(_LSTM) else scaled, dtype=np.float32)
        elif array.dtype == np.float32 and not name.endswith("_scale"):
            arrays[name] = np.asarray(array, dtype=np.float32)
    return arrays


def _as_torch(name: str, array: npt.NDArray[np.float32]) -> Arrays:
    if name.startswith(_LSTM):
        if not name.endswith(_BIAS):
            return {name: from_onnx_gates(array[0])}
        layer = name.removesuffix(_BIAS)
        sides = np.split(array[0], 2)
        return {f"{layer}.bias_{side}_l0": from_onnx_gates(b) for side, b in zip(("ih", "hh"), sides, strict=True)}
    if name == HEARD_ROWS:
        return _known("heard", array, list(CHOSEN_ROWS))
    if name.endswith(ROWS):
        return _head(name.removesuffix(ROWS), array)
    if name in (FROM_TOP, FROM_TOP_BIAS):
        return _from_top(name, array)
    return {name: np.ascontiguousarray(array.T) if name.endswith(".weight") else array}


def _known(name: str, table: npt.NDArray[np.float32], chosen: list[str]) -> Arrays:
    """The way back from `graphs.rows_of`."""
    arrays: Arrays = {}
    for field, start in {**FIRST_ROWS, **{field: CHOSEN_ROWS[field] for field in chosen}}.items():
        own = table[start : start + COUNTS[field]]
        arrays |= {f"{name}.sounding.weight": own.T} if field == "sounding" else {f"{name}.of.{field}.weight": own}
    return arrays


def _head(name: str, table: npt.NDArray[np.float32]) -> Arrays:
    """A head's table: beside what is known stands what goes straight to the logits."""
    field = name.removesuffix("_head")
    classes = CLASSES[field]
    known, direct = table[:, :-classes], table[:, -classes:]
    return {
        **_known(f"{name}.known", known, CHOSEN_BEFORE[field]),
        f"{name}.out.bias": direct[rows.ALWAYS],
        f"{name}.skip.weight": direct[rows.SOUNDING : rows.SOUNDING + PITCHES].T,
    }


def _from_top(name: str, array: npt.NDArray[np.float32]) -> Arrays:
    """A quarter of it is the shift head's."""
    width = array.shape[-1] // (1 + len(HEADS))
    if name == FROM_TOP_BIAS:
        return {"shift_head.state.bias": array[:width]}
    return {"shift_head.state.weight": array[:, :width].T, "prepare.weight": array[:, width:].T}
