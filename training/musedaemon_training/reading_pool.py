"""Reading with many processes. A file that kills or stalls its reader costs one file, an interruption costs nothing."""

from __future__ import annotations

import faulthandler
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from musedaemon.errors import TrainingError
from musedaemon_training.corpus import MusicFile
from musedaemon_training.pieces import Piece, Reason, UnreadableError
from musedaemon_training.reading import read_pieces
from musedaemon_training.shard_files import ShardFiles, ShardWriter

_LOOK_EVERY_S = 0.5

Tell = Callable[[int], None]
"""Told now and then how many files have been read since the start."""


class Reader(NamedTuple):
    """How a file is read, and the seconds that may take. It goes to other processes: `read` is a module's function."""

    read: Callable[[Path], Iterable[Piece | UnreadableError]] = read_pieces
    longest_s: float = 180.0


DEFAULT_READER = Reader()

_shared: dict[str, Any] = {}
"""In a reading process: the event that stops it, and the count of files read."""


def fill_shards(
    folder: Path, parts: Sequence[Sequence[MusicFile]], tell: Tell, reader: Reader = DEFAULT_READER
) -> None:
    """Bring every shard in the folder to its end. Raises OSError where it cannot be written, TrainingError where no
    process lives to read a file."""
    read = -1
    while missing := _missing(folder, parts):
        try:
            _read_in_pool([Task(folder, number, parts[number], reader) for number in missing], tell)
        except BrokenProcessPool as error:
            _read_suspects([Task(folder, number, parts[number], reader, most=1) for number in missing])
            before, read = read, sum(len(ShardFiles.of(folder, number).entries()) for number in range(len(parts)))
            if read == before:
                raise TrainingError(
                    "The processes that read music end at once, before any file; look whether memory is left, and"
                    " whether `python -c 'import symusic'` works."
                ) from error


class Task(NamedTuple):
    """A shard to fill, by at most so many files."""

    folder: Path
    number: int
    files: Sequence[MusicFile]
    reader: Reader
    most: int | None = None


def _missing(folder: Path, parts: Sequence[Sequence[MusicFile]]) -> list[int]:
    return [i for i, part in enumerate(parts) if len(ShardFiles.of(folder, i).entries()) < len(part)]


def _read_in_pool(tasks: Sequence[Task], tell: Tell) -> None:
    workers = min(len(tasks), os.cpu_count() or 1)
    with _pool(workers) as (pool, stop, count):
        waiting: set[Future[None]] = {pool.submit(_read_shard, task) for task in tasks}
        try:
            while waiting:
                done, waiting = wait(waiting, timeout=_LOOK_EVERY_S)
                for future in done:
                    future.result()
                tell(count.value)
        except BaseException:
            stop.set()
            pool.shutdown(cancel_futures=True)
            raise


def _read_suspects(tasks: Sequence[Task]) -> None:
    """A process died: read the file that each begun shard stands at, alone; those that kill again are left out."""
    for task in tasks:
        shard = ShardFiles.of(task.folder, task.number)
        if not shard.is_begun() or len(shard.entries()) >= len(task.files):
            continue
        try:
            with _pool(1) as (pool, _, _):
                pool.submit(_read_shard, task).result()
        except BrokenProcessPool:
            with ShardWriter(shard) as writer:
                writer.add([UnreadableError(Reason.CRASHES, "crashes or stalls the reader")])


@contextmanager
def _pool(workers: int) -> Iterator[tuple[ProcessPoolExecutor, Any, Any]]:
    # Spawned, not forked: the parent may hold torch's threads, and a forked lock never opens.
    context = multiprocessing.get_context("spawn")
    stop, count = context.Event(), context.Value("q", 0)
    with ProcessPoolExecutor(workers, context, initializer=_begin, initargs=(stop, count)) as pool:
        yield pool, stop, count


def _begin(stop: Any, count: Any) -> None:
    _shared.update(stop=stop, count=count)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    # Ctrl-C reaches every process of the terminal; only the parent decides.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # The ABC reader prints its complaints from C; they would tear the progress bar.
    with Path(os.devnull).open("wb") as nothing:
        os.dup2(nothing.fileno(), 1)
        os.dup2(nothing.fileno(), 2)


def _read_shard(task: Task) -> None:
    """Read the files that a shard lacks, until told to stop."""
    with ShardWriter(ShardFiles.of(task.folder, task.number)) as writer:
        for file in task.files[writer.done :][: task.most]:
            if _shared["stop"].is_set():
                return
            # A thread in C ends this process if a parser never comes back.
            faulthandler.dump_traceback_later(task.reader.longest_s, exit=True)
            writer.add(task.reader.read(file.path))
            faulthandler.cancel_dump_traceback_later()
            with _shared["count"].get_lock():
                _shared["count"].value += 1


def _end_with_parent() -> None:
    """A killed parent tells its children nothing: they would wait for work for ever."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
