"""Batches made ahead in a thread of their own, and the time that training spends waiting for them."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Iterator
from types import TracebackType

from musedaemon_training.batches import Batch

AHEAD = 6
_PATIENCE_S = 0.2


class Prefetch:
    """A context in which batches of `source` are made ahead. The thread owns `source` until the block ends.

    An exception in the thread comes out of `__next__`.
    """

    def __init__(self, source: Iterator[Batch]) -> None:
        self._source = source
        self._ready: queue.Queue[Batch | Exception] = queue.Queue(AHEAD)
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._make, name="batches", daemon=True)
        self.waited_s = 0.0

    def __enter__(self) -> Prefetch:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closed.set()
        self._thread.join()

    def __iter__(self) -> Iterator[Batch]:
        return self

    def __next__(self) -> Batch:
        started = time.perf_counter()
        batch = self._ready.get()
        self.waited_s += time.perf_counter() - started
        if isinstance(batch, Exception):
            raise batch
        return batch

    def _make(self) -> None:
        try:
            for batch in self._source:
                if not self._put(batch):
                    return
            self._put(StopIteration())
        except Exception as error:
            # Whatever it is, it belongs to the thread that asks for batches.
            self._put(error)

    def _put(self, item: Batch | Exception) -> bool:
        while not self._closed.is_set():
            try:
                self._ready.put(item, timeout=_PATIENCE_S)
            except queue.Full:
                continue
            return True
        return False
