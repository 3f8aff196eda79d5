from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnxruntime  # type: ignore[import-untyped]
import pytest
from onnx import TensorProto, helper, numpy_helper

from musedaemon.model.extraction import extracted
from musedaemon.model.heads import HEADS
from musedaemon.model.onnx_model import OUTPUTS
from musedaemon.model.protobuf import MalformedError, fields, message

TINY = Path(__file__).parents[2] / "assets" / "tiny.onnx"


def two_parts() -> onnx.ModelProto:
    """`sum` = 2 (a + b), by way of a value that has two readers, and `product` = a c."""
    nodes = [
        helper.make_node("Add", ["a", "b"], ["both"]),
        helper.make_node("Mul", ["a", "c"], ["product"]),
        helper.make_node("Add", ["both", "both"], ["sum"]),
    ]
    a, b, total, product = (
        helper.make_tensor_value_info(name, TensorProto.FLOAT, [1]) for name in ("a", "b", "sum", "product")
    )
    c = numpy_helper.from_array(np.array([3.0], dtype=np.float32), "c")
    graph = helper.make_graph(nodes, "two", [a, b], [total, product], initializer=[c])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    helper.set_model_props(model, {"card": "x" * 300})
    return model


def test_a_part_has_what_it_needs_and_nothing_else() -> None:
    data = two_parts().SerializeToString()
    total, product = (onnx.load_from_string(extracted(data, [name])) for name in ("sum", "product"))
    assert [node.op_type for node in total.graph.node] == ["Add", "Add"]
    assert [i.name for i in total.graph.input] == ["a", "b"]
    assert not total.graph.initializer
    assert [node.op_type for node in product.graph.node] == ["Mul"]
    assert [i.name for i in product.graph.input] == ["a"]
    assert [tensor.name for tensor in product.graph.initializer] == ["c"]
    for part in (total, product):
        onnx.checker.check_model(part)
        assert not part.metadata_props


def test_a_part_computes_what_the_whole_does() -> None:
    data = two_parts().SerializeToString()
    feed = {"a": np.array([5.0], dtype=np.float32), "b": np.array([2.0], dtype=np.float32)}
    for name, value in (("sum", 14.0), ("product", 15.0)):
        session = onnxruntime.InferenceSession(extracted(data, [name]), providers=["CPUExecutionProvider"])
        given = {i.name: feed[i.name] for i in session.get_inputs()}
        assert session.run([name], given)[0].tolist() == [value]


def test_all_parts_together_are_the_whole_model() -> None:
    data = TINY.read_bytes()
    whole = onnx.load_from_string(data).graph
    asked = [OUTPUTS, *([f"{head}_logits"] for head in HEADS)]
    parts = [onnx.load_from_string(extracted(data, outputs)).graph for outputs in asked]
    assert sum(len(part.node) for part in parts) == len(whole.node)
    assert sum(len(part.initializer) for part in parts) == len(whole.initializer)


def test_a_message_is_written_as_it_was_read() -> None:
    data = TINY.read_bytes()
    assert onnx.load_from_string(message(fields(memoryview(data)))) == onnx.load_from_string(data)


@pytest.mark.parametrize("cut", [1, 100, 5000])
def test_half_a_model_is_malformed(cut: int) -> None:
    with pytest.raises(MalformedError):
        extracted(TINY.read_bytes()[:-cut], ["sum"])
