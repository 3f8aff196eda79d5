from __future__ import annotations

from pathlib import Path

import pytest
from support.music_files import midi_bytes, random_melody

from musedaemon_training import sharing
from musedaemon_training.corpus import find_files
from musedaemon_training.melody import melody_hashes
from musedaemon_training.notes import Notes
from musedaemon_training.reading import Piece, read_pieces
from musedaemon_training.shards import Library, open_library
from musedaemon_training.works import split, works_of


def melody(seed: int, transposed: int = 0) -> bytes:
    return midi_bytes(random_melody(seed, transposed))


def notes_of(path: Path, data: bytes) -> Notes:
    path.write_bytes(data)
    (piece,) = read_pieces(path)
    assert isinstance(piece, Piece)
    return piece.notes


def library_of(folder: Path, files: dict[str, bytes]) -> Library:
    folder.mkdir()
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return open_library(find_files([folder]), folder.parent / "cache")


def test_a_transposed_melody_has_the_same_hashes(tmp_path: Path) -> None:
    a = melody_hashes(notes_of(tmp_path / "a.mid", melody(1)))
    b = melody_hashes(notes_of(tmp_path / "b.mid", melody(1, transposed=3)))
    c = melody_hashes(notes_of(tmp_path / "c.mid", melody(2)))
    assert len(a) > 10
    assert a.tolist() == b.tolist()
    assert not set(a.tolist()) & set(c.tolist())


@pytest.mark.parametrize("hashes_a_pass", [40, 1 << 21])
def test_shared_melody_is_found_in_one_pass_as_in_many(
    hashes_a_pass: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sharing, "HASHES_A_PASS", hashes_a_pass)
    files = {f"{seed}-{up}.mid": melody(seed, up) for seed in range(4) for up in range(seed)}
    library = library_of(tmp_path / "data", files)
    shared = sharing.shared_runs(library)
    own = library.pieces["runs"].tolist()
    found = [(int(a), int(b), int(n)) for a, b, n in zip(*shared, strict=True)]
    assert found == [(1, 2, own[1]), (3, 4, own[3]), (3, 5, own[3]), (4, 5, own[4])]


def test_stock_figures_say_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sharing, "COMMON_PIECES", 3)
    files = {f"{seed}-{up}.mid": melody(seed, up) for seed, copies in ((1, 3), (2, 4)) for up in range(copies)}
    shared = sharing.shared_runs(library_of(tmp_path / "data", files))
    assert list(zip(shared.first.tolist(), shared.second.tolist(), strict=True)) == [(0, 1), (0, 2), (1, 2)]


def test_near_copies_are_one_work_and_never_split(tmp_path: Path) -> None:
    files = {f"song-{seed:02d}.mid": melody(seed) for seed in range(12)}
    files |= {f"song-{seed:02d}-again.mid": melody(seed, transposed=2) for seed in range(12)}
    library = library_of(tmp_path / "data", files)
    works = works_of(library)
    assert len(set(works.tolist())) == 12
    training, validation = split(library, works)
    assert sorted(training + validation) == list(range(24))
    assert len(validation) == 2
    assert not set(works[training].tolist()) & set(works[validation].tolist())


def test_a_corpus_of_one_work_serves_for_both(tmp_path: Path) -> None:
    library = library_of(tmp_path / "data", {"a.mid": melody(1), "b.mid": melody(1, transposed=1)})
    assert split(library, works_of(library)) == ([0, 1], [0, 1])


def test_the_split_does_not_depend_on_where_the_corpus_lies(tmp_path: Path) -> None:
    files = {f"{seed}.mid": melody(seed) for seed in range(30)}
    one, other = library_of(tmp_path / "one", files), library_of(tmp_path / "two", files)
    assert split(one, works_of(one)) == split(other, works_of(other))
