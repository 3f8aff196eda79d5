"""The cache of pieces read: shards on disk, memory-mapped, made by many processes, resumed where a run was cut."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import platformdirs

from musedaemon.encoding import ENCODING_VERSION
from musedaemon.errors import TrainingError
from musedaemon.whole_file import advice
from musedaemon_training.corpus import MusicFile
from musedaemon_training.files import locked
from musedaemon_training.melody import KEPT_ONE_IN, RUN_NOTES, Hashes
from musedaemon_training.notes import NOTE_DTYPE, Notes
from musedaemon_training.reading import READER_VERSION
from musedaemon_training.reading_pool import fill_shards
from musedaemon_training.shard_files import PIECE_DTYPE, Pieces, ShardFiles, Skipped, records

LOCK_FILE = "lock"
FEWEST_FILES_A_SHARD = 128
MOST_SHARDS = 128
"""Each is a file that stays open while it is mapped, and some systems allow 256."""

Ints = npt.NDArray[np.int64]
Progress = Callable[[int, int], None]
"""Told (files read, files in all) while a library is made."""


@dataclass(frozen=True, slots=True)
class Library:
    """All pieces of a corpus, what is known of them ([N] records), and where they lie. `files` has the name of each
    piece's file, `names` also which tune of it.

    `notes(i)` reads from memory-mapped files; safe to share between threads. `folder` holds the shards and
    what is worked out from them.
    """

    names: list[str]
    files: list[str]
    skipped: list[Skipped]
    pieces: Pieces
    folder: Path
    _places: tuple[Ints, Ints, Ints]
    _shards: list[Notes]

    def __len__(self) -> int:
        return len(self.names)

    def notes(self, index: int) -> Notes:
        """The notes of one piece, in playing order."""
        shard, start, _ = (int(column[index]) for column in self._places)
        return self._shards[shard][start : start + self.length(index)]

    def length(self, index: int) -> int:
        """The number of notes of one piece."""
        return int(self.pieces["length"][index])

    def melodies(self) -> Iterator[tuple[Ints, Hashes]]:
        """Shard by shard: (piece, hash) of each melody hash, [n] both, read from disk anew each time."""
        shard, _, first = self._places
        # Pieces lie in the order of their shards.
        borders = np.searchsorted(shard, np.arange(len(self._shards) + 1))
        for number, (start, stop) in enumerate(pairwise(borders.tolist())):
            runs = self.pieces["runs"][start:stop].astype(np.int64)
            owner = np.repeat(np.arange(start, stop), runs)
            within = np.arange(len(owner)) - np.repeat(np.cumsum(runs) - runs, runs)
            hashes = ShardFiles.of(self.folder, number).hashes()
            yield owner, hashes[np.repeat(first[start:stop], runs) + within]

    def only(self, kept: Ints) -> Library:
        """The same corpus with these pieces only, in rising order."""
        shard, start, first = self._places
        places = (shard[kept], start[kept], first[kept])
        names, own_files = ([column[i] for i in kept.tolist()] for column in (self.names, self.files))
        return Library(names, own_files, self.skipped, self.pieces[kept], self.folder, places, self._shards)


def default_cache() -> Path:
    """Where shards live: the user's cache folder of this system."""
    return platformdirs.user_cache_path("musedaemon") / "shards"


def _unseen(done: int, total: int) -> None:
    """For who does not want to be told."""


def open_library(files: Sequence[MusicFile], cache: Path, tell: Progress = _unseen) -> Library:
    """The pieces of the files, read now where the cache does not have them. Raises TrainingError when none
    is left."""
    size = max(FEWEST_FILES_A_SHARD, -(-len(files) // MOST_SHARDS))
    parts = [files[i : i + size] for i in range(0, len(files), size)]
    folder = cache / _place_key(files) / _content_key(files, size)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with locked(folder / LOCK_FILE):
            fill_shards(folder, parts, lambda done: tell(done, len(files)))
        _drop_older(folder)
    except OSError as error:
        raise TrainingError(
            f"The cache {cache} cannot be written ({error.strerror}); {advice(error, 'allow writing there')}."
        ) from error
    library = _load(folder, parts)
    if len(library) == 0:
        reasons = "; ".join(f"{skipped.name} {skipped.reason}" for skipped in library.skipped[:3])
        raise TrainingError(f"None of the {len(files)} files can be trained on: {reasons}.")
    return library


def _place_key(files: Sequence[MusicFile]) -> str:
    roots = sorted({str(file.path)[: len(str(file.path)) - len(file.name)] for file in files})
    return hashlib.sha256(json.dumps(roots).encode()).hexdigest()[:16]


def _content_key(files: Sequence[MusicFile], size: int) -> str:
    made_by = [ENCODING_VERSION, READER_VERSION, NOTE_DTYPE.descr, PIECE_DTYPE.descr, RUN_NOTES, KEPT_ONE_IN, size]
    digest = hashlib.sha256(json.dumps(made_by).encode())
    for file in files:
        digest.update(f"{file.path}\0{file.name}\0{_state(file.path)}\n".encode(errors="surrogatepass"))
    return digest.hexdigest()[:16]


def _state(path: Path) -> str:
    """What changes with a file's content."""
    try:
        status = path.stat()
    except OSError:
        # Gone since the folder was listed: its reader says so, and when it is back it is another content.
        return "gone"
    return f"{status.st_size}\0{status.st_mtime_ns}"


def _drop_older(folder: Path) -> None:
    for other in folder.parent.iterdir():
        if other != folder:
            shutil.rmtree(other, ignore_errors=True)


def _load(folder: Path, parts: Sequence[Sequence[MusicFile]]) -> Library:
    names: list[str] = []
    files_of: list[str] = []
    skipped: list[Skipped] = []
    pieces, places = [np.zeros(0, dtype=PIECE_DTYPE)], [np.zeros((3, 0), dtype=np.int64)]
    shards: list[Notes] = []
    for number, files in enumerate(parts):
        entries = (shard := ShardFiles.of(folder, number)).entries()
        for file, entry in zip(files, entries, strict=True):
            names += [f"{file.name}#{title}" if title else file.name for title in entry.titles]
            files_of += [file.name] * len(entry.titles)
            skipped += [Skipped(file.name, reason, kind) for kind, reason in entry.skipped]
        pieces.append(records(entries))
        places.append(np.stack([np.full(len(pieces[-1]), number), *_starts(pieces[-1])]))
        shards.append(shard.mapped_notes())
    shard_of, start, first = np.concatenate(places, axis=1)
    return Library(names, files_of, skipped, np.concatenate(pieces), folder, (shard_of, start, first), shards)


def _starts(pieces: Any) -> tuple[Ints, Ints]:
    """Where each piece's notes and hashes begin in its shard."""
    length, runs = pieces["length"].astype(np.int64), pieces["runs"].astype(np.int64)
    return np.cumsum(length) - length, np.cumsum(runs) - runs
