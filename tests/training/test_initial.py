"""The model a run begins from: refused before anything else is done where it cannot be used."""

from __future__ import annotations

from pathlib import Path

import pytest

from musedaemon.errors import ModelError, TrainingError
from musedaemon_export.weights import net_of_file
from musedaemon_training import checkpoint, main
from musedaemon_training.checkpoint import Config
from musedaemon_training.initial import starting_net
from musedaemon_training.model import NoteNet, Sizes

TINY = Path(__file__).parents[1] / "assets" / "tiny.onnx"


@pytest.fixture(autouse=True)
def _no_corpus_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    def read(*arguments: object) -> None:
        raise AssertionError("the corpus was read")

    monkeypatch.setattr(main, "material_of", read)


def refused(tmp_path: Path, capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    run = tmp_path / "run"
    assert main.main(["--data", str(tmp_path), "--out", str(run), *arguments]) == 2
    assert not run.exists()
    told = capsys.readouterr().err
    assert told.startswith("train.py: ")
    assert told.count("\n") == 1
    return told.removeprefix("train.py: ").rstrip()


def test_a_model_that_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "cannot be opened" in refused(tmp_path, capsys, "--init", str(tmp_path / "none.onnx"))
    assert "is not a checkpoint" in refused(tmp_path, capsys, "--init", str(tmp_path / "none"))


@pytest.mark.parametrize("size", [("--hidden", "64"), ("--layers", "3"), ("--hidden", "16", "--layers", "3")])
def test_a_model_of_another_size_than_asked_for(
    size: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = refused(tmp_path, capsys, "--init", str(TINY), *size)
    assert told.endswith("and keeps its size; leave out --hidden and --layers.")


def test_its_own_size_may_be_said(tmp_path: Path) -> None:
    known = net_of_file(TINY).sizes
    assert starting_net(str(TINY), known.hidden, known.layers).sizes.hidden == known.hidden
    assert starting_net(str(TINY)).sizes.layers == known.layers


def test_a_checkpoint_of_another_size_than_asked_for(tmp_path: Path) -> None:
    checkpoint.save(tmp_path / "best", Config(Sizes(16, 1)), NoteNet(Sizes(16, 1)).state_dict())
    with pytest.raises(TrainingError, match="is 1x16 and keeps its size"):
        starting_net(str(tmp_path / "best"), 32, None)


def test_a_model_that_is_cut_short(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "short.onnx"
    path.write_bytes(TINY.read_bytes()[:-1000])
    assert "is damaged or cut short" in refused(tmp_path, capsys, "--init", str(path))


def test_what_onnx_cannot_read_though_onnxruntime_can_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def parse(data: bytes) -> None:
        raise ValueError("Wire format was corrupt")

    monkeypatch.setattr("musedaemon_export.weights.onnx.load_from_string", parse)
    with pytest.raises(ModelError, match="are not those of a note model; export it again from its checkpoint"):
        net_of_file(TINY)


def test_a_folder_that_cannot_be_made_is_told_before_the_corpus_is_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    assert main.main(["--data", str(tmp_path), "--out", str(tmp_path / "file" / "run")]) == 2
    assert "cannot be made" in capsys.readouterr().err
