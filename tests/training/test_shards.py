from __future__ import annotations

import os
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import pytest
from support.music_files import midi_bytes, tune, write_corpus

from musedaemon.errors import TrainingError
from musedaemon_training import shards
from musedaemon_training.corpus import find_files
from musedaemon_training.reading import Piece, read_pieces
from musedaemon_training.shards import open_library


def test_pieces_come_back_as_they_were_read(tmp_path: Path) -> None:
    data = write_corpus(tmp_path / "data", 3)
    (data / "broken.mid").write_bytes(b"nothing")
    library = open_library(find_files([data]), tmp_path / "cache")
    assert library.names == ["tune-00.mid", "tune-01.mid", "tune-02.mid"]
    assert [s.name for s in library.skipped] == ["broken.mid"]
    (direct,) = read_pieces(data / "tune-01.mid")
    assert isinstance(direct, Piece)
    assert library.notes(1).tolist() == direct.notes.tolist()
    assert library.length(1) == 64


def test_a_second_opening_reads_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = find_files([write_corpus(tmp_path / "data", 2)])
    first = open_library(files, tmp_path / "cache")

    def never(*arguments: object) -> None:
        raise AssertionError("the cache was not used")

    monkeypatch.setattr(shards, "_pool", never)
    assert open_library(files, tmp_path / "cache").names == first.names


def test_a_changed_file_is_read_again_and_the_old_cache_goes(tmp_path: Path) -> None:
    data = write_corpus(tmp_path / "data", 2)
    open_library(find_files([data]), tmp_path / "cache")
    (data / "tune-00.mid").write_bytes(midi_bytes(tune(5, notes=40)))
    os.utime(data / "tune-00.mid", ns=(1, 1))
    assert open_library(find_files([data]), tmp_path / "cache").length(0) == 40
    assert len(list((tmp_path / "cache").glob("*/*"))) == 1


def test_a_cut_reading_goes_on_where_it_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shards, "FILES_A_SHARD", 1)
    files = find_files([write_corpus(tmp_path / "data", 3)])
    whole = open_library(files, tmp_path / "cache")
    index = next((tmp_path / "cache").glob("*/*/00001.json"))
    kept = index.with_name("00000.json").stat().st_mtime_ns
    index.unlink()
    again = open_library(files, tmp_path / "cache")
    assert again.names == whole.names
    assert index.with_name("00000.json").stat().st_mtime_ns == kept


def test_files_that_crash_the_reader_are_skipped_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = find_files([write_corpus(tmp_path / "data", 2)])

    class Crash:
        def submit(self, *arguments: object) -> None:
            raise BrokenProcessPool

        def __enter__(self) -> Crash:
            return self

        def __exit__(self, *error: object) -> None:
            return None

    monkeypatch.setattr(shards, "_pool", lambda workers: Crash())
    found = list(shards._read_one_by_one(files))
    assert found == [("tune-00.mid", "crashes the reader"), ("tune-01.mid", "crashes the reader")]


def test_nothing_readable_is_an_error_that_says_why(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    (data / "broken.mid").write_bytes(b"nothing")
    with pytest.raises(TrainingError, match=r"None of the 1 files can be trained on: broken\.mid is broken"):
        open_library(find_files([data]), tmp_path / "cache")
