"""Compressed scores (.mxl, a zip archive of MusicXML), looked at before anything is unpacked.

A small archive can hold any amount: what it says of itself is read within bounds, and what unpacks to too much is left
out at once. Python's reader never gives more of a member than the archive says it has.
"""

from __future__ import annotations

import io
import struct
import zipfile

from musedaemon.plain_file import MEGABYTE
from musedaemon_training.pieces import Reason, UnreadableError

MOST_MEMBERS = 100
"""A score, its container's description, parts, pictures."""
_LONGEST_DIRECTORY = 64 * 1024
_END, _END_64 = b"PK\x05\x06", b"PK\x06\x07"
"""Signatures of the record that ends a zip archive, and of that which stands before it in one beyond 4 GB (APPNOTE.TXT
of PKWARE, 4.3)."""
_END_64_LENGTH = 20
_COUNTS = struct.Struct("<HI")
"""How many members there are, and the length of their directory."""
_COUNTS_AT = 10
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""MusicXML knows these alone; others may ask for any amount of memory."""


def refuse_bomb(data: bytes, most_bytes: int) -> None:
    """Raises UnreadableError for an archive that holds more than `most_bytes`, or more files than a score has.

    Raises whatever Python's reader meets in a broken one. What is no archive at all is the reader's to judge.
    """
    end = data.rfind(_END)
    if end < 0 or end + _COUNTS_AT + _COUNTS.size > len(data):
        return
    members, directory = _COUNTS.unpack_from(data, end + _COUNTS_AT)
    is_64 = data[max(end - _END_64_LENGTH, 0) : end].startswith(_END_64)
    if is_64 or members > MOST_MEMBERS or directory > _LONGEST_DIRECTORY:
        raise UnreadableError(Reason.LARGE, f"is an archive of more than {MOST_MEMBERS} files")
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        held = archive.infolist()
    size = sum(member.file_size for member in held)
    if len(held) > MOST_MEMBERS or size > most_bytes:
        raise UnreadableError(Reason.LARGE, f"is an archive that unpacks to {size / MEGABYTE:,.0f} MB")
    if any(member.compress_type not in _METHODS for member in held):
        raise UnreadableError(Reason.BROKEN, "is an archive packed as no score is")
