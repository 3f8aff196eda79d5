"""Ways to break a model file. Run as a program, it loads many that are broken at random: its process must survive.

python tests/support/bad_models.py COUNT SEED FOLDER
"""

from __future__ import annotations

import json
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from musedaemon.errors import ModelError
from musedaemon.model.card import CARD_KEY
from musedaemon.model.onnx_model import OnnxModel

TINY = Path(__file__).parents[1] / "assets" / "tiny.onnx"


def tiny() -> onnx.ModelProto:
    """A good one to break."""
    return onnx.load(TINY)


def tensors(graph: onnx.GraphProto) -> Iterator[onnx.TensorProto]:
    """Every weight, also those of subgraphs."""
    yield from graph.initializer
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.HasField("g"):
                yield from tensors(attribute.g)


def floats(model: onnx.ModelProto) -> list[onnx.TensorProto]:
    """The weights in float32."""
    return [tensor for tensor in tensors(model.graph) if tensor.data_type == TensorProto.FLOAT]


def with_weight(value: float, *, everywhere: bool = False) -> onnx.ModelProto:
    """One weight, the last of the last tensor, or all of them, replaced."""
    model = tiny()
    for tensor in floats(model) if everywhere else floats(model)[-1:]:
        array = numpy_helper.to_array(tensor).copy()
        array[... if everywhere else (-1,) * array.ndim] = value
        tensor.CopyFrom(numpy_helper.from_array(array, tensor.name))
    return model


def with_card(**changed: object) -> onnx.ModelProto:
    """Another card; keys that are None are left out."""
    model = tiny()
    card = {**json.loads(model.metadata_props[0].value), **changed}
    helper.set_model_props(model, {CARD_KEY: json.dumps({k: v for k, v in card.items() if v is not None})})
    return model


def with_node(node: onnx.NodeProto, *weights: onnx.TensorProto) -> onnx.ModelProto:
    """A model whose first answer also waits for the number that a further node makes."""
    model = tiny()
    graph, answer = model.graph, model.graph.output[0].name
    for made in graph.node:
        made.output[:] = ["before" if name == answer else name for name in made.output]
    nothing = numpy_helper.from_array(np.zeros((), np.float32), "nothing")
    graph.initializer.extend([nothing, *weights])
    last = [node, helper.make_node("ReduceSum", [node.output[0]], ["sum"], keepdims=0)]
    last.append(helper.make_node("Mul", ["sum", "nothing"], ["product"]))
    last.append(helper.make_node("Add", ["before", "product"], [answer]))
    graph.node.extend(last)
    return model


def memory_bomb(length: int) -> onnx.ModelProto:
    """A few weights whose product has length * length."""
    ones = np.ones(length, np.float32)
    tall, wide = numpy_helper.from_array(ones[:, None], "tall"), numpy_helper.from_array(ones[None], "wide")
    return with_node(helper.make_node("MatMul", ["tall", "wide"], ["bomb"]), tall, wide)


def expanded(size: int) -> onnx.ModelProto:
    """A number that asks for `size` more."""
    shape = numpy_helper.from_array(np.array([size]), "size")
    return with_node(helper.make_node("ConstantOfShape", ["size"], ["bomb"]), shape)


def looping() -> onnx.ModelProto:
    """As many rounds as there are whole numbers."""
    body = helper.make_graph(
        [helper.make_node("Identity", ["go_on"], ["again"]), helper.make_node("Identity", ["x"], ["y"])],
        "body",
        [
            helper.make_tensor_value_info("round", TensorProto.INT64, []),
            helper.make_tensor_value_info("go_on", TensorProto.BOOL, []),
            helper.make_tensor_value_info("x", TensorProto.FLOAT, []),
        ],
        [
            helper.make_tensor_value_info("again", TensorProto.BOOL, []),
            helper.make_tensor_value_info("y", TensorProto.FLOAT, []),
        ],
    )
    rounds = numpy_helper.from_array(np.array(2**62), "rounds")
    return with_node(helper.make_node("Loop", ["rounds", "", "nothing"], ["bomb"], body=body), rounds)


def mutated(data: bytes, numbers: random.Random) -> bytes:
    """Some bytes changed; most of a file is weights, so half of them near its ends, where the graph is told."""
    changed = bytearray(data)
    for _ in range(numbers.randint(1, 8)):
        near = numbers.choice([len(data), 3_000])
        place = numbers.randrange(near)
        changed[place if numbers.random() < 0.5 else -1 - place] = numbers.randrange(256)
    return bytes(changed)


def main(count: int, seed: int, folder: Path) -> None:
    """Load them and print how each ended; anything but a model or a ModelError ends the program."""
    data, numbers, outcomes = TINY.read_bytes(), random.Random(seed), Counter[str]()
    kept = folder / "last.onnx"
    for _ in range(count):
        kept.write_bytes(mutated(data, numbers))  # there to be looked at if this process dies
        try:
            OnnxModel.load(kept)
            outcomes["loaded"] += 1
        except ModelError as error:
            outcomes[str(error).removeprefix(f"The model {kept} ")] += 1
    for told, times in outcomes.most_common():
        print(f"{times:6} {told}")


if __name__ == "__main__":
    given = Path(sys.argv[3]) if len(sys.argv) > 3 else Path(tempfile.mkdtemp())
    main(int(sys.argv[1]), int(sys.argv[2]), given)
