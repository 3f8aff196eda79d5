"""A part of an ONNX model as a model of its own: what some of its outputs need, and nothing else.

One file holds the step and the heads side by side. onnxruntime computes all of a graph whatever is asked of it, so the
step gets a session of its own. The field numbers are those of onnx.proto.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from musedaemon.model.protobuf import MalformedError, fields, message

_MODEL_GRAPH, _MODEL_METADATA = 7, 14
_NODE, _INITIALISER, _INPUT, _OUTPUT, _VALUE_INFO = 1, 5, 11, 12, 13
_NODE_INPUT, _NODE_OUTPUT = 1, 2
_NAME = {_INITIALISER: 8, _INPUT: 1, _OUTPUT: 1}
"""The field of the name, in tensors and in descriptions of values."""


def extracted(model: bytes, outputs: Collection[str]) -> bytes:
    """The model of these outputs alone, without its metadata. Raises MalformedError.

    An output that the model does not have is left out.
    """
    parts = [
        (number, _needed_of_graph(value, outputs) if number == _MODEL_GRAPH else value)
        for number, value in fields(memoryview(model))
        if number != _MODEL_METADATA
    ]
    return message(parts)


def _needed_of_graph(graph: int | memoryview, outputs: Collection[str]) -> bytes:
    if isinstance(graph, int):
        raise MalformedError
    needed = _needed_names(graph, outputs)
    kept = []
    for number, value in fields(graph):
        if number == _NODE:
            keep = not needed.isdisjoint(_names(value, _NODE_OUTPUT))
        elif number == _OUTPUT:
            keep = not set(outputs).isdisjoint(_names(value, _NAME[number]))
        elif number in _NAME:
            keep = not needed.isdisjoint(_names(value, _NAME[number]))
        else:
            keep = number != _VALUE_INFO
        if keep:
            kept.append((number, value))
    return message(kept)


def _needed_names(graph: memoryview, outputs: Collection[str]) -> set[str]:
    """The outputs, and every value that they are computed from: nodes stand after those whose outputs they read."""
    needed = set(outputs)
    for node in reversed([value for number, value in fields(graph) if number == _NODE]):
        if not needed.isdisjoint(_names(node, _NODE_OUTPUT)):
            needed.update(_names(node, _NODE_INPUT))
    return needed - {""}


def _names(value: int | memoryview, field: int) -> Iterator[str]:
    if isinstance(value, int):
        raise MalformedError
    for number, name in fields(value):
        if number == field and isinstance(name, memoryview):
            yield str(name, "utf-8", "replace")
