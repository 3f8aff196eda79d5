"""Messages on their way to another process: a pipe that never makes whoever writes wait, and never fills up.

As long as the other end reads, a message costs one write. Where it does not, messages wait in a bounded queue: note-ons
are shed first, note-offs, pedals that come up and the clock never are. An end that takes nothing for long is given up.
"""

from __future__ import annotations

import os
import select
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress

from musedaemon.midi.record_stream import WORDS, as_message, as_record
from musedaemon.midi.shedding import may_be_shed

SHED_FROM = 1_024
"""With so many waiting, what may be shed is."""
MOST_WAITING = 65_536
PATIENCE_S = 2.0
_LOOKS_EVERY_S = 0.1


class MessagePipe:
    """One thread puts and closes. `on_shed` hears of each message that is left out.

    What waits is written by a thread that lives as long as something does. On Windows, where no pipe can be waited for
    (`select` there knows sockets alone), nothing waits, and whoever puts does.
    """

    def __init__(self, descriptor: int, on_shed: Callable[[], None], patience_s: float = PATIENCE_S) -> None:
        """Takes the writing end over, and closes it in the end. An end that takes nothing for so long is given up."""
        if sys.platform != "win32":
            os.set_blocking(descriptor, False)
        self._descriptor = descriptor
        self._on_shed = on_shed
        self._patience_s = patience_s
        self._waiting: deque[bytes] = deque()
        self._lock = threading.Lock()
        self._moved_at = 0.0
        self._writer: threading.Thread | None = None

    def put(self, data: bytes, at: float) -> None:
        """Send one whole message with its time. OSError if the other end is gone or takes nothing."""
        record = as_record(at, data)
        with self._lock:
            if not self._waiting:
                rest = self._written(record)
                if rest:
                    self._begin_to_wait(rest)
            elif time.monotonic() - self._moved_at > self._patience_s or len(self._waiting) >= MOST_WAITING:
                raise TimeoutError("it takes nothing any more")
            elif len(self._waiting) >= SHED_FROM and at != WORDS and may_be_shed(data):
                self._on_shed()
            else:
                self._waiting.append(record)

    def tell(self, *words: object) -> None:
        """Send words. OSError as `put`."""
        self.put(as_message(words), WORDS)

    def close(self, patience_s: float) -> None:
        """Write what waits, for no longer than so many seconds, then end the stream."""
        if self._writer is not None:
            self._writer.join(patience_s)
        with self._lock:
            descriptor, self._descriptor = self._descriptor, -1
            self._waiting.clear()
        os.close(descriptor)

    def _written(self, record: bytes) -> bytes:
        """Write what there is room for; the rest."""
        try:
            return record[os.write(self._descriptor, record) :]
        except BlockingIOError:
            return record

    def _begin_to_wait(self, rest: bytes) -> None:
        self._waiting.append(rest)
        self._moved_at = time.monotonic()
        self._writer = threading.Thread(target=self._write_what_waits, name="musedaemon pipe", daemon=True)
        self._writer.start()

    def _write_what_waits(self) -> None:
        """The life of the writer's thread: until nothing waits, or nobody is there to read it."""
        while (descriptor := self._write_some()) >= 0:
            with suppress(OSError):  # closed meanwhile, which the next look finds
                select.select([], [descriptor], [], _LOOKS_EVERY_S)

    def _write_some(self) -> int:
        """Write as much as there is room for; the writing end if something still waits, else -1."""
        with self._lock:
            try:
                while self._waiting and self._descriptor >= 0:
                    rest = self._written(self._waiting[0])
                    if len(rest) < len(self._waiting[0]):
                        self._moved_at = time.monotonic()
                    if rest:
                        self._waiting[0] = rest
                        return self._descriptor
                    self._waiting.popleft()
            except OSError:
                self._waiting.clear()  # the next one that is put finds out as well
        return -1
