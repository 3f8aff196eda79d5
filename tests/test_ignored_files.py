"""What the commands of the README and docs/training.md write into a clone is not told of by git."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

pytestmark = pytest.mark.skipif(
    shutil.which("git") is None or not (ROOT / ".git").exists(), reason="the sources are no clone"
)


def git(*arguments: str) -> list[str]:
    done = subprocess.run(["git", "-C", str(ROOT), *arguments], capture_output=True, text=True, check=False)
    assert done.returncode in (0, 1), done.stderr
    return done.stdout.splitlines()


def test_what_the_commands_write_is_ignored() -> None:
    """jam.mid and mine.onnx stood among the files to commit."""
    written = ["jam.mid", "mine.onnx", "takes.onnx", "takes/2026-11-20_22-31-05.mid", "runs/mine/run.json", ".venv/a"]
    assert git("check-ignore", *written) == written


def test_no_file_of_the_repository_is_hidden() -> None:
    assert git("ls-files", "--cached", "--ignored", "--exclude-standard") == []
    assert git("check-ignore", "examples/jam.mid", "tests/assets/mine.onnx", "training/takes/a.py") == []
