"""The cache of pieces read: numpy shards on disk, memory-mapped, made by many processes, resumed where a run
was cut."""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import os
import shutil
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import platformdirs

from musedaemon.encoding import ENCODING_VERSION
from musedaemon.errors import TrainingError
from musedaemon_training.corpus import MusicFile
from musedaemon_training.notes import NOTE_DTYPE, Notes
from musedaemon_training.reading import READER_VERSION, Piece, read_pieces

FILES_A_SHARD = 128


class Skipped(NamedTuple):
    """A file (or a tune of it) that is left out, and why in a few words."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class Library:
    """All pieces of a corpus. `notes(i)` reads from memory-mapped files; safe to share between threads."""

    names: list[str]
    skipped: list[Skipped]
    _places: list[tuple[int, int, int]]
    _shards: list[Notes]

    def __len__(self) -> int:
        return len(self.names)

    def notes(self, index: int) -> Notes:
        """The notes of one piece, in playing order."""
        shard, start, stop = self._places[index]
        return self._shards[shard][start:stop]

    def length(self, index: int) -> int:
        """The number of notes of one piece."""
        _, start, stop = self._places[index]
        return stop - start


def default_cache() -> Path:
    """Where shards live: the user's cache folder of this system."""
    return platformdirs.user_cache_path("musedaemon") / "shards"


def open_library(files: Sequence[MusicFile], cache: Path) -> Library:
    """The pieces of the files, read now where the cache does not have them. Raises TrainingError when none
    is left."""
    parts = [files[i : i + FILES_A_SHARD] for i in range(0, len(files), FILES_A_SHARD)]
    folder = cache / _place_key(files) / _content_key(files)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _read_missing(parts, folder)
        _drop_older(folder)
    except OSError as error:
        raise TrainingError(
            f"The cache {cache} cannot be written ({error.strerror}); free some space there."
        ) from error
    library = _load(folder, len(parts))
    if len(library) == 0:
        reasons = "; ".join(f"{name} {reason}" for name, reason in library.skipped[:3])
        raise TrainingError(f"None of the {len(files)} files can be trained on: {reasons}.")
    return library


def _place_key(files: Sequence[MusicFile]) -> str:
    roots = sorted({str(file.path)[: len(str(file.path)) - len(file.name)] for file in files})
    return hashlib.sha256(json.dumps(roots).encode()).hexdigest()[:16]


def _content_key(files: Sequence[MusicFile]) -> str:
    digest = hashlib.sha256(json.dumps([ENCODING_VERSION, READER_VERSION, NOTE_DTYPE.descr, FILES_A_SHARD]).encode())
    for file in files:
        status = file.path.stat()
        digest.update(f"{file.path}\0{file.name}\0{status.st_size}\0{status.st_mtime_ns}\n".encode())
    return digest.hexdigest()[:16]


def _drop_older(folder: Path) -> None:
    for other in folder.parent.iterdir():
        if other != folder:
            shutil.rmtree(other, ignore_errors=True)


def _missing(parts: Sequence[Sequence[MusicFile]], folder: Path) -> list[int]:
    return [i for i in range(len(parts)) if not _index_path(folder, i).exists()]


def _read_missing(parts: Sequence[Sequence[MusicFile]], folder: Path) -> None:
    try:
        _read_in_pool([(i, parts[i]) for i in _missing(parts, folder)], folder)
    except BrokenProcessPool:
        # A file so broken that it takes the parser down with it: read the rest file by file, each on its own.
        for i in _missing(parts, folder):
            _write_shard(folder, i, _read_one_by_one(parts[i]))


def _read_in_pool(tasks: list[tuple[int, Sequence[MusicFile]]], folder: Path) -> None:
    workers = min(len(tasks), os.cpu_count() or 1)
    if workers == 0:
        return
    with _pool(workers) as pool:
        for done in as_completed([pool.submit(_read_shard, folder, number, files) for number, files in tasks]):
            done.result()


def _pool(workers: int) -> ProcessPoolExecutor:
    # Spawned, not forked: the parent may hold torch's threads, and a forked lock never opens.
    return ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"), initializer=_be_silent)


def _be_silent() -> None:
    # The ABC reader prints its complaints from C; they would tear the progress bar.
    with Path(os.devnull).open("wb") as nothing:
        os.dup2(nothing.fileno(), 1)
        os.dup2(nothing.fileno(), 2)


def _read_shard(folder: Path, number: int, files: Sequence[MusicFile]) -> None:
    _write_shard(folder, number, (result for file in files for result in _read_file(file)))


def _read_one_by_one(files: Sequence[MusicFile]) -> Iterator[tuple[str, Notes | str]]:
    for file in files:
        with _pool(1) as pool:
            try:
                yield from pool.submit(_read_file, file).result()
            except BrokenProcessPool:
                yield file.name, "crashes the reader"


def _read_file(file: MusicFile) -> list[tuple[str, Notes | str]]:
    results: list[tuple[str, Notes | str]] = []
    for piece in read_pieces(file.path):
        if isinstance(piece, Piece):
            results.append((f"{file.name}#{piece.title}" if piece.title else file.name, piece.notes))
        else:
            results.append((file.name, str(piece)))
    return results


def _index_path(folder: Path, number: int) -> Path:
    return folder / f"{number:05d}.json"


def _notes_path(folder: Path, number: int) -> Path:
    return folder / f"{number:05d}.npy"


def _write_shard(folder: Path, number: int, results: Iterator[tuple[str, Notes | str]]) -> None:
    pieces: list[tuple[str, int]] = []
    skipped: list[tuple[str, str]] = []
    parts: list[Notes] = [np.zeros(0, dtype=NOTE_DTYPE)]
    for name, result in results:
        if isinstance(result, str):
            skipped.append((name, result))
        else:
            pieces.append((name, len(result)))
            parts.append(result)
    part = _notes_path(folder, number).with_suffix(".npy.part")
    with part.open("wb") as stream:
        np.save(stream, np.concatenate(parts))
    part.replace(_notes_path(folder, number))
    # The index comes last: a shard without one is read again.
    part = _index_path(folder, number).with_suffix(".json.part")
    part.write_text(json.dumps({"pieces": pieces, "skipped": skipped}), encoding="utf-8")
    part.replace(_index_path(folder, number))


def _load(folder: Path, count: int) -> Library:
    library = Library([], [], [], [])
    for number in range(count):
        index: dict[str, Any] = json.loads(_index_path(folder, number).read_text(encoding="utf-8"))
        library.skipped.extend(Skipped(name, reason) for name, reason in index["skipped"])
        library._shards.append(np.load(_notes_path(folder, number), mmap_mode="r"))
        start = 0
        for name, length in index["pieces"]:
            library.names.append(name)
            library._places.append((number, start, start + length))
            start += length
    return library
