"""The float tensors of an ONNX model's graph, read from its bytes. The field numbers are those of onnx.proto."""

from __future__ import annotations

import math
from collections.abc import Collection

import numpy as np

from musedaemon.model.protobuf import MalformedError, fields
from musedaemon.model.protocol import FloatArray

_MODEL_GRAPH = 7
_GRAPH_INITIALISER = 5
_DIMENSION, _TYPE, _NAME, _RAW_DATA = 1, 2, 8, 9
_FLOAT = 1


def float_tensors(model: bytes, names: Collection[str]) -> dict[str, FloatArray]:
    """The initialisers of these names that are float32 and lie in raw bytes, as exporters write them.

    Raises MalformedError where one is not as long as it says.
    """
    found: dict[str, FloatArray] = {}
    for number, graph in fields(memoryview(model)):
        if number == _MODEL_GRAPH and isinstance(graph, memoryview):
            for kind, tensor in fields(graph):
                if kind == _GRAPH_INITIALISER and isinstance(tensor, memoryview):
                    found |= _float_tensor(tensor, names)
    return found


def _float_tensor(tensor: memoryview, names: Collection[str]) -> dict[str, FloatArray]:
    contents = list(fields(tensor))
    single = {number: value for number, value in contents if number != _DIMENSION}
    name, raw = single.get(_NAME), single.get(_RAW_DATA)
    if not isinstance(name, memoryview) or not isinstance(raw, memoryview) or single.get(_TYPE) != _FLOAT:
        return {}
    if (text := str(name, "utf-8", "replace")) not in names:
        return {}
    shape = [size for number, size in contents if number == _DIMENSION and isinstance(size, int)]
    if len(raw) != 4 * math.prod(shape):
        raise MalformedError
    return {text: np.frombuffer(raw, dtype="<f4").reshape(shape).astype(np.float32)}
