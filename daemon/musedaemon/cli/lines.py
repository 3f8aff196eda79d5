"""Lines on their way to a terminal or a log, written by a thread of their own: nobody who plays waits for a reader.

A terminal that was halted (Ctrl-S, or text that is being marked in a window of Windows), a pager, a collector of logs
that hangs: a write to it returns when it reads on, and until then nothing would be answered, nor the session end.
"""

from __future__ import annotations

import io
import os
import threading
import time
from queue import Queue
from types import TracebackType
from typing import NamedTuple, Protocol, Self, TextIO

_MOST_WAITING = 10_000
"""So many lines wait at most; what comes then is left out."""
_PATIENCE_S = 5.0
"""At the end a reader that takes nothing for so long is left behind."""
_LOOKS_EVERY_S = 0.05


class Writable(Protocol):
    """As much of a text stream as whoever tells lines needs."""

    def write(self, text: str, /) -> object:
        """One line, its end included. OSError or ValueError where it cannot be written."""

    def flush(self) -> object:
        """Let it be seen now."""


class _Line(NamedTuple):
    to: io.FileIO
    data: bytes


class Lines:
    """A context; at its end what was told has been written, unless nobody reads it. Any thread may write."""

    def __init__(self, patience_s: float = _PATIENCE_S) -> None:
        self._patience_s = patience_s
        self._waiting: Queue[_Line | None] = Queue()
        self._moved_at = 0.0
        self._files: list[io.FileIO] = []
        self._unread: list[io.FileIO] = []
        self._thread = threading.Thread(target=self._write_all, name="musedaemon lines", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._waiting.put(None)
        self._moved_at = time.monotonic()
        while self._thread.is_alive() and time.monotonic() - self._moved_at < self._patience_s:
            self._thread.join(_LOOKS_EVERY_S)
        if not self._thread.is_alive():  # else it is in a write
            for file in self._files:
                file.close()

    def to(self, stream: TextIO | None) -> Writable | None:
        """A way to a stream on which nobody waits; the stream itself where it is no file's, None where there is none.

        Past the buffers of the stream: one that a hanging write holds would crash the interpreter's way out. And by a
        descriptor of its own: standard error's is another file's for moments (`midi/native_noise.py`).
        """
        buffer = getattr(stream, "buffer", None)
        raw = getattr(buffer, "raw", buffer)
        if stream is None or not isinstance(raw, io.RawIOBase):
            return stream
        stream.flush()
        own = os.fdopen(os.dup(raw.fileno()), "wb", buffering=0)
        self._files.append(own)
        return _Way(self, own, stream.encoding)

    def put(self, to: io.FileIO, data: bytes) -> None:
        """Write this as soon as all before it is."""
        if self._waiting.qsize() < _MOST_WAITING:
            self._waiting.put(_Line(to, data))

    def _write_all(self) -> None:
        """The life of the thread."""
        while line := self._waiting.get():
            if line.to not in self._unread:
                self._write(*line)

    def _write(self, to: io.FileIO, data: bytes) -> None:
        rest = memoryview(data)
        try:
            while rest:
                written = to.write(rest) or 0
                if not written:  # somebody who shares the terminal has asked it not to block
                    time.sleep(_LOOKS_EVERY_S)
                    continue
                rest, self._moved_at = rest[written:], time.monotonic()
        except (OSError, ValueError):  # the reader is gone, the disk is full, the stream is closed
            self._unread.append(to)


class _Way:
    """A `Writable`."""

    def __init__(self, lines: Lines, to: io.FileIO, encoding: str) -> None:
        self._lines = lines
        self._to = to
        self._encoding = encoding

    def write(self, text: str, /) -> None:
        """Returns at once; what the encoding lacks is written with escapes."""
        self._lines.put(self._to, text.replace("\n", os.linesep).encode(self._encoding, "backslashreplace"))

    def flush(self) -> None:
        """It is on its way."""
