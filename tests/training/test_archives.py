"""Compressed scores that would unpack to anything."""

from __future__ import annotations

import io
import struct
import zipfile
from pathlib import Path

import pytest

from musedaemon_training.archives import MOST_MEMBERS, refuse_bomb
from musedaemon_training.pieces import Reason, UnreadableError
from musedaemon_training.reading import MOST_SCORE_BYTES, read_pieces

ROOM = 1_000_000


def archive(*sizes: int, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Of one file of zeros for each size."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", method) as zipped:
        for number, size in enumerate(sizes):
            zipped.writestr(f"{number}.xml", bytes(size))
    return packed.getvalue()


def refusal(data: bytes) -> UnreadableError:
    with pytest.raises(UnreadableError) as caught:
        refuse_bomb(data, ROOM)
    return caught.value


def test_what_fits_is_let_pass() -> None:
    refuse_bomb(archive(ROOM // 2, ROOM // 2), ROOM)
    refuse_bomb(archive(100, method=zipfile.ZIP_STORED), ROOM)


def test_the_sizes_of_all_files_count_together() -> None:
    error = refusal(archive(ROOM // 2, ROOM // 2, 1_000_000))
    assert (error.reason, str(error)) == (Reason.LARGE, "is an archive that unpacks to 2 MB")


def test_many_files_are_refused_by_what_the_archive_says_of_itself() -> None:
    refuse_bomb(archive(*[1] * MOST_MEMBERS), ROOM)
    error = refusal(archive(*[1] * (MOST_MEMBERS + 1)))
    assert (error.reason, str(error)) == (Reason.LARGE, "is an archive of more than 100 files")


def test_many_files_are_counted_where_it_lies() -> None:
    data = bytearray(archive(*[1] * 150))
    struct.pack_into("<HH", data, data.rfind(b"PK\x05\x06") + 8, 1, 1)
    assert refusal(bytes(data)).reason is Reason.LARGE


def test_a_long_directory_is_not_read() -> None:
    data = bytearray(archive(1))
    struct.pack_into("<I", data, data.rfind(b"PK\x05\x06") + 12, 2_000_000_000)
    assert refusal(bytes(data)).reason is Reason.LARGE


def test_an_archive_that_counts_in_64_bits_is_refused() -> None:
    data = archive(1)
    end = data.rfind(b"PK\x05\x06")
    assert refusal(data[:end] + b"PK\x06\x07" + bytes(16) + data[end:]).reason is Reason.LARGE


@pytest.mark.parametrize("method", [zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2])
def test_other_ways_of_packing_are_refused(method: int) -> None:
    assert str(refusal(archive(100, method=method))) == "is an archive packed as no score is"


def test_what_is_no_archive_is_the_readers_to_judge() -> None:
    refuse_bomb(b"PK no archive", ROOM)
    refuse_bomb(b"PK\x05\x06", ROOM)
    refuse_bomb(b"", ROOM)


def test_a_bomb_is_left_out_before_anything_of_it_is_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unpack(archive: zipfile.ZipFile, member: str) -> None:
        raise AssertionError(f"{member} was opened")

    path = tmp_path / "bomb.mxl"
    path.write_bytes(archive(20 * MOST_SCORE_BYTES))
    assert path.stat().st_size < MOST_SCORE_BYTES / 40
    monkeypatch.setattr(zipfile.ZipFile, "open", unpack)
    (found,) = read_pieces(path)
    assert isinstance(found, UnreadableError)
    assert (found.reason, str(found)) == (Reason.LARGE, "is an archive that unpacks to 320 MB")


def test_a_score_that_is_larger_than_any_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "long.musicxml"
    path.write_bytes(b" " * (MOST_SCORE_BYTES + 1))
    (found,) = read_pieces(path)
    assert isinstance(found, UnreadableError)
    assert str(found) == "cannot be opened (it is larger than 16 MB)"
