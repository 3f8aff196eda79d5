"""The four parts of a model as ONNX graphs, written out by hand: the step, and the heads of pitch, velocity
and duration.

What is known of a note is one row for each thing of one table (docs/model-format.md): a look-up and a sum, where many
small products would cost more than their work. Other initialisers keep the names of torch's parameters. Weights of
products are transposed, LSTM weights are in ONNX's gate order, so that `weights.py` can lead every one of them back.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

from musedaemon.encoding import (
    BAR_CLASSES,
    PITCHES,
    TICKS_PER_BEAT,
    TIME_CLASSES,
    VELOCITY_CLASSES,
)
from musedaemon.model import rows
from musedaemon.model.heads import HEADS

OPSET = 17
IR_VERSION = 9
FIRST_ROWS = {"shift": rows.SHIFT, "rest": rows.REST, "beat": rows.BEAT, "bar": rows.BAR, "sounding": rows.SOUNDING}
"""Where what is known before its pitch of any note begins in a table of rows."""
CHOSEN_ROWS = {"pitch": rows.PITCH, "velocity": rows.VELOCITY}
"""And where that begins which is chosen next."""
COUNTS = {
    "shift": TIME_CLASSES,
    "rest": TIME_CLASSES,
    "beat": TICKS_PER_BEAT + 1,
    "bar": BAR_CLASSES + 1,
    "sounding": PITCHES,
    "pitch": PITCHES,
    "velocity": VELOCITY_CLASSES + 1,
}

CHOSEN_BEFORE: dict[str, list[str]] = {"pitch": [], "velocity": ["pitch"], "duration": ["pitch", "velocity"]}
"""By head, what is chosen before its field."""

ROWS = ".rows"
"""The end of the name of a head's table."""
HEARD_ROWS = "heard.rows"
FROM_TOP, FROM_TOP_BIAS = "from_top.weight", "from_top.bias"
"""The products of the top layer, side by side: `shift_head.state`, then `prepare`."""

Weights = Mapping[str, npt.NDArray[np.float32]]


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
    nodes: list[onnx.NodeProto] = dataclasses.field(default_factory=list)
    initialisers: dict[str, onnx.TensorProto] = dataclasses.field(default_factory=dict)

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

    def known(self, table: npt.NDArray[np.float32], name: str, given: str, axes: list[int]) -> str:
        """The sum of the rows of what is known of a note, whose numbers are the input `given`."""
        found = self.add("Gather", self.constant(name, table, np.float32), given, axis=0)
        return self.add("ReduceSum", found, self.constant(f"axes_{len(axes)}", axes), keepdims=0)

    def split(self, values: str, sizes: Sequence[int], axis: int, outputs: Sequence[str] = ()) -> list[str]:
        """Parts of these sizes along an axis, under the names given or any."""
        names = list(outputs) or [f"split_{len(self.nodes)}_{index}" for index in range(len(sizes))]
        wanted = self.constant("sizes_" + "_".join(map(str, sizes)), sizes)
        self.nodes.append(helper.make_node("Split", [values, wanted], names, name=f"node_{names[0]}", axis=axis))
        return names


def rows_of(weights: Weights, known: str, chosen: Sequence[str]) -> npt.NDArray[np.float32]:
    """[rows, width] the table of a `Known` of torch's (docs/model-format.md)."""
    width = weights[f"{known}.sounding.weight"].shape[0]
    starts = {**FIRST_ROWS, **{field: CHOSEN_ROWS[field] for field in chosen}}
    table = np.zeros((max(start + COUNTS[field] for field, start in starts.items()), width), dtype=np.float32)
    for field, start in starts.items():
        own = weights[f"{known}.sounding.weight"].T if field == "sounding" else weights[f"{known}.of.{field}.weight"]
        table[start : start + COUNTS[field]] = own
    return table


def step_graph(weights: Weights, hidden: int, layers: int) -> onnx.ModelProto:
    """From a note and the state before it: the next shift's logits, the state, and what the heads take from that."""
    graph = _Graph(weights)
    top = graph.known(rows_of(weights, "heard", list(CHOSEN_ROWS)), HEARD_ROWS, "rows", [2])
    befores = zip(*(graph.split(name, [1] * layers, axis=0) for name in ("h", "c")), strict=True)
    states: list[tuple[str, str]] = []
    for layer, before in enumerate(befores):
        h, c = _layer(graph, top, before, layer, hidden)
        top = graph.add("Add", top, h) if states else h
        states.append((h, c))
    graph.add("Concat", *(h for h, _ in states), output="h_out", axis=0)
    graph.add("Concat", *(c for _, c in states), output="c_out", axis=0)
    _from_top(graph, top)
    return _model(
        graph,
        "step",
        [_rows("rows", "step"), _state("h", hidden, layers), _state("c", hidden, layers)],
        _step_outputs(graph, hidden, layers),
    )


