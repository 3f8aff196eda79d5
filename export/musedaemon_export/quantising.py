"""int8 weights: onnxruntime's dynamic quantisation, with its pre-processing pass, and a check that the LSTM
took part."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Sequence
from pathlib import Path

import onnx
from onnxruntime.quantization import QuantType, quantize_dynamic  # type: ignore[import-untyped]
from onnxruntime.quantization.shape_inference import quant_pre_process  # type: ignore[import-untyped]

from musedaemon.errors import ExportError


def quantised(parts: Sequence[onnx.ModelProto]) -> list[onnx.ModelProto]:
    """The same graphs with the weights of LSTMs and products in int8. Raises ExportError where an LSTM
    stayed float."""
    return [_quantised(part) for part in parts]


def _quantised(part: onnx.ModelProto) -> onnx.ModelProto:
    with tempfile.TemporaryDirectory() as folder:
        plain, prepared, small = (Path(folder) / name for name in ("plain.onnx", "prepared.onnx", "small.onnx"))
        onnx.save(part, plain)
        logging.getLogger().setLevel(logging.ERROR)
        quant_pre_process(plain, prepared, skip_symbolic_shape=True)
        quantize_dynamic(
            prepared,
            small,
            op_types_to_quantize=["LSTM", "MatMul"],
            weight_type=QuantType.QInt8,
            per_channel=True,
        )
        result = onnx.load(small)
    left = [node.op_type for node in result.graph.node if node.op_type in ("LSTM", "MatMul")]
    if left:
        raise ExportError(
            f"Quantisation left {', '.join(sorted(set(left)))} in float32; this onnxruntime cannot make an int8 model."
        )
    return result
