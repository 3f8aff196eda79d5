"""Pieces to judge on where none are listed: what training set aside, never what it learned."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from support.music_files import midi_bytes, random_melody, write_corpus

from musedaemon.errors import TrainingError
from musedaemon_evaluation import main
from musedaemon_evaluation.choosing import chosen_pieces
from musedaemon_training import main as training_main
from musedaemon_training.notes import Notes
from musedaemon_training.options import treatment_in
from musedaemon_training.works import split

SMALL = ("--hidden", "16", "--layers", "1", "--device", "cpu", "--epochs", "1")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Melodies like no other, some of them twice, and a book of tunes of which training may take some."""
    folder = tmp_path / "mine"
    folder.mkdir()
    for seed in range(6):
        (folder / f"{seed}.mid").write_bytes(midi_bytes(random_melody(seed, notes=60)))
        (folder / f"copy of {seed}.mid").write_bytes(midi_bytes(random_melody(seed, notes=56)))
    scales = ("CDEF GABc|", "cBAG FEDC|", "CEGc egfd|", "DFAd fdAF|")
    tunes = (f"X:{number}\nT:Tune {number}\nM:4/4\nL:1/8\nK:C\n{bar * 3}\n" for number, bar in enumerate(scales, 1))
    (folder / "book.abc").write_text("\n".join(tunes))
    return folder


def train(data: Path, run: Path, *more: str) -> str:
    """The best checkpoint of a run."""
    assert training_main.main(["--data", str(data), "--out", str(run), *SMALL, *more]) == 0
    return str(run / "best")


def evaluate(*arguments: str | Path) -> int:
    return main.main([*map(str, arguments), "--calls", "0"])


def sounds(notes: Notes) -> tuple[tuple[int, int], ...]:
    return tuple(zip(notes["onset"].tolist(), notes["pitch"].tolist(), strict=True))


@pytest.mark.parametrize("copies", ["drop", "keep"])
def test_they_are_what_this_very_training_validated_on(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, copies: str
) -> None:
    seen = []

    def watched(*arguments: object) -> tuple[list[int], list[int]]:
        library, _ = arguments
        training, validation = split(*arguments)  # type: ignore[arg-type]
        seen.append([{sounds(library.notes(i)) for i in part} for part in (training, validation)])  # type: ignore[attr-defined]
        return training, validation

    monkeypatch.setattr("musedaemon_training.works.split", watched)
    best = train(data, tmp_path / "run", "--copies", copies)
    ((learned, aside),) = seen
    recipe = json.loads((Path(best) / "config.json").read_text())["recipe"]
    chosen = chosen_pieces(data, None, best, recipe)
    assert chosen.is_validation
    assert {sounds(score.notes) for score in chosen.scores} == aside
    assert {sounds(notes) for notes in chosen.known} == learned
    assert not learned & aside


def test_the_command_says_what_it_judges_on(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It was an error for every folder without a list."""
    best, results, card = train(data, tmp_path / "run"), tmp_path / "out.json", tmp_path / "card.md"
    capsys.readouterr()
    assert evaluate(best, "--data", data, "--json", results, "--card", card) == 0
    measured = json.loads(results.read_text())
    assert measured["is_validation"]
    assert capsys.readouterr().out.startswith(
        f"There is no --list, and no test.txt in {data}: judged on what training on it sets aside for validation,"
        f" {measured['pieces']['all']} of {measured['pieces']['all'] + measured['markov_pieces']} pieces.\n"
    )
    assert "this checkpoint was chosen as the best by them" in card.read_text()
    (data / "test.txt").write_text("0.mid\n")
    assert evaluate(best, "--data", data, "--json", results) == 0
    assert not json.loads(results.read_text())["is_validation"]
    assert "There is no --list" not in capsys.readouterr().out


def test_where_nothing_was_set_aside_it_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = write_corpus(tmp_path / "takes", 1)
    best = train(data, tmp_path / "run")
    capsys.readouterr()
    assert evaluate(best, "--data", data) == 2
    told = capsys.readouterr().err
    assert "is one work, and training on it sets nothing aside; judge the model on other music" in told
    assert told.count("\n") == 1


def test_a_model_of_more_or_less_than_the_folder_is_not_judged_on_what_it_learned(data: Path, tmp_path: Path) -> None:
    (data / "deep").mkdir()
    (data / "deep" / "7.mid").write_bytes(midi_bytes(random_melody(7)))
    other = write_corpus(tmp_path / "other", 3)
    best = train(data, tmp_path / "run")
    both = train(data, tmp_path / "both", "--data", str(other))
    with pytest.raises(TrainingError, match=r"was trained on .*mine, where other .* alone; name that with --data\.$"):
        chosen_pieces(data / "deep", None, best, "")
    with pytest.raises(TrainingError, match=r"was trained on .*mine and .*other, .*; name the files .* with --list\.$"):
        chosen_pieces(data, None, both, "")
    assert chosen_pieces(other, None, best, "").is_validation


@pytest.mark.parametrize(
    ("recipe", "treatment"),
    [
        ("", "drop"),
        ("python training/train.py --data a --copies keep --epochs 3", "keep"),
        ("python training/train.py --copies=keep", "keep"),
        ("python training/train.py --cop keep --copies drop", "drop"),
        ("python training/train.py --data a/--copies/keep", "drop"),
        ("it's no command", "drop"),
    ],
)
def test_what_became_of_copies_is_in_the_recipe(recipe: str, treatment: str) -> None:
    assert treatment_in(recipe) == treatment


def test_an_exported_model_is_judged_alike(data: Path) -> None:
    torch.manual_seed(1)
    tiny = Path(__file__).parents[1] / "assets" / "tiny.onnx"
    assert evaluate(tiny, "--data", data) == 0
