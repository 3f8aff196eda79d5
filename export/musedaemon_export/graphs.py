"""The four parts of a model as ONNX graphs, written out by hand: the step, and the heads of pitch, velocity
and duration.

Initialisers keep the names of torch's parameters. Weights of products are transposed, LSTM weights are in
ONNX's gate order, so that `weights.py` can lead every one of them back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

from musedaemon.encoding import BAR_CLASSES, PITCHES, TICKS_PER_BEAT, TIME_CLASSES, VELOCITY_CLASSES

OPSET = 17
IR_VERSION = 9
TABLES = {
    "shift": TIME_CLASSES,
    "rest": TIME_CLASSES,
    "beat": TICKS_PER_BEAT + 1,
    "bar": BAR_CLASSES + 1,
    "pitch": PITCHES,
    "velocity": VELOCITY_CLASSES + 1,
}
"""The fields of the input `note`, in order, with the rows of their tables."""
PLACES = 4
"""The first of them, which are known of any note."""

ROWS = ".rows"
"""The end of the name of tables put one under the other."""

Weights = Mapping[str, npt.NDArray[np.float32]]


@dataclass(frozen=True, slots=True)
class Part:
    """What a value of the `field` input computes, from the first `reads` fields of the note."""

    name: str
    classes: int
    reads: int


STEP = Part("step", TIME_CLASSES, PLACES + 2)
HEADS = (
    Part("pitch", PITCHES, PLACES),
    Part("velocity", VELOCITY_CLASSES, PLACES + 1),
    Part("duration", TIME_CLASSES, PLACES + 2),
)
PARTS = (STEP, *HEADS)
"""In the order of the values of `field`."""


def to_onnx_gates(weight: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """LSTM rows from torch's gate order (input, forget, cell, output) to ONNX's (input, output, forget,
    cell)."""
    i, f, g, o = np.split(weight, 4)
    return np.concatenate((i, o, f, g))


def from_onnx_gates(weight: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """The way back."""
    i, o, f, g = np.split(weight, 4)
    return np.concatenate((i, f, g, o))


@dataclass(slots=True)
class _Graph:
    weights: Weights
    nodes: list[onnx.NodeProto] = field(default_factory=list)
    initialisers: dict[str, onnx.TensorProto] = field(default_factory=dict)

    def add(self, kind: str, *inputs: str, output: str = "", **attributes: Any) -> str:
        output = output or f"{kind.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [output], name=f"node_{output}", **attributes))
        return output

    def constant(self, name: str, values: npt.ArrayLike, dtype: npt.DTypeLike = np.int64) -> str:
        if name not in self.initialisers:
            self.initialisers[name] = numpy_helper.from_array(np.ascontiguousarray(values, dtype=dtype), name)
        return name

    def weight(self, name: str) -> str:
        return self.constant(name, self.weights[name], np.float32)

    def product(self, values: str, name: str, output: str = "") -> str:
        """values @ W^T of a torch Linear's weight."""
        return self.add("MatMul", values, self.constant(name, self.weights[name].T, np.float32), output=output)

    def linear(self, values: str, name: str, output: str = "") -> str:
        return self.add("Add", self.product(values, f"{name}.weight"), self.weight(f"{name}.bias"), output=output)

    def known(self, name: str, reads: int) -> tuple[str, str]:
        """What is known of a note: the rows of its first fields, added up, and what sounds."""
        fields = list(TABLES)[:reads]
        tables = np.concatenate([self.weights[f"{name}.of.{field_name}.weight"] for field_name in fields])
        starts = np.cumsum([0, *(TABLES[field_name] for field_name in fields[:-1])])
        classes = self.slice("note", 0, reads, axis=1)
        rows = self.add("Add", classes, self.constant(f"{name}.starts", starts))
        found = self.add("Gather", self.constant(f"{name}{ROWS}", tables, np.float32), rows, axis=0)
        summed = self.add("ReduceSum", found, self.constant("number_1", [1]), keepdims=0)
        return summed, self.product("sounding", f"{name}.sounding.weight")

    def slice(self, values: str, start: int, stop: int, axis: int = 0) -> str:
        bounds = [self.constant(f"number_{number}", [number]) for number in (start, stop, axis)]
        return self.add("Slice", values, *bounds)


