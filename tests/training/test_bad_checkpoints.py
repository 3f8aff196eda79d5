"""Checkpoints and data folders that are damaged, or made to do harm."""

from __future__ import annotations

import json
import math
import os
import pickle
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from musedaemon.errors import TrainingError
from musedaemon_training import checkpoint, corpus
from musedaemon_training.checkpoint import CONFIG_FILE, MODEL_FILE, Config
from musedaemon_training.model import NoteNet, Sizes
from musedaemon_training.pieces import Reason, UnreadableError
from musedaemon_training.reading import read_pieces


@pytest.fixture
def good(tmp_path: Path) -> Path:
    net = NoteNet(Sizes(8, 1))
    checkpoint.save(tmp_path / "best", Config(net.sizes), net.state_dict())
    return tmp_path / "best"


def refusal(folder: Path) -> str:
    with pytest.raises(TrainingError) as caught:
        checkpoint.load(folder)
    assert str(folder) in str(caught.value)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.skipif(sys.platform == "win32", reason="no limit on the size of files there")
def test_a_disk_that_takes_no_more_is_told_and_the_checkpoint_that_was_there_stays(good: Path) -> None:
    """safetensors has an exception of its own for it, which ended training in a traceback."""
    import resource

    net = NoteNet(Sizes(64, 1))
    most, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    try:
        with pytest.raises(TrainingError, match=r"cannot be written .*; free some space there"):
            checkpoint.save(good, Config(net.sizes), net.state_dict())
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, hard))
    assert checkpoint.load(good).config.sizes == Sizes(8, 1)
    assert [path.name for path in good.parent.iterdir()] == [good.name]


def test_damaged_checkpoints_are_refused(tmp_path: Path) -> None:
    torch.manual_seed(0)
    net = NoteNet(Sizes(8, 1))
    folder = tmp_path / "kept"
    checkpoint.save(folder, checkpoint.Config(net.sizes, scores={"sum": math.pi}), net.state_dict())
    assert checkpoint.load(folder).config.scores == {"sum": math.pi}
    config = json.loads((folder / "config.json").read_text())
    damage: list[tuple[dict[str, object], str]] = [
        ({"encoding_version": 99}, "is of note encoding 99"),
        ({"sizes": {"hidden": 9, "layers": 1}}, "do not fit"),
        ({"sizes": {"hidden": 9, "layers": 1, "colour": 3}}, "is damaged"),
    ]
    for change, message in damage:
        (folder / "config.json").write_text(json.dumps({**config, **change}))
        with pytest.raises(TrainingError, match=message):
            checkpoint.load(folder)
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "model.safetensors").write_bytes((folder / "model.safetensors").read_bytes()[:-20])
    with pytest.raises(TrainingError, match="is damaged"):
        checkpoint.load(folder)


class _Deadly:
    """Unpickling it makes a file."""

    def __init__(self, path: str) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return os.mkdir, (self.path,)


def test_a_pickle_is_never_opened(good: Path, tmp_path: Path) -> None:
    trace = tmp_path / "it ran"
    (tmp_path / "model.pt").write_bytes(pickle.dumps(_Deadly(str(trace))))
    assert "pickled checkpoints are never opened" in refusal(tmp_path / "model.pt")
    (good / MODEL_FILE).write_bytes(pickle.dumps(_Deadly(str(trace))))
    assert "is damaged" in refusal(good)
    assert not trace.exists()


def test_weights_cut_anywhere_are_refused(good: Path) -> None:
    data = (good / MODEL_FILE).read_bytes()
    for sixteenths in range(16):
        (good / MODEL_FILE).write_bytes(data[: len(data) * sixteenths // 16])
        assert "is damaged" in refusal(good)


@pytest.mark.parametrize(
    "header",
    [
        b"\xff" * 8,
        (2**40).to_bytes(8, "little") + b"{}",
        (2).to_bytes(8, "little") + b"[]",
        (76).to_bytes(8, "little") + b'{"a":{"dtype":"F32","shape":[1099511627776],"data_offsets":[0,4398046511104]}}',
    ],
)
def test_a_header_that_lies_is_refused(good: Path, header: bytes) -> None:
    (good / MODEL_FILE).write_bytes(header)
    assert "is damaged" in refusal(good)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_weights_that_are_no_numbers_are_refused(good: Path, value: float) -> None:
    weights = load_file(good / MODEL_FILE)
    name = list(weights)[-1]
    weights[name].view(-1)[0] = value
    save_file(weights, good / MODEL_FILE)
    assert "are no numbers, its training diverged; use another" in refusal(good)


def test_weights_of_another_type_are_refused(good: Path) -> None:
    weights = {name: tensor.to(torch.int64) for name, tensor in load_file(good / MODEL_FILE).items()}
    save_file(weights, good / MODEL_FILE)
    assert "do not fit its config.json" in refusal(good)


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"sizes": {"hidden": 10**9, "layers": 10**9}}, "a net of an impossible size"),
        ({"sizes": {"hidden": -8, "layers": 1}}, "a net of an impossible size"),
        ({"sizes": {"hidden": "8", "layers": 1}}, "no number where one must be"),
        ({"sizes": {"hidden": 8, "layers": True}}, "no number where one must be"),
        ({"sizes": 3}, "is damaged"),
        ({"encoding_version": "2"}, "no number where one must be"),
        ({"scores": {"pitch": "good"}}, "scores that are no numbers"),
        ({"scores": []}, "scores that are no numbers"),
        ({"recipe": ["a"]}, "no text where one must be"),
        ({"unknown": 1}, "is damaged"),
        ({"sizes": {"hidden": 16, "layers": 1}}, "do not fit its config.json"),
    ],
)
def test_what_it_says_of_itself_is_checked(good: Path, changed: dict[str, Any], reason: str) -> None:
    values = json.loads((good / CONFIG_FILE).read_text())
    (good / CONFIG_FILE).write_text(json.dumps({**values, **changed}))
    assert reason in refusal(good)


@pytest.mark.parametrize("text", ["", "[]", "null", "[" * 100_000, "9" * 10_000, "\ufeff{}"])
def test_json_of_anything_is_refused(good: Path, text: str) -> None:
    (good / CONFIG_FILE).write_text(text)
    assert "is damaged" in refusal(good)


def test_pipes_in_place_of_files_are_refused_at_once(good: Path) -> None:
    for name in (MODEL_FILE, CONFIG_FILE):
        (good / name).unlink()
        os.mkfifo(good / name)
        assert "no regular file" in refusal(good)


def test_a_huge_file_of_music_is_left_out(tmp_path: Path) -> None:
    for name, most in (("a.mid", 64), ("a.abc", 64), ("a.xml", 16), ("a.mxl", 16)):
        (tmp_path / name).touch()
        os.truncate(tmp_path / name, 10**12)
        (result,) = read_pieces(tmp_path / name)
        assert isinstance(result, UnreadableError)
        assert (result.reason, str(result)) == (Reason.UNOPENED, f"cannot be opened (it is larger than {most} MB)")


def test_a_test_list_that_is_no_text_stops_training_before_it_learns_from_what_it_names(tmp_path: Path) -> None:
    (tmp_path / "a.abc").write_text("X:1\n")
    (tmp_path / "test.txt").write_bytes("a.abc\n".encode("utf-16"))
    with pytest.raises(TrainingError, match=r"test\.txt cannot be read as UTF-8 text .*; mend it, or remove it"):
        corpus.find_files([tmp_path])
