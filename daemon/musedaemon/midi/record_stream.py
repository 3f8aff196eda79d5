"""What the daemon and the processes that own its ports tell each other through pipes: records of a time and bytes.

A record is a MIDI message with its time, or words: then its time is `WORDS`.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator, Sequence

HEADER = struct.Struct("<dI")
"""Before each record's bytes: a time, and how many bytes there are. In which unit the time is, the two ends know."""
AT_ONCE = 0.0
"""The time of a message that has none."""
WORDS = -1.0

_BETWEEN_WORDS = "\0"
_CHUNK = 65_536


def as_record(at: float, data: bytes) -> bytes:
    """A record as it is written."""
    return HEADER.pack(at, len(data)) + data


def as_message(words: Sequence[object]) -> bytes:
    """Words as the bytes of a record."""
    return _BETWEEN_WORDS.join(map(str, words)).encode()


def words_of(message: bytes) -> list[str]:
    """What was told by `as_message`."""
    return message.decode(errors="replace").split(_BETWEEN_WORDS)


def records(descriptor: int) -> Iterator[tuple[float, bytes]]:
    """Each record (time, bytes) as soon as it is there, to the end of the stream."""
    held = b""
    while chunk := os.read(descriptor, _CHUNK):
        held += chunk
        begins = 0
        while len(held) - begins >= HEADER.size:
            at, length = HEADER.unpack_from(held, begins)
            ends = begins + HEADER.size + length
            if len(held) < ends:
                break
            yield at, held[begins + HEADER.size : ends]
            begins = ends
        held = held[begins:]


def first_words(descriptor: int) -> list[str]:
    """The words of the first record, and no byte more is read; nothing where the stream ends before."""
    header = _exactly(descriptor, HEADER.size)
    message = _exactly(descriptor, HEADER.unpack(header)[1]) if header else b""
    return words_of(message) if message else []


def _exactly(descriptor: int, size: int) -> bytes:
    """So many bytes; nothing where the stream ends before."""
    read = b""
    while len(read) < size:
        chunk = os.read(descriptor, size - len(read))
        if not chunk:
            return b""
        read += chunk
    return read
