"""Batches: rows that each play excerpt after excerpt, cut into chunks so that the model's state is carried
along."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol, overload

import numpy as np
import numpy.typing as npt

from musedaemon_training.augment import IGNORED, Bytes, Odds, Playing, length_as_played, play
from musedaemon_training.shards import Library

SHORTEST_EXCERPT, LONGEST_EXCERPT = 512, 1536


class Excerpt(NamedTuple):
    """Notes `start` to `stop` of a piece."""

    piece: int
    start: int
    stop: int


class Excerpts(Sequence[Excerpt]):
    """Excerpts packed as [N, 3] numbers: an epoch of a large corpus has a million."""

    def __init__(self, table: npt.NDArray[np.int32]) -> None:
        self._table = table

    def __len__(self) -> int:
        return len(self._table)

    @overload
    def __getitem__(self, index: int) -> Excerpt: ...

    @overload
    def __getitem__(self, index: slice) -> Excerpts: ...

    def __getitem__(self, index: int | slice) -> Excerpt | Excerpts:
        if isinstance(index, slice):
            return Excerpts(self._table[index])
        return Excerpt(*self._table[index].tolist())


class Batch(NamedTuple):
    """A chunk of each row, time first: T steps of B rows, uint8.

    `given` [6, T, B] is each step's note as heard, `asked` [6, T, B] the note after it as the heads see it,
    `targets` [4, T, B] what that note is, IGNORED where nothing is to be learned. `sounding` [T + 1, B, 128]
    serves both: a step's own flags, and one later. `fresh` [B] tells the rows that start an excerpt, from a
    zero state. `notes` counts the targets of all rows, those of other processes too; `after` is where the
    stream stands once this batch is used.
    """

    given: Bytes
    asked: Bytes
    targets: Bytes
    sounding: Bytes
    fresh: npt.NDArray[np.bool_]
    notes: int
    after: dict[str, Any]


class Plan(Protocol):
    """The excerpts of an epoch, in order."""

    def __call__(self, epoch: int) -> Sequence[Excerpt]:
        """Pure: an epoch always has the same excerpts."""


@dataclass(frozen=True, slots=True)
class ShuffledExcerpts:
    """All pieces in a new order each epoch, long ones cut at new places."""

    library: Library
    pieces: Sequence[int]
    seed: int

    def __call__(self, epoch: int) -> Sequence[Excerpt]:
        """The excerpts of an epoch."""
        rng = np.random.default_rng((self.seed, epoch))
        numbers = array("i")
        for piece in self.pieces:
            for excerpt in _cut(piece, self.library.length(piece), rng):
                numbers.extend(excerpt)
        table = np.frombuffer(numbers, dtype=np.int32).reshape(-1, 3)
        return Excerpts(table[rng.permutation(len(table))])


def _cut(piece: int, length: int, rng: np.random.Generator) -> Iterator[Excerpt]:
    start = 0
    while length - start > LONGEST_EXCERPT:
        stop = start + int(rng.integers(SHORTEST_EXCERPT, LONGEST_EXCERPT))
        if length - stop < SHORTEST_EXCERPT // 2:
            break
        # One note is shared: it is the last target of one excerpt and the first input of the next.
        yield Excerpt(piece, start, stop + 1)
        start = stop
    yield Excerpt(piece, start, length)


@dataclass(slots=True)
class _Row:
    number: int
    offset: int
    length: int = 0
    playing: Playing | None = None


@dataclass(slots=True)
class Stream:
    """An endless or a single run over excerpts. Owned by one thread.

    Of several processes, each runs the same stream and makes only its `own` rows, the columns of its batches.
    `position` and `restore` make a run resumable: playings are drawn from (seed, epoch, number), so they are
    the same again.
    """

    library: Library
    plan: Plan
    odds: Odds
    rows: int
    steps: int
    seed: int
    endless: bool = True
    own: range | None = None
    _epoch: int = 0
    _next: int = 0
    _rows: list[tuple[int, _Row | None]] = field(default_factory=list)
    _plans: dict[int, Sequence[Excerpt]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._rows = [(0, None)] * self.rows

    def position(self) -> dict[str, Any]:
        """Where the stream stands, as JSON values."""
        rows = [[epoch, row.number, row.offset] if row else None for epoch, row in self._rows]
        return {"epoch": self._epoch, "next": self._next, "rows": rows}

    def restore(self, position: dict[str, Any]) -> None:
        """Go on from where another stream over the same plan stood."""
        self._epoch, self._next = position["epoch"], position["next"]
        self._rows = [(r[0], _Row(r[1], r[2])) if r else (0, None) for r in position["rows"]]

    def after_epoch(self, epoch: int) -> dict[str, Any]:
        """The position at the start of the next epoch, all rows free."""
        return {"epoch": epoch + 1, "next": 0, "rows": [None] * self.rows}

    def __iter__(self) -> Iterator[Batch]:
        return self

    def __next__(self) -> Batch:
        batch = self._empty()
        notes = sum(self._fill(batch, row) for row in range(self.rows))
        if notes == 0:
            raise StopIteration
        return batch._replace(notes=notes, after=self.position())

    def _empty(self) -> Batch:
        shape = (self.steps, len(self._own()))
        return Batch(
            given=np.zeros((6, *shape), dtype=np.uint8),
            asked=np.zeros((6, *shape), dtype=np.uint8),
            targets=np.full((4, *shape), IGNORED, dtype=np.uint8),
            sounding=np.zeros((self.steps + 1, shape[1], 128), dtype=np.uint8),
            fresh=np.zeros(shape[1], dtype=np.bool_),
            notes=0,
            after={},
        )

    def _own(self) -> range:
        return range(self.rows) if self.own is None else self.own

    def _fill(self, batch: Batch, number: int) -> int:
        """Go on with a row by one chunk; the notes it gains."""
        epoch, row = self._rows[number]
        if row is None:
            epoch, row = self._start_excerpt()
            if row is None:
                return 0
        if row.length == 0:
            self._begin(epoch, row, number in self._own())
        count = min(self.steps, row.length - 1 - row.offset)
        if row.playing is not None:
            _copy(batch, number - self._own().start, row.playing, row.offset, count)
        row.offset += count
        self._rows[number] = (epoch, row) if row.offset < row.length - 1 else (0, None)
        return count

    def _begin(self, epoch: int, row: _Row, is_own: bool) -> None:
        piece, start, stop = self._excerpts(epoch)[row.number]
        rng = np.random.default_rng((self.seed, epoch, row.number))
        notes = self.library.notes(piece)[start:stop]
        if is_own:
            row.playing = play(notes, self.odds, rng)
            row.length = len(row.playing)
        else:
            row.length = length_as_played(notes, self.odds, rng)

    def _start_excerpt(self) -> tuple[int, _Row | None]:
        if self._next >= len(self._excerpts(self._epoch)):
            if not self.endless:
                return 0, None
            self._epoch, self._next = self._epoch + 1, 0
        self._next += 1
        return self._epoch, _Row(self._next - 1, 0)

    def _excerpts(self, epoch: int) -> Sequence[Excerpt]:
        if epoch not in self._plans:
            self._plans = {e: p for e, p in self._plans.items() if e >= epoch - 1}
            self._plans[epoch] = self.plan(epoch)
        return self._plans[epoch]


def _copy(batch: Batch, column: int, playing: Playing, start: int, count: int) -> None:
    here, later = slice(start, start + count), slice(start + 1, start + count + 1)
    batch.fresh[column] = start == 0
    batch.given[:, :count, column] = playing.given[:, here]
    batch.asked[:, :count, column] = playing.asked[:, later]
    batch.targets[:, :count, column] = playing.targets[:, later]
    batch.sounding[: count + 1, column] = playing.sounding[start : start + count + 1]


def whole_pieces(library: Library, pieces: Sequence[int]) -> Plan:
    """Each piece once and uncut, the longest first so that rows end together."""
    excerpts = [Excerpt(i, 0, library.length(i)) for i in sorted(pieces, key=library.length, reverse=True)]
    return lambda epoch: excerpts
