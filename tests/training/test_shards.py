from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
from support import deadly_module
from support.deadly_reader import read_or_die
from support.music_files import midi_bytes, tune, write_corpus

from musedaemon.errors import TrainingError
from musedaemon_training import reading_pool, shards
from musedaemon_training.copies import select
from musedaemon_training.corpus import find_files
from musedaemon_training.corpus_report import report
from musedaemon_training.pieces import Reason
from musedaemon_training.reading import Piece, read_pieces
from musedaemon_training.reading_pool import Reader, fill_shards
from musedaemon_training.shard_files import ShardFiles, ShardWriter
from musedaemon_training.shards import open_library
from musedaemon_training.works import split, works_of


def never(*arguments: object) -> None:
    raise AssertionError("a file was read again")


def test_pieces_come_back_as_they_were_read(tmp_path: Path) -> None:
    data = write_corpus(tmp_path / "data", 3)
    (data / "broken.mid").write_bytes(b"nothing")
    library = open_library(find_files([data]), tmp_path / "cache")
    assert library.names == ["tune-00.mid", "tune-01.mid", "tune-02.mid"]
    assert [(s.name, s.kind) for s in library.skipped] == [("broken.mid", "broken")]
    (direct,) = read_pieces(data / "tune-01.mid")
    assert isinstance(direct, Piece)
    assert library.notes(1).tolist() == direct.notes.tolist()
    assert library.length(1) == 64


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere names are Unicode")
def test_a_name_in_another_encoding_is_a_name(tmp_path: Path) -> None:
    """Old archives are full of them; one ended the reading of all in a traceback."""
    data = write_corpus(tmp_path / "data", 3)
    (data / "tune-01.mid").rename(data / os.fsdecode(b"caf\xe9.mid"))
    library = open_library(find_files([data]), tmp_path / "cache")
    assert library.names == [os.fsdecode(b"caf\xe9.mid"), "tune-00.mid", "tune-02.mid"]
    training, validation = split(library, works_of(library))
    assert sorted([*training, *validation]) == [0, 1, 2]


def test_a_sharp_in_a_name_does_not_end_the_name(tmp_path: Path) -> None:
    """These counted as one file, and the baseline of an evaluation learned from what it was to be judged on."""
    data = write_corpus(tmp_path / "data", 2)
    (data / "tune-00.mid").rename(data / "Prelude in C# minor.mid")
    (data / "tune-01.mid").rename(data / "Prelude in C# major.mid")
    (data / "book.abc").write_text(
        "".join(f"X:{n}\nT:Jig in F#\nM:4/4\nL:1/8\nK:C\n{'CDEF GABc|' * 3}\n" for n in (1, 2))
    )
    library = open_library(find_files([data]), tmp_path / "cache")
    assert sorted(set(library.files)) == ["Prelude in C# major.mid", "Prelude in C# minor.mid", "book.abc"]
    values = report(library, select(library, "keep"), 3, 0)
    assert values["files"]["kept"] == 3


def test_a_file_that_vanishes_once_it_is_listed_is_left_out(tmp_path: Path) -> None:
    """It ended in a traceback."""
    data = write_corpus(tmp_path / "data", 3)
    files = find_files([data])
    kept = (data / "tune-01.mid").read_bytes()
    (data / "tune-01.mid").unlink()
    library = open_library(files, tmp_path / "cache")
    assert library.names == ["tune-00.mid", "tune-02.mid"]
    (skipped,) = library.skipped
    assert skipped == ("tune-01.mid", "cannot be opened (No such file or directory)", Reason.UNOPENED)
    (data / "tune-01.mid").write_bytes(kept)
    assert len(open_library(files, tmp_path / "cache")) == 3, "back again, it is read"


def test_a_part_of_a_library_is_the_same_pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shards, "FEWEST_FILES_A_SHARD", 2)
    library = open_library(find_files([write_corpus(tmp_path / "data", 5)]), tmp_path / "cache")
    part = library.only(np.array([1, 2, 4]))
    assert part.names == part.files == ["tune-01.mid", "tune-02.mid", "tune-04.mid"]
    assert [part.notes(i).tolist() for i in range(3)] == [library.notes(i).tolist() for i in (1, 2, 4)]
    whole = {
        (i, h) for owner, hashes in library.melodies() for i, h in zip(owner.tolist(), hashes.tolist(), strict=True)
    }
    some = {(i, h) for owner, hashes in part.melodies() for i, h in zip(owner.tolist(), hashes.tolist(), strict=True)}
    assert some == {(new, h) for new, old in enumerate((1, 2, 4)) for i, h in whole if i == old}
    assert some


