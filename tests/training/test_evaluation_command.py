from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
import torch
from support.music_files import midi_bytes, tune

from musedaemon_evaluation import main
from musedaemon_training import checkpoint
from musedaemon_training.checkpoint import Config
from musedaemon_training.model import NoteNet, Sizes

SIZES = Sizes(hidden=16, layers=1)


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    folder = tmp_path / "corpus"
    for seed in range(6):
        path = folder / ("hymns" if seed % 2 else "jigs") / f"{seed}.mid"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(midi_bytes(tune(seed * 31 + 3, 150)))
    (folder / "jigs" / "broken.mid").write_bytes(b"nothing")
    (folder / "test.txt").write_text("hymns/1.mid\njigs/0.mid\njigs/broken.mid\n")
    return folder


@pytest.fixture
def model(tmp_path: Path) -> Path:
    torch.manual_seed(1)
    folder = tmp_path / "run" / "best"
    folder.parent.mkdir()
    checkpoint.save(folder, Config(SIZES, recipe="python training/train.py --hidden 16"), NoteNet(SIZES).state_dict())
    return folder


def evaluate(*arguments: str | Path) -> int:
    return main.main([str(argument) for argument in arguments])


def no_constant(text: str) -> float:
    raise AssertionError(f"{text} is not JSON")


def test_everything_is_measured_and_written(
    corpus: Path, model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    results, card, images = tmp_path / "out.json", tmp_path / "docs" / "card.md", tmp_path / "docs" / "images"
    card.parent.mkdir()
    options = ("--data", corpus, "--json", results, "--card", card, "--images", images, "--calls", 2)
    assert evaluate(model, *map(str, options)) == 0
    measured: dict[str, Any] = json.loads(results.read_text(), parse_constant=no_constant)
    assert measured["notes"] == {"hymns": 149, "jigs": 149, "all": 298}
    assert measured["markov_pieces"] == 4
    assert set(measured["bits"]) == {"model", "with memory", "markov"}
    for by_source in measured["bits"].values():
        assert set(by_source) == {"hymns", "jigs", "all"}
        bits = by_source["all"]
        assert bits["sum"] == pytest.approx(bits["shift"] + bits["pitch"] + bits["duration"])
    # Chances of an untrained net are about even; these tunes have few classes, and the memory and the counts know them.
    assert measured["bits"]["model"]["all"]["pitch"] == pytest.approx(math.log2(128), abs=0.5)
    assert measured["bits"]["with memory"]["all"]["sum"] < measured["bits"]["model"]["all"]["sum"]
    assert measured["bits"]["markov"]["all"]["sum"] < 6.0
    assert measured["replies"]["calls"] == 2
    out = capsys.readouterr().out
    assert "skipped: jigs/broken.mid is broken" in out
    assert "with memory" in out
    page = card.read_text()
    assert "python training/train.py --hidden 16" in page
    assert f"{measured['bits']['with memory']['all']['sum']:.2f}" in page
    assert "](images/reply-1.png)" in page
    assert (images / "reply-1.png").read_bytes().startswith(b"\x89PNG")
    assert not list(tmp_path.rglob("*.part"))


def test_the_same_seed_measures_the_same(corpus: Path, model: Path, tmp_path: Path) -> None:
    measured = []
    for name in ("first.json", "second.json"):
        assert evaluate(model, "--data", corpus, "--calls", "1", "--json", tmp_path / name) == 0
        measured.append({**json.loads((tmp_path / name).read_text()), "seconds": 0})
    assert measured[0] == measured[1]


def test_the_baseline_learns_from_no_listed_piece_whatever_its_name(
    corpus: Path, model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (corpus / "hymns" / "1.mid").rename(corpus / "hymns" / "1 in C#.mid")
    (corpus / "test.txt").rename(tmp_path / "list.txt")
    (tmp_path / "list.txt").write_text("hymns/1 in C#.mid\n")
    assert evaluate(model, "--data", corpus, "--list", tmp_path / "list.txt", "--calls", "0") == 0
    assert "the Markov model learns from 5 pieces" in capsys.readouterr().out


@pytest.mark.parametrize("option", ["--json", "--card"])
def test_where_nothing_can_be_written_is_told_before_anything_is_measured(
    corpus: Path, model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], option: str
) -> None:
    """It was told at the end, when all had been measured in vain, and of a file called None."""
    target = tmp_path / "no" / "out"
    assert evaluate(model, "--data", corpus, option, target) == 2
    told = capsys.readouterr()
    assert told.err == (
        f"evaluate.py: {target} cannot be written (there is no folder {target.parent}); make it first.\n"
    )
    assert "bits a note" not in told.out


def test_mistakes_are_told_in_one_sentence(
    corpus: Path, model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mistakes = {
        "is not a checkpoint": (tmp_path / "none", "--data", corpus),
        "cannot be opened": (tmp_path / "none.onnx", "--data", corpus),
        "is not a folder": (model, "--data", tmp_path / "nowhere"),
        "cannot be read": (model, "--data", corpus, "--list", tmp_path / "none.txt"),
        "holds no results": (model, "--data", corpus, "--beside", tmp_path / "none.json"),
        "cannot be written": (model, "--data", corpus, "--calls", "0", "--json", tmp_path / "no" / "out.json"),
    }
    for wording, arguments in mistakes.items():
        assert evaluate(*arguments) == 2
        told = capsys.readouterr().err
        assert wording in told
        assert told.count("\n") == 1
