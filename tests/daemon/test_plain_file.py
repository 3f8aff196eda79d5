from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from musedaemon.plain_file import UnfitFileError, read_plain


def reason(path: Path, most_bytes: int = 100) -> str:
    try:
        read_plain(path, most_bytes)
    except OSError as error:
        return str(error.strerror)
    pytest.fail(f"{path} was read")


def test_a_file_is_read_whole_also_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"12345")
    (tmp_path / "link").symlink_to(tmp_path / "a")
    assert read_plain(tmp_path / "a", 5) == b"12345"
    assert read_plain(tmp_path / "link", 5) == b"12345"


def test_a_larger_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"12345")
    assert reason(tmp_path / "a", 4) == "it is larger than 4 bytes"
    with (tmp_path / "a").open("r+b") as stream:
        stream.truncate(3_000_000)
    assert reason(tmp_path / "a", 2_000_000) == "it is larger than 2 MB"


def test_what_is_no_file_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")  # nobody writes: reading it would never end
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "socket"))
        assert reason(tmp_path / "socket") == "it is no regular file"
    assert reason(tmp_path / "pipe") == "it is no regular file"
    assert reason(tmp_path) == "it is a folder"
    assert reason(Path("/dev/zero")) == "it is no regular file"


def test_what_is_not_there_or_cannot_be_is_refused(tmp_path: Path) -> None:
    assert reason(tmp_path / "nothing") == "No such file or directory"
    (tmp_path / "round").symlink_to(tmp_path / "round")
    assert "symbolic links" in reason(tmp_path / "round")
    with pytest.raises(UnfitFileError, match="no file can have such a name"):
        read_plain(tmp_path / "a\0b", 1)
