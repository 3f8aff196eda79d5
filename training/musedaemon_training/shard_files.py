"""One shard on disk: notes and melody hashes of some files one after the other, and a journal with a line a file.

The journal's line is written last. Whatever cuts the writing, a shard goes on after the last line whose data
is there.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from musedaemon_training.melody import Hashes, digest, melody_hashes
from musedaemon_training.notes import NOTE_DTYPE, Notes
from musedaemon_training.pieces import Piece, Reason, UnreadableError

HASH_DTYPE = np.dtype("<u8")

PIECE_DTYPE = np.dtype(
    [
        ("length", "<i4"),
        ("runs", "<i4"),
        ("digest", "<u8"),
        ("seconds", "<f4"),
        ("tempo", "<f4"),
        ("numerator", "u1"),
        ("denominator", "u1"),
        ("with_velocity", "?"),
        ("with_bars", "?"),
        ("by_hand", "?"),
    ]
)
"""What is known of a piece without its notes: how many notes and melody hashes it has, and what the report tells."""

Pieces = npt.NDArray[np.void]
"""[N] records of `PIECE_DTYPE`."""


class Skipped(NamedTuple):
    """A file (or a tune of it) that is left out, and why: in a few words, and as the report counts it."""

    name: str
    reason: str
    kind: str = Reason.BROKEN


class FileEntry(NamedTuple):
    """A line of the journal: what one file gave. `titles` are of its pieces, `skipped` (kind, reason)."""

    titles: list[str]
    pieces: list[tuple[Any, ...]]
    skipped: list[tuple[str, str]]
    notes_end: int
    hashes_end: int


class ShardFiles(NamedTuple):
    """The three files of a shard."""

    journal: Path
    notes: Path
    melodies: Path

    @staticmethod
    def of(folder: Path, number: int) -> ShardFiles:
        """The files of shard `number` in a folder."""
        return ShardFiles(*(folder / f"{number:05d}{suffix}" for suffix in (".jsonl", ".notes", ".melodies")))

    def entries(self) -> list[FileEntry]:
        """The journal's lines whose data is there; none where the shard is not begun."""
        if not self.journal.exists():
            return []
        room = self.notes.stat().st_size // NOTE_DTYPE.itemsize, self.melodies.stat().st_size // HASH_DTYPE.itemsize
        entries = []
        for line in self.journal.read_text(encoding="utf-8").splitlines():
            entry = _parsed(line)
            if entry is None or entry.notes_end > room[0] or entry.hashes_end > room[1]:
                break
            entries.append(entry)
        return entries

    def is_begun(self) -> bool:
        """Whether a process has opened this shard for writing."""
        return self.journal.exists()

    def mapped_notes(self) -> Notes:
        """All notes, memory-mapped."""
        if self.notes.stat().st_size == 0:
            return np.zeros(0, dtype=NOTE_DTYPE)
        return np.memmap(self.notes, dtype=NOTE_DTYPE, mode="r")

    def hashes(self) -> Hashes:
        """All melody hashes, read into memory."""
        return np.fromfile(self.melodies, dtype=HASH_DTYPE).astype(np.uint64, copy=False)


def _parsed(line: str) -> FileEntry | None:
    try:
        return FileEntry(*json.loads(line))
    except (ValueError, TypeError):
        return None


def records(entries: Sequence[FileEntry]) -> Pieces:
    """The pieces of a shard."""
    return np.array([tuple(piece) for entry in entries for piece in entry.pieces], dtype=PIECE_DTYPE)


class ShardWriter:
    """Appends files to a shard, from where its journal ends. A context; one process owns a shard at a time."""

    def __init__(self, files: ShardFiles) -> None:
        entries = files.entries()
        self.done = len(entries)
        self._notes_end, self._hashes_end = (entries[-1].notes_end, entries[-1].hashes_end) if entries else (0, 0)
        with ExitStack() as opened:
            self._notes = opened.enter_context(_cut(files.notes, self._notes_end * NOTE_DTYPE.itemsize))
            self._hashes = opened.enter_context(_cut(files.melodies, self._hashes_end * HASH_DTYPE.itemsize))
            self._journal = opened.enter_context(_cut(files.journal, sum(len(_line(entry)) for entry in entries)))
            self._opened = opened.pop_all()

    def __enter__(self) -> ShardWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._opened.close()

    def add(self, results: Iterable[Piece | UnreadableError]) -> None:
        """Append all that the next file gave."""
        titles, pieces, skipped = [], [], []
        for result in results:
            if isinstance(result, Piece):
                titles.append(result.title)
                pieces.append(self._append(result))
            else:
                skipped.append((str(result.reason), str(result)))
        self._notes.flush()
        self._hashes.flush()
        self._journal.write(_line(FileEntry(titles, pieces, skipped, self._notes_end, self._hashes_end)))
        self._journal.flush()
        self.done += 1

    def _append(self, piece: Piece) -> tuple[Any, ...]:
        hashes = melody_hashes(piece.notes)
        self._notes.write(np.ascontiguousarray(piece.notes, dtype=NOTE_DTYPE).tobytes())
        self._hashes.write(hashes.astype(HASH_DTYPE).tobytes())
        self._notes_end += len(piece.notes)
        self._hashes_end += len(hashes)
        return (len(piece.notes), len(hashes), digest(piece.notes), *_told(piece))


def _told(piece: Piece) -> Iterator[Any]:
    yield from (round(float(piece.seconds), 3), round(float(piece.tempo), 3))
    yield from piece.meter if max(piece.meter) < 256 else (0, 0)
    yield from (bool(piece.notes["velocity"].any()), bool((piece.notes["bar_length"] > 0).any()), piece.by_hand)


def _line(entry: FileEntry) -> bytes:
    return json.dumps(list(entry), separators=(",", ":")).encode() + b"\n"


def _cut(path: Path, size: int) -> Any:
    """A file opened for appending after its first `size` bytes, made if need be."""
    path.touch()
    stream = path.open("r+b")
    stream.truncate(size)
    stream.seek(size)
    return stream
