"""As much of ONNX's file format as can be judged before onnxruntime sees the file: its metadata, and all that its
graphs hold (`inspection.py` judges it).

The runtime has no onnx package. The wire format is Protocol Buffers' (encoding guide: varint, 64-bit,
length-delimited, 32-bit); the field numbers are those of onnx.proto.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5

_IR_VERSION_TAG, _MOST_IR_VERSION = 1 << 3 | _VARINT, 100
_MODEL_METADATA = 14
_ENTRY_KEY, _ENTRY_VALUE = 1, 2
_TENSOR_EXTERNAL_DATA, _TENSOR_DATA_LOCATION = 13, 14

MOST_FIELDS = 500_000
"""Of a whole file: ours have some thousand. It takes half a second to go through as many."""

# For each message, the fields whose messages can hold a tensor, and of what kind those are.
_INSIDE = {
    "model": {7: "graph", 20: "training", 25: "function"},
    "training": {1: "graph", 2: "graph"},
    "graph": {1: "node", 5: "tensor", 15: "sparse"},
    "function": {7: "node", 11: "attribute"},
    "node": {5: "attribute"},
    "attribute": {5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse", 23: "sparse"},
    "sparse": {1: "tensor", 2: "tensor"},
}


class MalformedError(ValueError):
    """The bytes are no protobuf message: cut short, or something else altogether."""


def begins_like_a_model(data: bytes) -> bool:
    """Whether a file of these bytes, however damaged behind that, can have been a model: all that write one begin with
    its first field, the version of the format, a small number."""
    return len(data) < 2 or (data[0] == _IR_VERSION_TAG and 0 < data[1] < _MOST_IR_VERSION)


def fields(message: memoryview) -> Iterator[tuple[int, int | memoryview]]:
    """(field number, value) of each field of a message; nested messages and texts are views. Raises
    MalformedError."""
    at = count = 0
    while at < len(message):
        count += 1
        if count > MOST_FIELDS:
            raise MalformedError
        tag, at = _varint(message, at)
        number, wire_type = tag >> 3, tag & 7
        if number == 0:
            raise MalformedError
        if wire_type == _VARINT:
            value, at = _varint(message, at)
            yield number, value
            continue
        size, at = _size(message, at, wire_type)
        if at + size > len(message):
            raise MalformedError
        yield number, message[at : at + size]
        at += size


def _size(message: memoryview, at: int, wire_type: int) -> tuple[int, int]:
    if wire_type == _BYTES:
        return _varint(message, at)
    if wire_type == _FIXED64:
        return 8, at
    if wire_type == _FIXED32:
        return 4, at
    raise MalformedError


def _varint(message: memoryview, at: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        if at >= len(message):
            raise MalformedError
        byte = message[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
    raise MalformedError


def message(contents: Iterable[tuple[int, int | memoryview | bytes]]) -> bytes:
    """A message of such fields: the way back from `fields` for those without fixed-size numbers."""
    written = bytearray()
    for number, value in contents:
        if isinstance(value, int):
            written += _as_varint(number << 3 | _VARINT) + _as_varint(value)
        else:
            written += _as_varint(number << 3 | _BYTES) + _as_varint(len(value))
            written += value
    return bytes(written)


def _as_varint(value: int) -> bytes:
    written = bytearray()
    while value > 0x7F:
        written.append(value & 0x7F | 0x80)
        value >>= 7
    written.append(value)
    return bytes(written)


def metadata(model: bytes) -> dict[str, str]:
    """The metadata of an ONNX model. Raises MalformedError."""
    entries: dict[str, str] = {}
    for number, value in fields(memoryview(model)):
        if number == _MODEL_METADATA and isinstance(value, memoryview):
            entry = {n: bytes(v) for n, v in fields(value) if isinstance(v, memoryview)}
            key, text = entry.get(_ENTRY_KEY, b""), entry.get(_ENTRY_VALUE, b"")
            entries[key.decode("utf-8", "replace")] = text.decode("utf-8", "replace")
    return entries


Fields = list[tuple[int, int | memoryview]]


def messages(model: bytes) -> Iterator[tuple[str, Fields]]:
    """(kind, fields) of the model and of every message in it that can hold a tensor: `graph`, `node`, `tensor` and so
    on. Raises MalformedError, too where there are more than MOST_FIELDS in all.
    """
    waiting = [("model", memoryview(model))]
    room = MOST_FIELDS
    while waiting:
        kind, message = waiting.pop()
        found = list(fields(message))
        room -= len(found)
        if room < 0:
            raise MalformedError
        yield kind, found
        inside = _INSIDE.get(kind, {})
        waiting += [(inside[n], value) for n, value in found if n in inside and isinstance(value, memoryview)]


def is_external(tensor: Fields) -> bool:
    """Whether a tensor keeps its data in another file."""
    return any(
        number == _TENSOR_EXTERNAL_DATA or (number == _TENSOR_DATA_LOCATION and value != 0) for number, value in tensor
    )
