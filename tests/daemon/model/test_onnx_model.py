from __future__ import annotations

import io
import json
import pickle
import shutil
import zipfile
from collections.abc import Callable
from importlib import resources
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import helper
from onnx.external_data_helper import set_external_data

from musedaemon.encoding import PITCHES, TIME_CLASSES, VELOCITY_CLASSES, VELOCITY_UNKNOWN, ContextTracker
from musedaemon.errors import ModelError
from musedaemon.model.card import CARD_KEY
from musedaemon.model.onnx_model import OnnxModel, load_default
from musedaemon.model.protocol import NoteModel

TINY = Path(__file__).parents[2] / "assets" / "tiny.onnx"
CONTEXT = ContextTracker().context(0)


@pytest.fixture
def model() -> OnnxModel:
    return OnnxModel.load(TINY)


def refusal(tmp_path: Path, proto: onnx.ModelProto) -> str:
    path = tmp_path / "other.onnx"
    path.write_bytes(proto.SerializeToString())
    with pytest.raises(ModelError) as caught:
        OnnxModel.load(path)
    assert str(path) in str(caught.value)
    return str(caught.value)


def test_it_is_the_daemons_model(model: OnnxModel) -> None:
    checked: NoteModel = model
    assert checked is model
    assert (model.card.hidden, model.card.layers, str(model.card)) == (16, 1, "1x16 fp32")


def test_each_field_has_its_classes(model: OnnxModel) -> None:
    state = model.step(model.initial_state(), CONTEXT, 60, VELOCITY_UNKNOWN)
    assert state.h.shape == state.c.shape == (1, 1, 16)
    assert state.shift_logits.shape == (TIME_CLASSES,)
    assert model.pitch_logits(state, CONTEXT).shape == (PITCHES,)
    assert model.velocity_logits(state, CONTEXT, 60).shape == (VELOCITY_CLASSES,)
    assert model.duration_logits(state, CONTEXT, 60, 16).shape == (TIME_CLASSES,)


def test_a_state_is_a_value_that_later_calls_leave_alone(model: OnnxModel) -> None:
    first = model.step(model.initial_state(), CONTEXT, 60, 16)
    kept = [array.copy() for array in first]
    second = model.step(first, CONTEXT, 67, 20)
    model.pitch_logits(second, CONTEXT)
    assert all(np.array_equal(a, b) for a, b in zip(first, kept, strict=True))
    assert not np.array_equal(first.h, second.h)


def test_logits_kept_are_not_overwritten(model: OnnxModel) -> None:
    state = model.step(model.initial_state(), CONTEXT, 60, 16)
    low = model.velocity_logits(state, CONTEXT, 30)
    kept = low.copy()
    high = model.velocity_logits(state, CONTEXT, 90)
    assert np.array_equal(low, kept)
    assert not np.array_equal(low, high)


def test_the_same_notes_give_the_same_state(model: OnnxModel) -> None:
    again = OnnxModel.load(TINY)
    a, b = model.initial_state(), again.initial_state()
    for pitch in (60, 64, 67):
        a, b = model.step(a, CONTEXT, pitch, 16), again.step(b, CONTEXT, pitch, 16)
    assert np.array_equal(a.h, b.h)


def test_what_sounds_changes_the_answer(model: OnnxModel) -> None:
    state = model.step(model.initial_state(), CONTEXT, 60, 16)
    tracker = ContextTracker()
    tracker.note_on(0, 60)
    held = tracker.context(0)
    assert not np.array_equal(model.pitch_logits(state, CONTEXT), model.pitch_logits(state, held))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"nothing\.onnx cannot be opened \(No such file"):
        OnnxModel.load(tmp_path / "nothing.onnx")


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.99])
def test_a_truncated_file_is_refused(tmp_path: Path, share: float) -> None:
    path = tmp_path / "half.onnx"
    data = TINY.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    with pytest.raises(ModelError, match=r"half\.onnx"):
        OnnxModel.load(path)


