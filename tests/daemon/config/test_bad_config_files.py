"""Configuration files that are something else: refused in one sentence, at once."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from musedaemon.config.loading import load
from musedaemon.errors import ConfigError


def refusal(path: Path) -> str:
    with pytest.raises(ConfigError) as caught:
        load(path)
    assert str(caught.value).startswith(f"{path}: ")
    return str(caught.value).removeprefix(f"{path}: ")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ("[model]\nseed = 1\n".encode("utf-16"), "line 1 is not UTF-8 text; save the file as UTF-8."),
        (b"[model]\n# caf\xe9\n", "line 2 is not UTF-8 text; save the file as UTF-8."),
        (b"[model]\nseed = = 1\n", "line 2 is not TOML: Invalid value."),
        (b"\x00" * 100, "line 1 is not TOML: Invalid statement."),
        (b"[" * 100_000, "line 1 is not TOML"),
        (b"a = " + b"[" * 100_000, "is not a configuration file; see config.toml of musedaemon."),
        (b"[model]\nseed = " + b"9" * 100_000, "is not a configuration file; see config.toml of musedaemon."),
        (b"MThd\0\0\0\6", "is not TOML"),
    ],
)
def test_what_is_no_toml_is_refused(tmp_path: Path, data: bytes, reason: str) -> None:
    (tmp_path / "a.toml").write_bytes(data)
    assert reason in refusal(tmp_path / "a.toml")


def test_a_byte_order_mark_is_fine(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_bytes(b"\xef\xbb\xbf[model]\nseed = 5\n")
    assert load(tmp_path / "a.toml").model.seed == 5


def test_what_is_no_file_or_a_huge_one_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.toml")
    (tmp_path / "huge.toml").touch()
    os.truncate(tmp_path / "huge.toml", 100_000_000)
    for path, reason in {
        tmp_path: "it is a folder",
        tmp_path / "pipe.toml": "it is no regular file",
        Path("/dev/zero"): "it is no regular file",
        tmp_path / "huge.toml": "it is larger than 1 MB",
    }.items():
        assert refusal(path) == f"cannot be read ({reason}); give another file with --config."


def test_all_that_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    wrong = "[model]\nsed = 1\nseed = 'x'\ntemperature = []\ntop_p = 1979-05-27\n[prots]\n[turns]\nmode = 3\n"
    (tmp_path / "a.toml").write_text(wrong)
    told = refusal(tmp_path / "a.toml").splitlines()
    assert len(told) == 6
    assert "Did you mean seed?" in told[0]
    assert any("Did you mean ports?" in line for line in told)
