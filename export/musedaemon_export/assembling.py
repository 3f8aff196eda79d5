"""One graph from the four parts: an `If` for each value of `field`, so that a run computes only what it is
asked for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import onnx
from onnx import TensorProto, helper

from musedaemon.model.card import CARD_KEY, ModelCard
from musedaemon_export.graphs import IR_VERSION, OPSET, PARTS

_CONTRIBUTED = "com.microsoft"
_STATE = (("h", "h_out"), ("c", "c_out"), ("prepared", "prepared_out"))
_OUTPUTS = ("logits", *(out for _, out in _STATE))


def assembled(parts: Sequence[onnx.ModelProto], card: ModelCard) -> onnx.ModelProto:
    """The model file's graph (docs/model-format.md), from the parts in the order of the values of `field`."""
    counts = Counter(_key(tensor) for part in parts for tensor in part.graph.initializer)
    shared = {key for key, count in counts.items() if count > 1}
    hoisted: dict[str, onnx.TensorProto] = {}
    branches = []
    for part, model in zip(PARTS, parts, strict=True):
        hoisted |= {t.name: t for t in model.graph.initializer if _key(t) in shared}
        branches.append(_branch(part.name, model.graph, shared))
    nodes, graph = [], branches[-1]
    for value in range(len(branches) - 2, 0, -1):
        graph = _choice(value, branches[value], graph)
    nodes = list(_choice(0, branches[0], graph).node)
    return _model(nodes, list(hoisted.values()), parts, card)


def _key(tensor: onnx.TensorProto) -> tuple[str, bytes]:
    return tensor.name, tensor.SerializeToString()


def _branch(prefix: str, graph: onnx.GraphProto, shared: set[tuple[str, bytes]]) -> onnx.GraphProto:
    """A part as a branch: its own names prefixed, the model's inputs and the shared weights read from
    outside."""
    outside = {value.name for value in graph.input} | {t.name for t in graph.initializer if _key(t) in shared} | {""}

    def renamed(name: str) -> str:
        return name if name in outside else f"{prefix}/{name}"

    nodes = []
    for node in graph.node:
        copy = onnx.NodeProto()
        copy.CopyFrom(node)
        copy.name = f"{prefix}/{node.name}"
        copy.input[:] = [renamed(name) for name in node.input]
        copy.output[:] = [renamed(name) if name else "" for name in node.output]
        nodes.append(copy)
    outputs = [renamed(value.name) for value in graph.output]
    for given, out in _STATE:
        if renamed(out) not in outputs:
            nodes.append(helper.make_node("Identity", [given], [renamed(out)], name=f"{prefix}/keep_{given}"))
            outputs.append(renamed(out))
    initialisers = []
    for tensor in graph.initializer:
        if tensor.name not in outside:
            own = onnx.TensorProto()
            own.CopyFrom(tensor)
            own.name = renamed(tensor.name)
            initialisers.append(own)
    infos = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs]
    return helper.make_graph(nodes, prefix, [], infos, initializer=initialisers)


def _choice(value: int, then: onnx.GraphProto, otherwise: onnx.GraphProto) -> onnx.GraphProto:
    """`then` if `field` is `value`, else `otherwise`; the outermost has the model's output names."""
    prefix = "" if value == 0 else f"choice_{value}/"
    number, is_it = f"{prefix}value_{value}", f"{prefix}is_{value}"
    outputs = [f"{prefix}{name}" for name in _OUTPUTS]
    constant = helper.make_tensor(number, TensorProto.INT64, [], [value])
    nodes = [
        helper.make_node("Constant", [], [number], name=f"{prefix}constant_{value}", value=constant),
        helper.make_node("Equal", ["field", number], [is_it], name=f"{prefix}equal_{value}"),
        helper.make_node("If", [is_it], outputs, name=f"{prefix}if_{value}", then_branch=then, else_branch=otherwise),
    ]
    infos = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs]
    return helper.make_graph(nodes, f"{prefix}choice", [], infos)


def _model(
    nodes: list[onnx.NodeProto], shared: list[onnx.TensorProto], parts: Sequence[onnx.ModelProto], card: ModelCard
) -> onnx.ModelProto:
    read = {value.name: value for part in parts for value in part.graph.input}
    field = helper.make_tensor_value_info("field", TensorProto.INT64, [])
    inputs = [field, *(read[name] for name in ("note", "sounding", *(given for given, _ in _STATE)))]
    made = {value.name: value for value in parts[0].graph.output}
    logits = helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["B", "classes"])
    outputs = [logits, *(made[out] for _, out in _STATE)]
    graph = helper.make_graph(nodes, "musedaemon", inputs, outputs, initializer=shared)
    domains = [helper.make_opsetid("", OPSET)]
    if card.precision == "int8":
        domains.append(helper.make_opsetid(_CONTRIBUTED, 1))
    model = helper.make_model(graph, opset_imports=domains, ir_version=IR_VERSION, producer_name="musedaemon")
    helper.set_model_props(model, {CARD_KEY: card.to_json()})
    return model
