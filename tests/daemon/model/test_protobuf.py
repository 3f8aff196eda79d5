from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import TensorProto, helper
from support.external_data import has_external_data

from musedaemon.model.protobuf import MalformedError, metadata

TINY = Path(__file__).parents[2] / "assets" / "tiny.onnx"


def external(name: str = "w") -> TensorProto:
    tensor = helper.make_tensor(name, TensorProto.FLOAT, [1], [0.0])
    tensor.ClearField("float_data")
    tensor.data_location = TensorProto.EXTERNAL
    entry = tensor.external_data.add()
    entry.key, entry.value = "location", "../secret"
    return tensor


def graph_with(
    *, nodes: list[onnx.NodeProto] | None = None, tensors: list[TensorProto] | None = None
) -> onnx.GraphProto:
    return helper.make_graph(nodes or [], "g", [], [], initializer=tensors or [])


def in_initialiser() -> onnx.ModelProto:
    return helper.make_model(graph_with(tensors=[external()]))


def in_constant_node() -> onnx.ModelProto:
    return helper.make_model(graph_with(nodes=[helper.make_node("Constant", [], ["w"], value=external())]))


def in_subgraph() -> onnx.ModelProto:
    inner = graph_with(tensors=[external()])
    branch = helper.make_node("If", ["b"], ["o"], then_branch=graph_with(), else_branch=inner)
    return helper.make_model(graph_with(nodes=[branch]))


def in_function() -> onnx.ModelProto:
    model = helper.make_model(graph_with())
    node = helper.make_node("Constant", [], ["w"], value=external())
    model.functions.append(helper.make_function("d", "f", [], ["w"], [node], [helper.make_opsetid("", 17)]))
    return model


@pytest.mark.parametrize("make", [in_initialiser, in_constant_node, in_subgraph, in_function])
def test_external_data_is_found_wherever_it_hides(make: Callable[[], onnx.ModelProto]) -> None:
    assert has_external_data(make().SerializeToString())


def test_weights_inside_are_fine() -> None:
    assert not has_external_data(TINY.read_bytes())


def test_metadata_is_what_onnx_reads() -> None:
    model = helper.make_model(graph_with())
    helper.set_model_props(model, {"one": "1", "zwei": "zwölf"})
    assert metadata(model.SerializeToString()) == {"one": "1", "zwei": "zwölf"}


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    try:
        metadata(data)
        has_external_data(data)
    except MalformedError:
        pass


def test_a_model_cut_short_is_refused() -> None:
    data = TINY.read_bytes()
    with pytest.raises(MalformedError):
        has_external_data(data[: len(data) // 2])
