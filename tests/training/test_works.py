from __future__ import annotations

from pathlib import Path

import numpy as np
from support.music_files import Sound, midi_bytes

from musedaemon_training.corpus import find_files
from musedaemon_training.notes import Notes
from musedaemon_training.reading import Piece, read_pieces
from musedaemon_training.shards import Library, open_library
from musedaemon_training.works import melody_hashes, split, works_of


def melody(seed: int, transposed: int = 0, notes: int = 200) -> bytes:
    rng = np.random.default_rng(seed)
    pitches, lengths = rng.integers(48, 72, size=notes), rng.choice([6, 12, 24], size=notes)
    onsets = np.concatenate(([0], np.cumsum(lengths)[:-1]))
    sounds = [Sound(int(o), int(p) + transposed, int(n)) for o, p, n in zip(onsets, pitches, lengths, strict=True)]
    return midi_bytes(sounds)


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
