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

from musedaemon.errors import ModelError
from musedaemon.model.onnx_model import OnnxModel
from musedaemon_export.graphs import ROWS, TABLES, from_onnx_gates
from musedaemon_training.model import NoteNet, Sizes

Arrays = dict[str, npt.NDArray[np.float32]]
_LSTM, _BIAS = "lstm.", ".bias"


def net_of_file(path: Path) -> NoteNet:
    """The net that a model file was exported from. Raises ModelError when the file cannot be used."""
    data = path.expanduser().read_bytes() if path.expanduser().is_file() else b""
    card = OnnxModel.load(path).card
    net = NoteNet(Sizes(card.hidden, card.layers))
    arrays = torch_arrays(onnx.load_from_string(data))
    try:
        net.load_state_dict({name: torch.from_numpy(array.copy()) for name, array in arrays.items()})
    except RuntimeError as error:
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
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.HasField("g"):
                yield from _initialisers(attribute.g)


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
    if name.endswith(ROWS):
        known, fields, ends = name.removesuffix(ROWS), _fields_of(len(array)), np.cumsum(list(TABLES.values()))
        parts = np.split(array, ends[: len(fields) - 1])
        return {f"{known}.of.{field}.weight": part for field, part in zip(fields, parts, strict=True)}
    return {name: np.ascontiguousarray(array.T) if name.endswith(".weight") else array}


def _fields_of(rows: int) -> list[str]:
    """The first fields of a note, whose tables have so many rows together."""
    ends = np.cumsum(list(TABLES.values()))
    return list(TABLES)[: int(np.searchsorted(ends, rows)) + 1]
