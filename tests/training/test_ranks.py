"""Several processes, as `torchrun` starts them, give the curve of one."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import matplotlib
import pytest
from safetensors.torch import load_file
from support.jack_bench import wait_until
from support.music_files import write_corpus
from support.own_python import run_python
from support.take_daemon import children

from musedaemon.errors import TrainingError
from musedaemon_training import main
from musedaemon_training.ranks import Ranks

TRAIN = Path(__file__).parents[2] / "training" / "train.py"
SMALL = ("--hidden", "16", "--layers", "2", "--device", "cpu", "--rows", "5")


def free_port() -> int:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        port: int = bound.getsockname()[1]
        return port


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MPLCONFIGDIR", matplotlib.get_cachedir())
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def train(*arguments: str | Path) -> None:
    assert main.main([str(argument) for argument in arguments]) == 0


def in_two(*arguments: str | Path) -> list[str]:
    """The command of a training by two processes."""
    start = ["-m", "torch.distributed.run", "--nproc-per-node", "2"]
    start += ["--master-addr", "127.0.0.1", "--master-port", str(free_port())]
    return [sys.executable, *start, str(TRAIN), *map(str, arguments)]


def train_in_two(*arguments: str | Path) -> str:
    done = subprocess.run(in_two(*arguments), capture_output=True, text=True, timeout=110, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def metrics(run: Path, kind: str) -> list[dict[str, Any]]:
    path = run / "metrics.jsonl"
    whole, _, _ = path.read_text().rpartition("\n") if path.exists() else ("", "", "")  # one may just be written
    lines = [json.loads(line) for line in whole.splitlines()]
    return [line for line in lines if line["kind"] == kind]


@pytest.mark.skipif(sys.platform == "win32", reason="torchrun and gloo: Linux and macOS")
def test_two_processes_give_the_curve_of_one_and_take_over_its_run(tmp_path: Path) -> None:
    data, one, two = write_corpus(tmp_path / "data", 8, notes=300), tmp_path / "one", tmp_path / "two"
    train("--data", data, "--out", one, "--epochs", "12", *SMALL)
    assert train_in_two("--data", data, "--out", two, "--epochs", "12", *SMALL).count("Done.") == 1
    curves = [[line["bits"]["total"] for line in metrics(run, "training")] for run in (one, two)]
    assert len(curves[0]) >= 3
    assert curves[0] == pytest.approx(curves[1], rel=1e-4)
    assert curves[0][-1] < 0.9 * curves[0][0]
    assert metrics(one, "validation")[-1]["bits"] == pytest.approx(metrics(two, "validation")[-1]["bits"], rel=1e-4)
    assert metrics(one, "end")[0]["notes"] == metrics(two, "end")[0]["notes"]
    states = [load_file(run / "last" / "progress.safetensors")["memory.h"] for run in (one, two)]
    assert states[0].shape == (2, 5, 16)
    assert float((states[0] - states[1]).abs().max()) < 1e-2

    for run in (one, two):
        train("--resume", "--out", run, "--epochs", "15")
    ends = [metrics(run, "validation")[-1]["bits"]["total"] for run in (one, two)]
    assert ends[0] == pytest.approx(ends[1], rel=1e-3)


@pytest.mark.skipif(sys.platform == "win32", reason="torchrun and gloo: Linux and macOS")
@pytest.mark.parametrize("mistake", [["--data", "nowhere"], ["--data", "broken"]])
def test_a_mistake_that_the_first_process_finds_is_told_and_ends_all(tmp_path: Path, mistake: list[str]) -> None:
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "a.mid").write_bytes(b"nothing")
    done = subprocess.run(
        in_two(*mistake, "--out", "run", *SMALL), cwd=tmp_path, capture_output=True, text=True, timeout=110, check=False
    )
    ours, _, _ = done.stderr.partition("torch/distributed/elastic")  # torchrun tells in its own way that one has failed
    assert "train.py: " in ours
    assert mistake[1] in ours
    assert "Traceback" not in ours


@pytest.mark.skipif(sys.platform != "linux", reason="looks for the second process in /proc")
def test_a_signal_to_one_of_several_saves_and_draws_the_curves(tmp_path: Path) -> None:
    data, run = write_corpus(tmp_path / "data", 8, notes=300), tmp_path / "run"
    command = in_two("--data", data, "--out", run, "--epochs", "2000", *SMALL)
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as training:
        try:
            wait_until(lambda: bool(metrics(run, "training")), 60, lambda: "nothing is told of a training")
            (second,) = (
                pid for pid in children(training) if b"\0RANK=1\0" in Path(f"/proc/{pid}/environ").read_bytes()
            )
            os.kill(second, signal.SIGINT)
            told, err = training.communicate(timeout=60)
        finally:
            training.terminate()  # which ends the others with it
    assert "Stopped and saved after" in told, err
    assert "Curves: " in told
    assert (run / "curves.png").exists()


@pytest.mark.parametrize(
    ("world", "told"), [("1", "all is written\nthe interpreter ends\n"), ("2", "all is written\n")]
)
def test_one_of_several_ends_without_the_interpreters_own_way_out(
    world: str, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # There a thread of gloo's aborted one process in twenty on a busy machine.
    script = (
        "import atexit; from musedaemon_training.ranks import end_process;"
        " atexit.register(print, 'the interpreter ends'); print('all is written'); end_process(3)"
    )
    monkeypatch.setenv("WORLD_SIZE", world)
    done = run_python(script)
    assert (done.returncode, done.stdout, done.stderr) == (3, told, "")


def test_rows_are_shared_without_a_gap() -> None:
    shares = [Ranks(rank, 3).rows(8) for rank in range(3)]
    assert [list(share) for share in shares] == [[0, 1], [2, 3, 4], [5, 6, 7]]
    with pytest.raises(TrainingError, match="3 processes cannot share 2 rows"):
        Ranks(0, 3).rows(2)


def test_one_process_agrees_with_itself() -> None:
    assert Ranks().from_first(lambda: 5) == 5
    with Ranks().first_of_machine_before_others():
        pass
