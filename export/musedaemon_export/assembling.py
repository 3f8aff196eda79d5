"""One graph from the four parts, side by side: the daemon takes each out of it again
(`musedaemon.model.extraction`)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import onnx
from onnx import helper

from musedaemon.model.card import CARD_KEY, ModelCard
from musedaemon_export.graphs import IR_VERSION, OPSET

_CONTRIBUTED = "com.microsoft"


def assembled(parts: Sequence[onnx.ModelProto], card: ModelCard) -> onnx.ModelProto:
    """The model file's graph (docs/model-format.md)."""
    inputs = {value.name: value for part in parts for value in part.graph.input}
    outputs = [value for part in parts for value in part.graph.output]
    outside = {*inputs, *(value.name for value in outputs), ""}
    nodes, initialisers = [], []
    for part in parts:
        own = _Renamed(part.graph.name, outside)
        nodes += [own.node(node) for node in part.graph.node]
        initialisers += [own.tensor(tensor) for tensor in part.graph.initializer]
    graph = helper.make_graph(nodes, "musedaemon", list(inputs.values()), outputs, initializer=initialisers)
    domains = [helper.make_opsetid("", OPSET)]
    if card.precision == "int8":
        domains.append(helper.make_opsetid(_CONTRIBUTED, 1))
    model = helper.make_model(graph, opset_imports=domains, ir_version=IR_VERSION, producer_name="musedaemon")
    helper.set_model_props(model, {CARD_KEY: card.to_json()})
    return model


class _Renamed:
    """A part's nodes and tensors with its own names prefixed, so that they meet no other part's."""

    def __init__(self, part: str, outside: set[str]) -> None:
        self._prefix = f"{part}/"
        self._outside = outside

    def node(self, node: onnx.NodeProto) -> onnx.NodeProto:
        """A copy."""
        copy = onnx.NodeProto()
        copy.CopyFrom(node)
        copy.name = self._prefix + node.name
        copy.input[:] = self._names(node.input)
        copy.output[:] = self._names(node.output)
        return copy

    def tensor(self, tensor: onnx.TensorProto) -> onnx.TensorProto:
        """A copy."""
        copy = onnx.TensorProto()
        copy.CopyFrom(tensor)
        copy.name = self._prefix + tensor.name
        return copy

    def _names(self, names: Iterable[str]) -> list[str]:
        return [name if name in self._outside else self._prefix + name for name in names]
