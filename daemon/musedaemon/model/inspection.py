"""A model file judged before onnxruntime sees it: what it could ask for, and whether its weights are numbers. Pure.

onnxruntime runs no code of a model, but it follows external data, and a small file can ask for any amount of memory
and time. So only operators that an export uses pass: none loops, and none makes its output as large as a number in the
file says. Field numbers are those of onnx.proto.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from itertools import islice

import numpy as np

from musedaemon.model.protobuf import Fields, MalformedError, fields, is_external, messages

LONGEST_CARD = 1_000_000
"""Bytes; ours have a few thousand, most of it the notice."""

_PLAIN = """
    Add Cast Clip Concat Constant DequantizeLinear Div DynamicQuantizeLinear Equal Flatten Gather Gelu Gemm Identity If
    LayerNormalization LSTM MatMul MatMulInteger Mul Neg QuantizeLinear ReduceMean ReduceSum Relu Reshape Shape Sigmoid
    Slice Softmax Split Sqrt Squeeze Sub Sum Tanh Transpose Unsqueeze Where
"""
_MICROSOFTS = """
    DynamicQuantizeLSTM DynamicQuantizeMatMul FusedMatMul MatMulIntegerToFloat MatMulNBits
"""
OPERATORS = frozenset(
    [("", name) for name in _PLAIN.split()]
    + [("ai.onnx", name) for name in _PLAIN.split()]
    + [("com.microsoft", name) for name in _MICROSOFTS.split()]
)
"""(domain, operator)."""

_OPERATOR, _DOMAIN = 4, 7
_DIMENSIONS, _TYPE, _FLOATS, _RAW, _DOUBLES = 1, 2, 4, 9, 10
_METADATA, _KEY = 14, 1
_VALUE = 2
_MOST_DIMENSIONS = 8
_FLOAT_TYPES = {1: "<f4", 10: "<f2", 11: "<f8"}
"""numpy's names of TensorProto's data types."""
_FOREIGN = {"sparse": "sparse weights", "function": "functions of its own", "training": "a training graph"}


class UnfitModelError(ValueError):
    """A model file must not be opened; the text says why, as the end of "it ..."."""


def inspect(model: bytes) -> None:
    """Raise UnfitModelError or MalformedError unless the bytes are a model file as an export writes it."""
    for kind, found in messages(model):
        if kind == "tensor":
            _inspect_tensor(found)
        elif kind == "node":
            _inspect_node(found)
        elif kind in _FOREIGN:
            raise UnfitModelError(f"has {_FOREIGN[kind]}, which no musedaemon model has")
        elif kind == "model":
            _inspect_metadata(found)


def _inspect_node(node: Fields) -> None:
    found = {number: _text(value) for number, value in node if number in (_OPERATOR, _DOMAIN)}
    name = found.get(_DOMAIN, ""), found.get(_OPERATOR, "")
    if name not in OPERATORS:
        raise UnfitModelError(f"uses the operator {name[1][:40]!r}, which no musedaemon model needs")


def _inspect_metadata(model: Fields) -> None:
    """One text a key: which of two counts would depend on the reader."""
    keys: Counter[str] = Counter()
    for number, value in model:
        if number == _METADATA and isinstance(value, memoryview):
            entry = list(fields(value))
            keys.update(_text(text) for n, text in entry if n == _KEY)
            if any(n == _VALUE and isinstance(text, memoryview) and len(text) > LONGEST_CARD for n, text in entry):
                raise UnfitModelError("has a card that is impossibly long")
    if max(keys.values(), default=1) > 1:
        raise UnfitModelError("has two cards")


def _inspect_tensor(tensor: Fields) -> None:
    if is_external(tensor):
        raise UnfitModelError("keeps weights in another file, which is not safe to follow")
    told = (size for number, value in tensor if number == _DIMENSIONS for size in _numbers(value))
    sizes = list(islice(told, _MOST_DIMENSIONS + 1))
    if len(sizes) > _MOST_DIMENSIONS or math.prod(sizes) > sum(_bytes(value) for _, value in tensor):
        # Every number takes a byte at least, whichever way it is kept.
        raise UnfitModelError("claims more weights than it holds")
    types = [value for number, value in tensor if number == _TYPE and isinstance(value, int)]
    kept = {_RAW: _FLOAT_TYPES.get(types[-1] if types else 0), _FLOATS: "<f4", _DOUBLES: "<f8"}
    for number, value in tensor:
        if (name := kept.get(number)) and isinstance(value, memoryview):
            _inspect_floats(value, name)


def _inspect_floats(data: memoryview, name: str) -> None:
    if len(data) % np.dtype(name).itemsize:
        raise MalformedError
    if not np.isfinite(np.frombuffer(data, dtype=name)).all():
        raise UnfitModelError("has weights that are no numbers (training has diverged, or the file is damaged)")


def _numbers(value: int | memoryview) -> Iterator[int]:
    """Whole numbers, packed or alone; a negative one is huge here."""
    if isinstance(value, int):
        yield value
        return
    number, shift = 0, 0
    for byte in value:
        number |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            yield number
            number = shift = 0
        elif shift > 63:
            raise MalformedError


def _bytes(value: int | memoryview) -> int:
    return len(value) if isinstance(value, memoryview) else 1


def _text(value: int | memoryview) -> str:
    return bytes(value).decode("utf-8", "replace") if isinstance(value, memoryview) else ""
