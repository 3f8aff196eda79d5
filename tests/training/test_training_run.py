from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import matplotlib
import platformdirs
import pytest
import torch
from safetensors.torch import load_file
from support.music_files import write_corpus

from musedaemon_training import checkpoint, loop, main, plan, preparing
from musedaemon_training.model import Sizes

TRAIN = Path(__file__).parents[2] / "training" / "train.py"
SMALL = ("--hidden", "16", "--layers", "1", "--device", "cpu", "--copies", "keep")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = write_corpus(tmp_path_factory.mktemp("corpus") / "data", 12, notes=200)
    (folder / "broken.mid").write_bytes(b"nothing")
    return folder


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = tmp_path_factory.getbasetemp() / "cache"
    monkeypatch.setattr(platformdirs, "user_cache_path", lambda name: cache / name)


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan, "STEPS", 32)


def train(*arguments: str | Path) -> int:
    return main.main([str(argument) for argument in (*arguments, *SMALL)])


def metrics(run: Path, kind: str) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    return [line for line in lines if line["kind"] == kind]


def weights(folder: Path) -> dict[str, torch.Tensor]:
    return load_file(folder / "model.safetensors")


@pytest.mark.usefixtures("small_batches")
def test_a_run_learns_and_leaves_all_that_the_next_step_needs(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = tmp_path / "run"
    assert train("--data", data, "--out", run, "--epochs", "12") == 0
    said = capsys.readouterr().out
    assert "skipped: broken.mid is broken (" in said
    assert "pieces: 13 found, 12 kept; dropped: 1 broken" in said
    assert "Done. The best checkpoint is" in said
    told = metrics(run, "training")
    assert told[-1]["bits"]["sum"] < 0.6 * told[0]["bits"]["sum"]
    assert {"step", "notes", "seconds", "epoch", "rate", "notes_per_s", "waiting", "bits"} <= told[-1].keys()
    best = checkpoint.load(run / "best")
    assert best.config.scores["total"] == min(v["bits"]["total"] for v in metrics(run, "validation"))
    assert best.config.recipe.startswith("python training/train.py --data")
    assert sorted(path.name for path in (run / "best").iterdir()) == ["config.json", "model.safetensors"]
    assert not list(run.rglob("*.part"))
    (end,) = metrics(run, "end")
    assert end["notes_per_s"] > 0
    assert 0 <= end["waiting"] <= 1
    assert "of the time waiting for data" in said
    assert told[-1]["step"] == end["step"], "nothing of the last steps is lost"
    assert (run / "curves.png").read_bytes().startswith(b"\x89PNG")


def stop_after(steps: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The run is interrupted, as by Ctrl-C, once so many steps are done."""
    learn = loop.Training.learn
    done = 0

    def counted(training: loop.Training, batch: Any) -> Any:
        nonlocal done
        tally = learn(training, batch)
        done += 1
        if done == steps:
            os.kill(os.getpid(), signal.SIGINT)
        return tally

    monkeypatch.setattr(loop.Training, "learn", counted)


@pytest.mark.usefixtures("small_batches")
def test_a_resumed_run_ends_as_one_that_was_never_cut(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    assert train("--data", data, "--out", whole, "--epochs", "6") == 0
    with pytest.MonkeyPatch.context() as patch:
        stop_after(37, patch)
        assert train("--data", data, "--out", cut, "--epochs", "6") == preparing.INTERRUPTED
    assert f"Go on with: python training/train.py --resume --out {cut}" in capsys.readouterr().out
    assert json.loads((cut / "last" / "progress.json").read_text())["step"] == 37
    assert train("--resume", "--out", cut) == 0
    assert weights(whole / "last").keys() == weights(cut / "last").keys()
    for name, tensor in weights(whole / "last").items():
        assert torch.equal(tensor, weights(cut / "last")[name]), name
    assert metrics(cut, "validation")[-1]["bits"] == metrics(whole, "validation")[-1]["bits"]


def scores(total: float) -> dict[str, float]:
    """Of a validation in which shift, pitch and duration are the better, the worse the total is."""
    return {"shift": 1.0, "pitch": 2.0, "duration": 5.0 - total, "velocity": 9.0, "sum": 8.0 - total, "total": total}


@pytest.mark.usefixtures("small_batches")
def test_what_the_best_is_chosen_by_is_told(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sum was, without velocity, and an epoch with a smaller one was not the best."""
    init = Path(__file__).parents[1] / "assets" / "tiny.onnx"
    # Before the first step and after the last one, each for the weights and for their average.
    scored = iter([scores(4.0), scores(4.0), scores(4.1), scores(4.2)])
    monkeypatch.setattr(loop.Training, "_score", lambda training: next(scored))
    monkeypatch.setattr(loop.Training, "_validation_is_due", lambda training: False)
    assert main.main(["--data", str(data), "--out", str(tmp_path / "run"), "--epochs", "1", "--init", str(init)]) == 0
    said = capsys.readouterr().out
    told = [line for line in said.splitlines() if line.startswith("validation")]
    assert [line.split("| ", 1)[1] for line in told] == ["sum 4.000 | total 4.0000 (best)", "sum 3.900 | total 4.1000"]
    assert "best (shift 1.00 pitch 2.00 duration 1.00 velocity 9.00 | sum 4.000 | total 4.0000 bits a note)" in said


@pytest.mark.usefixtures("small_batches")
def test_resuming_a_complete_run_says_so_and_changes_nothing(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It said 0 notes/s, and Done."""
    run = tmp_path / "run"
    assert train("--data", data, "--out", run, "--epochs", "1") == 0
    before = {path: path.read_bytes() for path in run.rglob("*") if path.is_file()}
    capsys.readouterr()
    assert train("--resume", "--out", run) == 0
    *_, said = capsys.readouterr().out.splitlines()
    assert said.startswith(f"The run in {run} is complete after 1.")
    assert said.endswith("; to go on with it, give more --epochs or --minutes.")
    assert {path: path.read_bytes() for path in run.rglob("*") if path.is_file()} == before
    assert train("--resume", "--out", run, "--epochs", "2") == 0
    assert metrics(run, "validation")[-1]["epoch"] >= 2


@pytest.mark.usefixtures("small_batches")
def test_a_run_given_less_than_it_has_done_is_validated_where_it_stands(data: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loop.Training, "_validation_is_due", lambda training: False)
        stop_after(37, patch)
        assert train("--data", data, "--out", run, "--epochs", "6") == preparing.INTERRUPTED
    assert metrics(run, "validation") == []
    assert train("--resume", "--out", run, "--epochs", "1") == 0
    assert [line["step"] for line in metrics(run, "validation")] == [37]
    assert (run / "best").is_dir()


@pytest.mark.usefixtures("small_batches")
def test_one_seed_means_one_curve(data: Path, tmp_path: Path) -> None:
    for name, seed in (("a", "3"), ("b", "3"), ("c", "4")):
        assert train("--data", data, "--out", tmp_path / name, "--epochs", "1", "--seed", seed) == 0
    a, b, c = (metrics(tmp_path / name, "validation")[-1]["bits"] for name in "abc")
    assert a == b != c


@pytest.mark.usefixtures("small_batches")
def test_fine_tuning_starts_where_the_other_model_ended(data: Path, tmp_path: Path) -> None:
    assert train("--data", data, "--out", tmp_path / "first", "--epochs", "12") == 0
    best = tmp_path / "first" / "best"
    assert train("--data", data, "--out", tmp_path / "second", "--epochs", "1", "--init", best) == 0
    before = checkpoint.load(best).config.scores["total"]
    assert checkpoint.load(tmp_path / "second" / "best").config.scores["total"] < before * 1.1


@pytest.mark.usefixtures("small_batches")
def test_a_run_that_died_before_it_saved_can_only_start_again(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = tmp_path / "run"
    assert train("--data", data, "--out", run, "--epochs", "1") == 0
    shutil.rmtree(run / "last")
    assert train("--resume", "--out", run) == 2
    assert "stopped before it saved anything" in capsys.readouterr().err
    assert train("--data", data, "--out", run, "--epochs", "1") == 0
    assert len(metrics(run, "validation")) == 1


@pytest.mark.usefixtures("small_batches")
def test_a_model_file_is_a_start_too_and_gives_its_size(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tiny = Path(__file__).parents[1] / "assets" / "tiny.onnx"
    run = tmp_path / "run"
    assert main.main(["--data", str(data), "--out", str(run), "--epochs", "1", "--init", str(tiny)]) == 0
    assert "1x16, " in capsys.readouterr().out
    assert checkpoint.load(run / "best").config.sizes == Sizes(16, 1)
    assert main.main(["--resume", "--out", str(run), "--epochs", "2"]) == 0
    assert metrics(run, "validation")[-1]["epoch"] >= 2
    assert json.loads((run / "run.json").read_text())["recipe"].endswith("tiny.onnx --epochs 2")


@pytest.mark.usefixtures("small_batches")
def test_minutes_count_all_training_even_across_a_resume(data: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    with pytest.MonkeyPatch.context() as patch:
        stop_after(5, patch)
        assert train("--data", data, "--out", run, "--minutes", "0.05") == preparing.INTERRUPTED
    began = time.monotonic()
    spent = json.loads((run / "last" / "progress.json").read_text())["seconds"]
    assert train("--resume", "--out", run) == 0
    end = json.loads((run / "last" / "progress.json").read_text())["seconds"]
    assert end >= 3.0
    assert spent + (time.monotonic() - began) >= end


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--data", "nowhere"), "is not a folder"),
        (("--resume", "--out", "nowhere"), "There is no run to resume in nowhere"),
        (("--resume",), "There is no run in runs"),
        (("--init", "nowhere"), "nowhere is not a checkpoint"),
        (("--init", "nowhere.onnx"), "nowhere.onnx cannot be opened"),
    ],
)
def test_a_mistake_is_one_sentence_and_status_2(
    arguments: tuple[str, ...],
    message: str,
    data: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    if "--data" not in arguments and "--resume" not in arguments:
        arguments = (*arguments, "--data", str(data))
    assert train(*arguments) == 2
    error = capsys.readouterr().err
    assert message in error
    assert "Traceback" not in error
    assert error.count("\n") == 1


@pytest.mark.usefixtures("small_batches")
def test_a_run_is_never_overwritten(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert train("--data", data, "--out", tmp_path / "run", "--epochs", "1") == 0
    assert train("--data", data, "--out", tmp_path / "run", "--epochs", "1") == 2
    assert "add --resume" in capsys.readouterr().err


def test_as_a_command_it_stops_at_ctrl_c_saved(data: Path, tmp_path: Path) -> None:
    command = [
        sys.executable,
        str(TRAIN),
        "--data",
        str(data),
        "--out",
        str(tmp_path / "run"),
        "--epochs",
        "9999",
        *SMALL,
    ]
    fonts = {"MPLCONFIGDIR": matplotlib.get_cachedir()}
    environment = {**os.environ, **fonts, "XDG_CACHE_HOME": str(tmp_path / "cache")}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    ) as process:
        assert process.stdout is not None
        while "notes/s" not in (line := process.stdout.readline()):
            assert line, process.stderr.read() if process.stderr else ""
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert process.returncode == preparing.INTERRUPTED, err
    assert "Go on with: python training/train.py --resume" in out
    assert checkpoint.load(tmp_path / "run" / "last").config.notes > 0


def test_a_run_that_cannot_be_written_down_ends_with_one_sentence(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = tmp_path / "run"
    (run / "metrics.jsonl").mkdir(parents=True)
    assert train("--data", data, "--out", run, "--epochs", "1") == 2
    assert capsys.readouterr().err == (
        f"train.py: The run in {run} cannot be written (Is a directory); mend that, and go on with --resume.\n"
    )