def step_graph(weights: Weights, hidden: int, layers: int) -> onnx.ModelProto:
    """`logits` of the next shift, `h_out` and `c_out`, and what the heads take from them, from a note and `h`, `c`."""
    graph = _Graph(weights)
    note = graph.add("Sum", *graph.known("heard", STEP.reads))
    top = graph.add("Unsqueeze", note, graph.constant("number_0", [0]))
    states: list[tuple[str, str]] = []
    for layer in range(layers):
        h, c = _layer(graph, top, layer, hidden)
        top = graph.add("Add", top, h) if states else h
        states.append((h, c))
    graph.add("Concat", *(h for h, _ in states), output="h_out", axis=0)
    graph.add("Concat", *(c for _, c in states), output="c_out", axis=0)
    top = graph.add("Squeeze", top, graph.constant("number_0", [0]))
    mixed = graph.add("Relu", graph.linear(top, "shift_head.state"))
    graph.linear(mixed, "shift_head.out", output="logits")
    graph.product(top, "prepare.weight", output="prepared_out")
    return _model(graph, STEP, hidden, layers)


def _layer(graph: _Graph, values: str, layer: int, hidden: int) -> tuple[str, str]:
    """(h, c) [1, B, hidden] of one LSTM layer after `values` [1, B, hidden]."""
    name = f"lstm.{layer}"
    inside = to_onnx_gates(graph.weights[f"{name}.weight_ih_l0"])[None]
    back = to_onnx_gates(graph.weights[f"{name}.weight_hh_l0"])[None]
    biases = [to_onnx_gates(graph.weights[f"{name}.bias_{side}_l0"]) for side in ("ih", "hh")]
    h, c = f"h_{layer}", f"c_{layer}"
    inputs = (
        values,
        graph.constant(f"{name}.weight_ih_l0", inside, np.float32),
        graph.constant(f"{name}.weight_hh_l0", back, np.float32),
        graph.constant(f"{name}.bias", np.concatenate(biases)[None], np.float32),
        "",
        graph.slice("h", layer, layer + 1),
        graph.slice("c", layer, layer + 1),
    )
    graph.nodes.append(helper.make_node("LSTM", list(inputs), ["", h, c], name=f"node_{name}", hidden_size=hidden))
    return h, c


def head_graph(part: Part, weights: Weights, hidden: int, layers: int) -> onnx.ModelProto:
    """`logits` of one field of the next note from its place, the fields chosen before, and its share of
    `prepared`."""
    graph = _Graph(weights)
    name, width = f"{part.name}_head", prepared_width(weights) // len(HEADS)
    start = HEADS.index(part) * width
    prepared = graph.slice("prepared", start, start + width, axis=1)
    known = graph.known(f"{name}.known", part.reads)
    mixed = graph.add("Relu", graph.add("Sum", prepared, *known))
    skip = graph.product("sounding", f"{name}.skip.weight")
    graph.add("Add", graph.linear(mixed, f"{name}.out"), skip, output="logits")
    return _model(graph, part, hidden, layers)


def prepared_width(weights: Weights) -> int:
    """How many numbers the heads take from the state, together."""
    return int(weights["prepare.weight"].shape[0])


def note_inputs() -> list[onnx.ValueInfoProto]:
    """The note as every part is told of it."""
    return [
        helper.make_tensor_value_info("note", TensorProto.INT64, ["B", len(TABLES)]),
        helper.make_tensor_value_info("sounding", TensorProto.FLOAT, ["B", PITCHES]),
    ]


def state_info(name: str, hidden: int, layers: int) -> onnx.ValueInfoProto:
    """A state tensor, in or out."""
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, [layers, "B", hidden])


def prepared_info(name: str, width: int) -> onnx.ValueInfoProto:
    """What the heads take from the state, in or out."""
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, ["B", width])


def _model(graph: _Graph, part: Part, hidden: int, layers: int) -> onnx.ModelProto:
    prepared = prepared_width(graph.weights)
    inputs = note_inputs()
    outputs = [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["B", part.classes])]
    if part is STEP:
        inputs += [state_info("h", hidden, layers), state_info("c", hidden, layers)]
        outputs += [state_info("h_out", hidden, layers), state_info("c_out", hidden, layers)]
        outputs.append(prepared_info("prepared_out", prepared))
    else:
        inputs.append(prepared_info("prepared", prepared))
    proto = helper.make_graph(graph.nodes, part.name, inputs, outputs, initializer=list(graph.initialisers.values()))
    model = helper.make_model(proto, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)
    onnx.checker.check_model(model)
    return model


def part_graphs(weights: Weights, hidden: int, layers: int) -> list[onnx.ModelProto]:
    """All parts, in the order of the values of `field`."""
    return [step_graph(weights, hidden, layers), *(head_graph(part, weights, hidden, layers) for part in HEADS)]