def zipped() -> bytes:
    """What torch.save writes is a zip file with a pickle in it."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps({"lstm.weight": [0.0] * 100}))
    return target.getvalue()


@pytest.mark.parametrize(
    "data",
    [
        b"MThd\x00\x00\x00\x06\x00\x00\x00\x01\x00\x60",
        b"# A model\n\nSee the manual.\n",
        b'{"sizes": {"hidden": 256}}\n',
        zipped(),
        pickle.dumps({"lstm.weight": [0.0] * 100}),
        b"\x89PNG\r\n\x1a\n\x00\x00",
        (2**9).to_bytes(8, "little") + b'{"lstm.weight":{"dtype":"F32"',
    ],
    ids=["midi", "text", "json", "torch", "pickle", "png", "safetensors"],
)
def test_a_file_of_something_else_is_told_what_is_wanted(tmp_path: Path, data: bytes) -> None:
    """It was called damaged, and to be copied again."""
    path = tmp_path / "song.mid"
    path.write_bytes(data)
    with pytest.raises(ModelError, match=r"is no ONNX model; name a \.onnx file that export/export\.py made\.$"):
        OnnxModel.load(path)


def test_a_checkpoint_is_to_be_exported_first(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"it is a folder\); export/export\.py makes a model of a checkpoint\.$"):
        OnnxModel.load(tmp_path)


def test_external_data_is_refused_even_where_it_exists(tmp_path: Path) -> None:
    proto = onnx.load(TINY)
    tensor = proto.graph.initializer[0]
    (tmp_path / "weights.bin").write_bytes(tensor.raw_data)
    set_external_data(tensor, "weights.bin")
    tensor.ClearField("raw_data")
    assert "keeps weights in another file" in refusal(tmp_path, proto)


def test_another_encoding_version_is_refused(tmp_path: Path) -> None:
    proto = onnx.load(TINY)
    card = {**json.loads(proto.metadata_props[0].value), "encoding_version": 99}
    helper.set_model_props(proto, {CARD_KEY: json.dumps(card)})
    assert "is of note encoding 99" in refusal(tmp_path, proto)


def test_a_model_without_a_card_is_refused(tmp_path: Path) -> None:
    proto = onnx.load(TINY)
    proto.ClearField("metadata_props")
    assert "has no musedaemon card" in refusal(tmp_path, proto)


def test_a_card_that_does_not_fit_is_refused(tmp_path: Path) -> None:
    proto = onnx.load(TINY)
    card = {**json.loads(proto.metadata_props[0].value), "hidden": 32}
    helper.set_model_props(proto, {CARD_KEY: json.dumps(card)})
    assert "other inputs or outputs" in refusal(tmp_path, proto)


def test_another_networks_inputs_are_refused(tmp_path: Path) -> None:
    proto = onnx.load(TINY)
    proto.graph.input[0].name = "which"
    for node in proto.graph.node:
        node.input[:] = ["which" if name == "rows" else name for name in node.input]
    message = refusal(tmp_path, proto)
    assert "other inputs or outputs" in message or "onnxruntime refuses it" in message


@pytest.mark.parametrize("name", ["shift_logits", "prepared", "c_out"])
def test_a_step_that_leaves_something_out_is_refused(tmp_path: Path, name: str) -> None:
    proto = onnx.load(TINY)
    proto.graph.output.remove(next(output for output in proto.graph.output if output.name == name))
    assert "other inputs or outputs" in refusal(tmp_path, proto)


@pytest.mark.parametrize(
    "change", [lambda tensor: tensor.dims.insert(0, 1), lambda tensor: setattr(tensor, "name", "x")]
)
@pytest.mark.parametrize("name", ["pitch/pitch_head.rows", "velocity/velocity_head.out.weight"])
def test_a_head_of_another_make_is_refused(
    tmp_path: Path, name: str, change: Callable[[onnx.TensorProto], None]
) -> None:
    proto = onnx.load(TINY)
    change(next(tensor for tensor in proto.graph.initializer if tensor.name == name))
    assert "other inputs or outputs" in refusal(tmp_path, proto)


def test_a_tensor_that_is_shorter_than_it_says_is_refused(tmp_path: Path) -> None:
    proto = onnx.load(TINY)
    tensor = next(tensor for tensor in proto.graph.initializer if tensor.name == "pitch/pitch_head.rows")
    tensor.raw_data = tensor.raw_data[:-4]
    assert "other inputs or outputs" in refusal(tmp_path, proto)


def test_the_home_folder_is_understood(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    shutil.copy(TINY, tmp_path / "mine.onnx")
    assert OnnxModel.load(Path("~/mine.onnx")).card.hidden == 16


def test_the_shipped_model_says_where_it_comes_from() -> None:
    card = load_default().card
    assert card.precision == "int8"
    assert card.corpus
    assert "Chopin" in card.notice
    assert {"shift", "pitch", "velocity", "duration"} <= card.scores.keys()


def test_an_installation_without_a_model_says_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(resources, "files", lambda package: tmp_path)
    with pytest.raises(ModelError, match="install musedaemon again"):
        load_default()
