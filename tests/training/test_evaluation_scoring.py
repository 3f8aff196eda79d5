from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from support.music_files import Sound, midi_bytes, tune

from musedaemon.errors import TrainingError
from musedaemon_evaluation import pieces
from musedaemon_evaluation.net_model import NetModel
from musedaemon_evaluation.pieces import Score
from musedaemon_evaluation.predicting import NetPredictor, Predictions, SteppedPredictor
from musedaemon_evaluation.remembering import with_memory
from musedaemon_evaluation.scoring import judge, memory_bits, own_bits
from musedaemon_evaluation.table import tabulate, under_text
from musedaemon_training.corpus import MusicFile
from musedaemon_training.device import Device
from musedaemon_training.evaluation import evaluate
from musedaemon_training.model import FIELDS, NoteNet, Sizes
from musedaemon_training.shards import open_library

CPU = torch.device("cpu")


@pytest.fixture
def net() -> NoteNet:
    torch.manual_seed(3)
    return NoteNet(Sizes(hidden=16, layers=2)).eval()


def write(folder: Path, name: str, sounds: list[Sound]) -> str:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(midi_bytes(sounds))
    return name


def scores_of(folder: Path, lengths: tuple[int, ...]) -> list[Score]:
    names = [write(folder, f"book/{i}.mid", tune(i * 37 + 5, notes)) for i, notes in enumerate(lengths)]
    return pieces.read(folder, names).scores


def test_a_model_worse_than_the_baseline_is_over_it() -> None:
    """It was told as -245.4% under it."""
    assert under_text(0.314) == "31.4% under"
    assert under_text(-2.454) == "245.4% over"


def test_batches_and_single_steps_predict_the_same(tmp_path: Path, net: NoteNet) -> None:
    scores = scores_of(tmp_path, (20, 300, 41))
    playings = [score.playing for score in scores]
    in_batches = list(NetPredictor(net, CPU).predict(playings))
    stepped = list(SteppedPredictor(NetModel(net)).predict(playings))
    assert [len(predictions.keys) for predictions in stepped] == [19, 299, 40]
    for batch, steps in zip(in_batches, stepped, strict=True):
        np.testing.assert_allclose(batch.keys, steps.keys, atol=1e-5)
        for ours, theirs in zip(batch.logits, steps.logits, strict=True):
            np.testing.assert_allclose(ours, theirs, atol=1e-4)


def test_bits_are_those_of_the_training_loops_own_validation(tmp_path: Path, net: NoteNet) -> None:
    scores = scores_of(tmp_path, (64, 30, 50))
    table = tabulate(["book"] * 3, {"model": [bits.model for bits in judge(NetPredictor(net, CPU), scores)]})
    files = [MusicFile(tmp_path / score.name, score.name) for score in scores]
    library = open_library(files, tmp_path / "cache")
    expected = evaluate(net, library, [0, 1, 2], Device(CPU, half=False)).bits()
    for name in (*FIELDS, "sum"):
        assert table.bits["model"]["book"][name] == pytest.approx(expected[name], abs=1e-4)
    assert table.notes == {"book": 141, "all": 141}


def test_a_tune_that_comes_again_costs_less_with_memory(tmp_path: Path, net: NoteNet) -> None:
    once = tune(77, 24)
    again = [sound._replace(at=sound.at + 24 * 12 * turn) for turn in range(3) for sound in once]
    score = pieces.read(tmp_path, [write(tmp_path, "again.mid", again)]).scores[0]
    predictions = next(NetPredictor(net, CPU).predict([score.playing]))
    own, remembered = own_bits(score, predictions), memory_bits(score, predictions)
    last = slice(2 * 24, None)
    assert remembered[:, last].mean() < 0.5 * own[:, last].mean()


def test_a_duration_is_not_remembered_before_its_note_has_ended(tmp_path: Path, net: NoteNet) -> None:
    short = [Sound(i * 12, 60 + i % 5, 10) for i in range(24)]
    held = [short[0]._replace(length=10, pitch=30), *short[1:]]
    longer = [short[0]._replace(length=150, pitch=30), *short[1:]]
    names = [write(tmp_path, "held.mid", held), write(tmp_path, "longer.mid", longer)]
    first, second = pieces.read(tmp_path, names).scores
    predictions = next(NetPredictor(net, CPU).predict([first.playing]))
    mixed = [list(with_memory(score, predictions)) for score in (first, second)]
    differs = [bool(np.any(a[3] != b[3])) for a, b in zip(*mixed, strict=True)]
    # The first score's bass has ended at tick 10, the second's at tick 150: between them only one is known.
    assert differs[0]
    same = [bool(np.all(a[0] == b[0])) for a, b in zip(*mixed, strict=True)]
    assert all(same)
    only_second = list(with_memory(second, predictions))
    assert np.ptp(only_second[0][3] - np.log(_shares(predictions, 0))) == pytest.approx(0.0, abs=1e-4)


def _shares(predictions: Predictions, index: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    logits = predictions.logits[3][index].astype(np.float64)
    weights = np.exp(logits - logits.max())
    shares: np.ndarray[tuple[int, ...], np.dtype[np.float64]] = weights / weights.sum()
    return shares


def test_velocity_counts_only_where_a_score_has_dynamics(tmp_path: Path, net: NoteNet) -> None:
    flat = [sound._replace(velocity=64) for sound in tune(9, 30)]
    names = [write(tmp_path, "flat.mid", flat), write(tmp_path, "a/loud.mid", tune(9, 30))]
    scores = pieces.read(tmp_path, names).scores
    bits = [judged.model for judged in judge(NetPredictor(net, CPU), scores)]
    table = tabulate([score.source for score in scores], {"model": bits})
    assert np.isnan(table.bits["model"]["."]["velocity"])
    assert table.bits["model"]["all"]["velocity"] == pytest.approx(table.bits["model"]["a"]["velocity"])


def test_the_share_that_one_judge_saves_of_another() -> None:
    ones, twos = np.ones((4, 10)), np.full((4, 10), 2.0)
    table = tabulate(["a"], {"model": [ones], "markov": [twos]})
    assert table.gain("model", than="markov") == {"a": 0.5, "all": 0.5}


def test_lists_and_files_that_cannot_be_used_are_told(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="not a folder"):
        pieces.listed(tmp_path / "nowhere", None)
    with pytest.raises(TrainingError, match="--list"):
        pieces.listed(tmp_path, None)
    (tmp_path / "test.txt").write_text("# nothing\n\n")
    with pytest.raises(TrainingError, match="lists no files"):
        pieces.listed(tmp_path, None)
    with pytest.raises(TrainingError, match="listed but missing"):
        pieces.read(tmp_path, ["gone.mid"])
    (tmp_path / "broken.mid").write_bytes(b"nothing")
    with pytest.raises(TrainingError, match=r"None of the 1 .* broken"):
        pieces.read(tmp_path, ["broken.mid"])
