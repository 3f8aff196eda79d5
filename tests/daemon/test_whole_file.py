from __future__ import annotations

import errno
import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from musedaemon.whole_file import UnfitTargetError, advice, check_writable, whole_file, write_whole


@contextmanager
def file_size_limit(size: int) -> Iterator[None]:
    """As on a full disk: no file of this process grows larger."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_file_is_replaced_and_nothing_else_is_left(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"old")
    write_whole(path, b"new")
    assert path.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [path]


def test_on_a_full_disk_the_old_file_stays(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"old")
    with file_size_limit(1000), pytest.raises(OSError, match="File too large"):
        write_whole(path, bytes(1001))
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("error", "todo"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "free some space there"),
        (OSError(errno.EDQUOT, "Disk quota exceeded"), "free some space there"),
        (PermissionError(errno.EACCES, "Permission denied"), "name another"),
        (UnfitTargetError("it is a folder", "name a file in it"), "name a file in it"),
        (ValueError("embedded null byte"), "name another"),
    ],
)
def test_what_to_do_fits_the_reason(error: OSError | ValueError, todo: str) -> None:
    assert advice(error, "name another") == todo


def test_whatever_fails_in_the_block_the_old_file_stays(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"old")
    with suppress(KeyboardInterrupt), whole_file(path) as part:
        part.write_bytes(b"half")
        raise KeyboardInterrupt
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_the_part_is_new_and_beside(tmp_path: Path) -> None:
    with whole_file(tmp_path / "a") as part:
        assert part.parent == tmp_path
        assert part.stat().st_size == 0
        with whole_file(tmp_path / "a") as other:
            assert other != part


def test_a_link_laid_meanwhile_is_replaced_and_not_followed(tmp_path: Path) -> None:
    path, precious = tmp_path / "a", tmp_path / "precious"
    precious.write_bytes(b"precious")
    with whole_file(path) as part:
        part.write_bytes(b"new")
        path.symlink_to(precious)
    assert (path.read_bytes(), path.is_symlink(), precious.read_bytes()) == (b"new", False, b"precious")


def test_a_target_that_cannot_be_says_why_and_what_to_do(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to(tmp_path / "nothing")
    for name, reason in {
        "pipe": "no regular file",
        "link": "a link to another file",
        ".": "a folder",
        "no/a": "no folder",
        "pipe/a": "no folder",
    }.items():
        with pytest.raises(UnfitTargetError, match=reason) as caught:
            check_writable(tmp_path / name)
        assert caught.value.advice
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link", "pipe"]
