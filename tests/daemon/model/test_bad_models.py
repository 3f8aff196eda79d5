"""Model files that are damaged, or made to do harm: refused in one sentence, in bounded time and memory."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from onnx.external_data_helper import set_external_data
from support import bad_models
from support.bad_models import TINY, expanded, floats, looping, memory_bomb, tiny, with_card, with_node, with_weight
from support.memory_use import own_megabytes

from musedaemon.errors import ModelError
from musedaemon.model.card import CARD_KEY
from musedaemon.model.inspection import LONGEST_CARD, UnfitModelError, inspect
from musedaemon.model.onnx_model import OnnxModel
from musedaemon.model.probing import within
from musedaemon.model.protobuf import MOST_FIELDS, MalformedError


def refusal(model: onnx.ModelProto | bytes) -> str:
    """The sentence that a model is refused with."""
    data = model if isinstance(model, bytes) else model.SerializeToString()
    with pytest.raises(ModelError) as caught:
        OnnxModel.from_bytes(data, "bad.onnx")
    sentence = str(caught.value)
    assert sentence.startswith("The model bad.onnx ")
    assert sentence.endswith(".")
    assert "\n" not in sentence
    return sentence


@pytest.mark.parametrize("sixteenths", range(16))
def test_a_file_cut_anywhere_is_refused(sixteenths: int) -> None:
    data = TINY.read_bytes()
    assert "is no ONNX model" not in refusal(data[: len(data) * sixteenths // 16])


def with_opset(version: int) -> onnx.ModelProto:
    model = tiny()
    model.opset_import[0].version = version
    return model


def with_ir(version: int) -> onnx.ModelProto:
    model = tiny()
    model.ir_version = version
    return model


def with_a_smaller_weight() -> onnx.ModelProto:
    model = tiny()
    largest = max(floats(model), key=lambda tensor: len(tensor.raw_data))
    half = numpy_helper.to_array(largest)[..., :-1]
    largest.CopyFrom(numpy_helper.from_array(np.ascontiguousarray(half), largest.name))
    return model


def with_doubles() -> onnx.ModelProto:
    model = tiny()
    tensor = floats(model)[0]
    tensor.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(tensor).astype(np.float64), tensor.name))
    return model


def with_a_node_that_reads_itself() -> onnx.ModelProto:
    return with_node(helper.make_node("Add", ["bomb", "nothing"], ["bomb"]))


def without_an_output() -> onnx.ModelProto:
    model = tiny()
    del model.graph.output[0]
    return model


@pytest.mark.parametrize(
    "model",
    [
        with_opset(99),
        with_ir(999),
        with_a_smaller_weight(),
        with_doubles(),
        with_a_node_that_reads_itself(),
        without_an_output(),
    ],
)
def test_what_is_no_model_to_onnxruntime_is_refused(model: onnx.ModelProto, capfd: pytest.CaptureFixture[str]) -> None:
    refusal(model)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_single_weight_that_is_no_number_is_found(value: float) -> None:
    assert "has weights that are no numbers" in refusal(with_weight(value))


def test_weights_that_are_numbers_but_answer_with_none_are_found() -> None:
    assert "answers with what is no number" in refusal(with_weight(3e38, everywhere=True))


@pytest.mark.parametrize("location", ["weights.bin", "../../secret", "/etc/passwd"])
def test_weights_in_another_file_are_refused(location: str) -> None:
    model = tiny()
    tensor = floats(model)[0]
    set_external_data(tensor, location)
    tensor.ClearField("raw_data")
    assert "keeps weights in another file, which is not safe to follow" in refusal(model)


def claiming(sizes: list[int]) -> onnx.ModelProto:
    """A weight that says it has so many numbers."""
    model = tiny()
    tensor = floats(model)[0]
    tensor.ClearField("dims")
    tensor.dims.extend(sizes)
    return model


@pytest.mark.parametrize("sizes", [[2**40], [2**20, 2**20], [-1], [1] * 100_000])
def test_a_weight_that_claims_gigabytes_is_refused(sizes: list[int]) -> None:
    assert "claims more weights than it holds" in refusal(claiming(sizes))


def sparse() -> onnx.ModelProto:
    model = tiny()
    values, places = (
        helper.make_tensor("w", TensorProto.FLOAT, [1], [1.0]),
        helper.make_tensor("p", TensorProto.INT64, [1], [0]),
    )
    model.graph.sparse_initializer.append(helper.make_sparse_tensor(values, places, [2**40]))
    return model


def calling_itself() -> onnx.ModelProto:
    model = tiny()
    node = helper.make_node("again", ["x"], ["y"], domain="own")
    opset = helper.make_opsetid("own", 1)
    model.functions.append(helper.make_function("own", "again", ["x"], ["y"], [node], [opset]))
    return model


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda: expanded(2**40), "uses the operator 'ConstantOfShape'"),
        (looping, "uses the operator 'Loop'"),
        (sparse, "has sparse weights"),
        (calling_itself, "has functions of its own"),
    ],
)
def test_what_could_ask_for_anything_is_refused_unseen(make: Callable[[], onnx.ModelProto], reason: str) -> None:
    assert reason in refusal(make())


def test_a_small_file_whose_products_ask_for_gigabytes_is_refused() -> None:
    before = own_megabytes()
    refusal(memory_bomb(100_000))  # 40 GB
    assert own_megabytes() - before < 1_500


def test_subgraphs_within_subgraphs_without_end_are_refused() -> None:
    graph = helper.make_graph([], "g", [], [])
    model = helper.make_model(graph).SerializeToString()
    graph_field, node_field, attribute_field, inner_field = 7, 1, 5, 6
    body = b""
    for field in [inner_field, attribute_field, node_field] * 5_000 + [graph_field]:
        body = bytes([field << 3 | 2]) + _varint(len(body)) + body
    refusal(model + body)


def _varint(value: int) -> bytes:
    written = b""
    while value > 0x7F:
        written += bytes([value & 0x7F | 0x80])
        value >>= 7
    return written + bytes([value])


def test_millions_of_tiny_fields_are_refused_in_no_time() -> None:
    began = time.process_time()
    with pytest.raises(MalformedError):
        inspect(b"\x08\x01" * (MOST_FIELDS + 1))
    with pytest.raises(MalformedError):
        inspect((b"\x3a\x80\x02" + b"\x08\x01" * 128) * (MOST_FIELDS // 100))
    assert time.process_time() - began < 30.0


CARD = json.loads(tiny().metadata_props[0].value)


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"hidden": 10**9, "layers": 10**9}, "a net of an impossible size"),
        ({"hidden": -16}, "no whole number for hidden"),
        ({"layers": True}, "no whole number for layers"),
        ({"parameters": "many"}, "no whole number for parameters"),
        ({"encoding_version": 10**4_000}, "no whole number for encoding_version"),
        ({"encoding_version": None}, "no whole number for encoding_version"),
        ({"precision": "\x1b[2Jfp32"}, "no precision"),
        ({"corpus": ["a"]}, "no text for corpus"),
        ({"scores": {"pitch": "good"}}, "scores that are no numbers"),
        ({"scores": 3}, "scores that are no numbers"),
        ({"hidden": CARD["hidden"] * 2}, "other inputs or outputs"),
        ({"layers": CARD["layers"] + 1}, "other inputs or outputs"),
    ],
)
def test_a_card_that_lies_is_refused(changed: dict[str, object], reason: str) -> None:
    assert reason in refusal(with_card(**changed))


@pytest.mark.parametrize("text", ["", "null", "[" * 100_000, '{"hidden": ' * 50_000, "\ufeff{}", "9" * 100_000])
def test_a_card_of_anything_is_refused(text: str) -> None:
    model = tiny()
    helper.set_model_props(model, {CARD_KEY: text})
    assert "its card" in refusal(model)


def test_a_huge_card_is_refused() -> None:
    assert "a card that is impossibly long" in refusal(with_card(notice="x" * LONGEST_CARD))


def test_two_cards_are_refused() -> None:
    model = tiny()
    model.metadata_props.append(model.metadata_props[0])
    assert "has two cards" in refusal(model)


def test_a_good_model_passes() -> None:
    inspect(TINY.read_bytes())
    with pytest.raises(UnfitModelError):
        inspect(looping().SerializeToString())


def test_pipes_folders_and_huge_files_are_refused_at_once(tmp_path: Path) -> None:
    (tmp_path / "huge.onnx").touch()
    with (tmp_path / "huge.onnx").open("r+b") as stream:
        stream.truncate(10**12)
    for path, reason in {
        tmp_path / "huge.onnx": "it is larger than 256 MB",
        Path("/dev/zero"): "it is no regular file",
        Path("~nobody-of-this-name/model.onnx"): "home",
    }.items():
        with pytest.raises(ModelError, match=f"cannot be opened .*{reason}.*; check the path"):
            OnnxModel.load(path)


def test_work_that_takes_too_long_is_given_up() -> None:
    never = threading.Event()
    with pytest.raises(TimeoutError):
        within(0.05, never.wait)
    never.set()
    assert within(10.0, lambda: 7) == 7
    with pytest.raises(ZeroDivisionError):
        within(10.0, lambda: 1 // 0)


def test_bytes_changed_at_random_never_kill_the_process(tmp_path: Path) -> None:
    command = [sys.executable, bad_models.__file__, "20", "5", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "EP Error" not in done.stdout
