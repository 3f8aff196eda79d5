"""What a test asks of a whole model of ONNX."""

from __future__ import annotations

from musedaemon.model.protobuf import is_external, messages


def has_external_data(model: bytes) -> bool:
    """Whether any tensor of an ONNX model, in any subgraph, keeps its data in another file. Raises
    MalformedError."""
    return any(kind == "tensor" and is_external(found) for kind, found in messages(model))
