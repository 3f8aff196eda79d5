"""Runs that stop early, start from other models, learn from very little, or go on with other data."""

from __future__ import annotations

import json
import math
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest
from support.music_files import midi_bytes, tune, write_corpus

from musedaemon_training import boards, checkpoint, main, plan
from musedaemon_training.curves import draw_curves
from musedaemon_training.loop import Training
from musedaemon_training.model import Sizes
from musedaemon_training.plan import Budget, Plan, rows_for

SMALL = ("--hidden", "16", "--layers", "1", "--device", "cpu")
TINY = Path(__file__).parents[1] / "assets" / "tiny.onnx"


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan, "STEPS", 32)


def train(*arguments: str | Path) -> int:
    return main.main([str(argument) for argument in arguments])


def metrics(run: Path, kind: str) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    return [line for line in lines if line["kind"] == kind]


def test_patience_ends_a_run_that_gets_no_better(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    scores = iter([3.0, 2.0, 2.5, 2.5, 9.0])

    def scored(training: object) -> dict[str, float]:
        return dict.fromkeys(("shift", "pitch", "velocity", "duration", "sum", "total"), next(scores))

    # Each validation scores the weights and their average: (3.0, 2.0) is the best, (2.5, 2.5) the first without a gain.
    monkeypatch.setattr(Training, "_score", scored)
    monkeypatch.setattr("musedaemon_training.loop.VALIDATE_AFTER_EPOCH_S", 0.0)
    data, run = write_corpus(tmp_path / "data", 4), tmp_path / "run"
    assert train("--data", data, "--out", run, "--epochs", "99", "--patience", "1", *SMALL) == 0
    assert "stopped early" in capsys.readouterr().out
    assert [v["is_best"] for v in metrics(run, "validation")] == [True, False]
    assert checkpoint.load(run / "best").config.scores["total"] == 2.0
    assert metrics(run, "end")[0]["epoch"] < 9
    assert train("--resume", "--out", run) == 0
    *_, said = capsys.readouterr().out.splitlines()
    assert said.startswith(f"The run in {run} stopped early, as it got no better (")
    assert said.endswith("; to go on with it, give more --patience.")


@pytest.mark.parametrize("takes", [1, 2, 5])
def test_a_few_takes_make_a_model_personal(takes: int, tmp_path: Path) -> None:
    data, run = write_corpus(tmp_path / "takes", takes, notes=40), tmp_path / "run"
    assert train("--init", TINY, "--data", data, "--out", run, "--epochs", "30", "--device", "cpu") == 0
    first, *_, last = metrics(run, "validation")
    assert (first["step"], first["notes"]) == (0, 0), "the model as it came is scored too"
    assert last["step"] >= 5, "thirty times through a take is more than a step"
    best = checkpoint.load(run / "best").config
    assert best.scores["total"] <= first["bits"]["total"]
    assert max(line["rate"] for line in metrics(run, "training")) <= main.FINE_TUNING_RATE
    if takes == 1:
        assert last["bits"]["sum"] < first["bits"]["sum"]


def test_rows_suit_the_corpus() -> None:
    assert [rows_for(notes) for notes in (50, 3_000, 10**5, 10**7)] == [4, 11, 64, 64]


@pytest.mark.parametrize(("steps", "warm"), [(10, 1), (400, 40), (10_000, 100)])
def test_the_rate_rises_shortly_and_falls_to_a_hundredth(steps: int, warm: int) -> None:
    rates = [Plan(Sizes(8, 1), Budget(1, None), 0, 1.0, "").rate_at(step, step / steps) for step in range(steps + 1)]
    assert max(range(steps), key=lambda step: rates[step]) <= warm
    assert rates[-1] == pytest.approx(0.01)
    assert all(a >= b for a, b in zip(rates[warm:], rates[warm + 1 :], strict=False))


def test_a_rate_and_rows_can_be_given(tmp_path: Path) -> None:
    run = tmp_path / "run"
    data = write_corpus(tmp_path / "data", 6, notes=200)
    assert train("--data", data, "--out", run, "--epochs", "4", "--rate", "0.01", "--rows", "2", *SMALL) == 0
    assert 0.005 < max(line["rate"] for line in metrics(run, "training")) <= 0.01
    options = json.loads((run / "run.json").read_text())
    assert (options["rows"], options["rate"], options["copies"]) == (2, 0.01, "drop")


def test_a_run_of_before_there_was_a_choice_goes_on_as_it_was(tmp_path: Path) -> None:
    data, run = write_corpus(tmp_path / "data", 6, notes=100), tmp_path / "run"
    shutil.copy(data / "tune-00.mid", data / "copy.mid")
    arguments = ("--data", data, "--out", run, "--epochs", "1", "--rows", "64", "--copies", "keep")
    assert train(*arguments, *SMALL) == 0
    old = json.loads((run / "run.json").read_text())
    for name in ("copies", "rows", "rate", "patience"):
        del old[name]
    old["recipe"] = "python training/train.py"
    (run / "run.json").write_text(json.dumps(old))
    progress = json.loads((run / "last" / "progress.json").read_text())
    del progress["since_best"], progress["notes_an_epoch"], progress["validated_step"]
    (run / "last" / "progress.json").write_text(json.dumps(progress))
    assert train("--resume", "--out", run, "--epochs", "2") == 0
    now = json.loads((run / "run.json").read_text())
    assert (now["copies"], now["rows"]) == ("keep", 64)
    assert now["recipe"] == "python training/train.py --copies keep --epochs 2"
    assert metrics(run, "validation")[-1]["epoch"] >= 2


def test_a_run_resumed_on_other_data_begins_an_epoch(tmp_path: Path) -> None:
    run = tmp_path / "run"
    assert train("--data", write_corpus(tmp_path / "a", 9, notes=200), "--out", run, "--epochs", "1.5", *SMALL) == 0
    fewer = write_corpus(tmp_path / "b", 3, notes=50)
    assert train("--resume", "--out", run, "--data", fewer, "--epochs", "40") == 0
    assert json.loads((run / "last" / "progress.json").read_text())["position"]["epoch"] >= 2


@pytest.mark.parametrize("option", [("--rows", "9"), ("--rate", "0.5"), ("--copies", "keep"), ("--hidden", "17")])
def test_a_resumed_run_stays_the_same_run(
    option: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = tmp_path / "run"
    assert train("--data", write_corpus(tmp_path / "data", 3), "--out", run, "--epochs", "1", *SMALL) == 0
    assert train("--resume", "--out", run, *option) == 2
    error = capsys.readouterr().err
    assert "a resumed run keeps" in error.lower()
    assert error.count("\n") == 1


def test_without_matplotlib_there_is_a_note(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    assert draw_curves(tmp_path) == "No curves are drawn: matplotlib is not installed."


def test_without_tensorboard_there_is_no_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    assert boards.open_board(tmp_path) is None
    assert list(tmp_path.iterdir()) == []


class Writer:
    def __init__(self) -> None:
        self.scalars: list[tuple[str, float, int]] = []
        self.closed = False

    def add_scalar(self, name: str, value: float, at: int) -> None:
        self.scalars.append((name, value, at))

    def close(self) -> None:
        self.closed = True


def test_a_run_is_shown_in_tensorboard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    writer = Writer()
    monkeypatch.setattr(main, "open_board", lambda folder: boards.Board(writer))
    data, run = write_corpus(tmp_path / "data", 3), tmp_path / "run"
    assert train("--data", data, "--out", run, "--epochs", "2", *SMALL) == 0
    names = {name for name, _, _ in writer.scalars}
    assert {"training/bits/pitch", "training/rate", "training/notes_per_s", "validation/bits/sum"} <= names
    assert all(math.isfinite(value) and at > 0 for _, value, at in writer.scalars)
    assert writer.closed


def test_a_real_tensorboard_log(tmp_path: Path) -> None:
    pytest.importorskip("tensorboard")
    board = boards.open_board(tmp_path)
    assert board is not None
    board.add({"kind": "training", "notes": 5, "rate": 0.5, "bits": {"pitch": 3.0}})
    board.close()
    assert list((tmp_path / "tensorboard").glob("events*"))


def test_a_tune_alone_is_enough_for_a_new_model(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "one.mid").write_bytes(midi_bytes(tune(1, notes=16)))
    assert train("--data", tmp_path / "data", "--out", tmp_path / "run", "--epochs", "3", *SMALL) == 0
