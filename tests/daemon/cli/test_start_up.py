"""What a start costs: `--help` answers at once because nothing heavy is imported until it is needed."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

HEAVY = ["numpy", "onnxruntime", "mido", "rtmidi", "torch", "onnx", "symusic"]
TRAINING_ONLY = ["torch", "onnx", "symusic", "musedaemon_training", "musedaemon_export"]


def run(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([sys.executable, *arguments], capture_output=True, text=True, timeout=60, check=False)


def loaded(imports: str, names: list[str]) -> list[str]:
    """Which of `names` a fresh Python has loaded after running `imports`."""
    done = run("-c", f"import json, sys\n{imports}\nprint(json.dumps([n for n in {names} if n in sys.modules]))")
    assert done.returncode == 0, done.stderr
    found: list[str] = json.loads(done.stdout)
    return found


def test_the_command_line_loads_no_library() -> None:
    assert loaded("import musedaemon.cli.main, musedaemon.__main__", HEAVY) == []


def test_ctrl_c_while_the_command_is_imported_is_quiet() -> None:
    begun = "import sys, musedaemon.cli.start as it; assert 'musedaemon.cli.main' not in sys.modules"
    interrupted = "sys.meta_path.insert(0, Finder())"
    finder = "class Finder:\n    def find_spec(self, name, path, target=None):\n        raise KeyboardInterrupt\n"
    done = run("-c", f"{finder}{begun}\n{interrupted}\nsys.exit(it.start())")
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals")
@pytest.mark.parametrize("name", ["SIGUSR1", "SIGUSR2"])
def test_a_wish_that_comes_while_the_command_is_imported_does_not_end_it(name: str) -> None:
    asks = f"os.kill(os.getpid(), signal.{name})"
    finder = f"class Finder:\n    def find_spec(self, name, path, target=None):\n        {asks}\n"
    begun = "import os, signal, sys, musedaemon.cli.start as it\nsys.meta_path.insert(0, Finder())"
    done = run("-c", f"{finder}{begun}\nsys.argv = ['musedaemon', '--bpm', '1000']\nsys.exit(it.start())")
    assert done.returncode == 2, done.stderr


def test_reading_settings_loads_no_library() -> None:
    read = "from musedaemon.cli import main\nmain.settings(None, main.overrides(main.parse(['--bpm', '96'], [])))"
    assert loaded(read, HEAVY) == []


def test_the_whole_of_musedaemon_loads_nothing_of_training_or_export() -> None:
    everything = (
        "import importlib, pkgutil, musedaemon\n"
        "for found in pkgutil.walk_packages(musedaemon.__path__, 'musedaemon.'):\n"
        "    importlib.import_module(found.name)\n"
        "assert 'musedaemon.encoding' in sys.modules and 'numpy' in sys.modules"
    )
    assert loaded(everything, TRAINING_ONLY) == []


def test_help_answers_in_under_half_a_second() -> None:
    def seconds() -> float:
        started = time.perf_counter()
        assert run("-m", "musedaemon", "--help").returncode == 0
        return time.perf_counter() - started

    assert min(seconds() for _ in range(5)) < 0.5  # the best of five: other programs share the machine


def test_a_wrong_option_is_one_sentence_and_no_traceback() -> None:
    done = run("-m", "musedaemon", "--bpm", "1000")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "musedaemon: --bpm: 1000 is out of range: it must be 20 to 300, or 0 to find it in the playing.\n"
    )


@pytest.mark.skipif(os.name == "nt", reason="pipes close otherwise on Windows")
def test_a_closed_pipe_is_quiet(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with (tmp_path / "err").open("w+") as err, os.fdopen(writing, "w") as out:
        done = subprocess.run(
            [sys.executable, "-m", "musedaemon", "--help"], stdout=out, stderr=err, timeout=60, check=False
        )
        err.seek(0)
        assert (done.returncode, err.read()) == (0, "")
