from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from musedaemon.model.protobuf import MalformedError
from musedaemon.model.tensors import float_tensors


def model_with(*tensors: TensorProto) -> bytes:
    model: onnx.ModelProto = helper.make_model(helper.make_graph([], "g", [], [], initializer=list(tensors)))
    data: bytes = model.SerializeToString()
    return data


def test_tensors_come_back_with_their_shapes() -> None:
    values = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
    scalar = np.array(0.5, dtype=np.float32)
    model = model_with(*(numpy_helper.from_array(a, n) for a, n in ((values, "a"), (scalar, "b"), (values, "c"))))
    found = float_tensors(model, ["a", "b", "d"])
    assert found.keys() == {"a", "b"}
    np.testing.assert_array_equal(found["a"], values)
    np.testing.assert_array_equal(found["b"], scalar)


def test_what_is_no_float_or_no_raw_bytes_is_passed_over() -> None:
    whole = numpy_helper.from_array(np.arange(3), "whole")
    listed = helper.make_tensor("listed", TensorProto.FLOAT, [2], [0.5, 1.5])
    assert float_tensors(model_with(whole, listed), ["whole", "listed"]) == {}


def test_a_tensor_of_another_length_than_it_says_is_malformed() -> None:
    tensor = numpy_helper.from_array(np.zeros(4, dtype=np.float32), "a")
    tensor.dims[0] = 5
    with pytest.raises(MalformedError):
        float_tensors(model_with(tensor), ["a"])
