"""Work on many items shared among processes, one a core."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def spread(
    work: Callable[[str, list[Item]], list[Result]], model: str, items: Sequence[Item], at_once: int
) -> Iterator[tuple[int, Result]]:
    """(index, result) of every item, in any order: `work` gets the model's name and up to `at_once` items that follow.

    `work` is a module's own function, so that another process finds it. What it raises is raised here.
    """
    parts = [range(start, min(start + at_once, len(items))) for start in range(0, len(items), at_once)]
    if len(parts) <= 1:
        # Less work than it would be to start a process.
        yield from enumerate(work(model, list(items)))
        return
    workers = min(len(parts), os.cpu_count() or 1)
    # Spawned, not forked: a forked child of a process with torch's threads may never wake.
    with ProcessPoolExecutor(workers, multiprocessing.get_context("spawn")) as pool:
        tasks = {pool.submit(work, model, [items[i] for i in part]): part for part in parts}
        try:
            for task in as_completed(tasks):
                yield from zip(tasks[task], task.result(), strict=True)
        finally:
            pool.shutdown(cancel_futures=True)