def test_a_second_opening_reads_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = find_files([write_corpus(tmp_path / "data", 2)])
    first = open_library(files, tmp_path / "cache")
    monkeypatch.setattr(reading_pool, "_pool", never)
    assert open_library(files, tmp_path / "cache").names == first.names


def test_a_changed_file_is_read_again_and_the_old_cache_goes(tmp_path: Path) -> None:
    data = write_corpus(tmp_path / "data", 2)
    open_library(find_files([data]), tmp_path / "cache")
    (data / "tune-00.mid").write_bytes(midi_bytes(tune(5, notes=40)))
    os.utime(data / "tune-00.mid", ns=(1, 1))
    assert open_library(find_files([data]), tmp_path / "cache").length(0) == 40
    assert len(list((tmp_path / "cache").glob("*/*"))) == 1


def test_files_are_told_as_they_are_read(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    files = find_files([write_corpus(tmp_path / "data", 4)])
    open_library(files, tmp_path / "cache", lambda done, total: told.append((done, total)))
    assert told[-1] == (4, 4)


@pytest.mark.parametrize("lost", ["a file", "half a line", "notes", "everything"])
def test_a_cut_reading_goes_on_where_it_stopped(lost: str, tmp_path: Path) -> None:
    files = find_files([write_corpus(tmp_path / "data", 4)])
    whole = open_library(files, tmp_path / "cache")
    expected = [whole.notes(i).tolist() for i in range(4)]
    shard = ShardFiles.of(whole.folder, 0)
    lines = shard.journal.read_bytes().splitlines(keepends=True)
    if lost == "notes":
        os.truncate(shard.notes, shard.notes.stat().st_size - 1)
    elif lost == "everything":
        shutil.rmtree(whole.folder)
    else:
        kept = lines[:-1] if lost == "a file" else [*lines[:-1], lines[-1][:20]]
        shard.journal.write_bytes(b"".join(kept))
    again = open_library(files, tmp_path / "cache")
    assert [again.notes(i).tolist() for i in range(4)] == expected
    assert shard.journal.read_bytes().splitlines(keepends=True) == lines


def test_only_what_is_missing_is_read(tmp_path: Path) -> None:
    files = find_files([write_corpus(tmp_path / "data", 3)])
    shard = ShardFiles.of(tmp_path, 0)
    with ShardWriter(shard) as writer:
        writer.add(read_pieces(files[0].path))
        writer.add(read_pieces(files[1].path))
    files[0].path.unlink()
    files[1].path.unlink()
    told: list[int] = []
    fill_shards(tmp_path, [files], told.append)
    assert told[-1] == 1
    assert [entry.skipped for entry in shard.entries()] == [[], [], []]


def test_files_that_kill_or_stall_their_reader_cost_no_other(tmp_path: Path) -> None:
    data = write_corpus(tmp_path / "data", 5)
    for number, name in ((1, "dies.mid"), (3, "stalls.mid")):
        (data / f"tune-0{number}.mid").rename(data / name)
    files = find_files([data])
    parts = [files[:3], files[3:]]
    fill_shards(tmp_path, parts, lambda done: None, Reader(read_or_die, longest_s=3.0))
    found = {
        file.name: entry.skipped or len(entry.pieces)
        for number, part in enumerate(parts)
        for file, entry in zip(part, ShardFiles.of(tmp_path, number).entries(), strict=True)
    }
    killed = [[Reason.CRASHES, "crashes or stalls the reader"]]
    assert found == {"dies.mid": killed, "stalls.mid": killed, "tune-00.mid": 1, "tune-02.mid": 1, "tune-04.mid": 1}


def test_processes_that_die_before_they_read_anything_end_it_with_one_sentence(tmp_path: Path) -> None:
    """They were started again and again, for ever."""
    files = find_files([write_corpus(tmp_path / "data", 2)])
    with pytest.raises(TrainingError, match="end at once"):
        fill_shards(tmp_path, [files], lambda done: None, Reader(deadly_module.read))


def test_an_interruption_stops_the_readers_and_keeps_what_was_read(tmp_path: Path) -> None:
    files = find_files([write_corpus(tmp_path / "data", 3)])

    def interrupt(done: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        open_library(files, tmp_path / "cache", lambda done, total: interrupt(done))
    assert len(open_library(files, tmp_path / "cache")) == 3


def test_nothing_readable_is_an_error_that_says_why(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    (data / "broken.mid").write_bytes(b"nothing")
    with pytest.raises(TrainingError, match=r"None of the 1 files can be trained on: broken\.mid is broken"):
        open_library(find_files([data]), tmp_path / "cache")