def _from_top(graph: _Graph, top: str) -> None:
    """One product for all that is made of the top: the shift head's share, then that of the other heads."""
    weights = graph.weights
    shift, others = weights["shift_head.state.weight"], weights["prepare.weight"]
    bias = np.concatenate((weights["shift_head.state.bias"], np.zeros(len(others), dtype=np.float32)))
    made = graph.add("MatMul", top, graph.constant(FROM_TOP, np.concatenate((shift, others)).T, np.float32))
    made = graph.add("Add", made, graph.constant(FROM_TOP_BIAS, bias, np.float32))
    mixed, _ = graph.split(made, [len(shift), len(others)], axis=2, outputs=["mixed", "prepared"])
    graph.linear(graph.add("Relu", mixed), "shift_head.out", output="shift_logits")


def _layer(graph: _Graph, values: str, before: tuple[str, ...], layer: int, hidden: int) -> tuple[str, str]:
    """(h, c) [1, B, hidden] of one LSTM layer after `values` [1, B, hidden]; `before` are the h and c before."""
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
        *before,
    )
    graph.nodes.append(helper.make_node("LSTM", list(inputs), ["", h, c], name=f"node_{name}", hidden_size=hidden))
    return h, c


def head_graph(name: str, weights: Weights) -> onnx.ModelProto:
    """The logits of one field of the next note, from what is known of it and the head's share of `prepared`."""
    graph = _Graph(weights)
    head = f"{name}_head"
    out = weights[f"{head}.out.weight"]
    classes, width = out.shape
    known = graph.known(_head_rows(weights, name), f"{head}{ROWS}", f"{name}_rows", [0, 2])
    mixed, skip = graph.split(known, [width, classes], axis=1)
    mixed = graph.add("Relu", graph.add("Add", f"{name}_prepared", mixed))
    graph.add("Gemm", mixed, graph.constant(f"{head}.out.weight", out.T, np.float32), skip, output=f"{name}_logits")
    inputs = [_rows(f"{name}_rows", name), _floats(f"{name}_prepared", "B", width)]
    return _model(graph, name, inputs, [_floats(f"{name}_logits", "B", classes)])


def _head_rows(weights: Weights, name: str) -> npt.NDArray[np.float32]:
    """[rows, width + classes] what is known in the numbers of `prepared`, and beside it what goes to the logits."""
    head = f"{name}_head"
    table = rows_of(weights, f"{head}.known", CHOSEN_BEFORE[name])
    bias = weights[f"{head}.out.bias"]
    direct = np.zeros((len(table), len(bias)), dtype=np.float32)
    direct[rows.ALWAYS] = bias
    direct[rows.SOUNDING : rows.SOUNDING + PITCHES] = weights[f"{head}.skip.weight"].T
    return np.concatenate((table, direct), axis=1)


def _rows(name: str, part: str) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.INT64, [1, "B", f"{part}_rows"])


def _floats(name: str, *shape: int | str) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)


def _state(name: str, hidden: int, layers: int) -> onnx.ValueInfoProto:
    return _floats(name, layers, "B", hidden)


def _step_outputs(graph: _Graph, hidden: int, layers: int) -> list[onnx.ValueInfoProto]:
    return [
        _floats("shift_logits", 1, "B", TIME_CLASSES),
        _state("h_out", hidden, layers),
        _state("c_out", hidden, layers),
        _floats("prepared", 1, "B", len(graph.weights["prepare.weight"])),
    ]


def _model(
    graph: _Graph, name: str, inputs: Sequence[onnx.ValueInfoProto], outputs: Sequence[onnx.ValueInfoProto]
) -> onnx.ModelProto:
    initialisers = list(graph.initialisers.values())
    proto = helper.make_graph(graph.nodes, name, inputs, outputs, initializer=initialisers)
    model = helper.make_model(proto, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)
    onnx.checker.check_model(model)
    return model


def part_graphs(weights: Weights, hidden: int, layers: int) -> list[onnx.ModelProto]:
    """The step, then the heads in their order."""
    return [step_graph(weights, hidden, layers), *(head_graph(name, weights) for name in HEADS)]
