"""The bytes of a .mid file -> its tracks (Standard MIDI Files 1.0, RP-001). Pure; any bytes, in linear time.

Strict where notes could be lost or come at the wrong time (cut short, no status, no length), lenient where nothing
depends on it: alien chunks, longer headers, odd meta events and stray real-time bytes are passed over, running status
outlives meta events and SysEx, data bytes above 127 count as 127.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

META = 0xFF
_SYSEX, _ESCAPE = 0xF0, 0xF7
_LONGEST_NUMBER = 4
"""Bytes of a delta time or length."""
_DATA_BYTES = {0x80: 2, 0x90: 2, 0xA0: 2, 0xB0: 2, 0xC0: 1, 0xD0: 1, 0xE0: 2}
"""By kind of channel message."""
_STRAY = {0xF1: 1, 0xF2: 2, 0xF3: 1, 0xF6: 0, 0xF8: 0, 0xFA: 0, 0xFB: 0, 0xFC: 0, 0xFE: 0}
"""Data bytes of what belongs on a wire and not into a file."""
_CLIPPED = bytes(min(byte, 0x7F) for byte in range(256))


class BrokenFileError(ValueError):
    """The bytes are not those of a whole .mid file; the text says why, in a few words."""


class Header(NamedTuple):
    """What the first chunk says. `division` is ticks per beat, or film frames where its top bit is set."""

    file_format: int
    tracks: int
    division: int


class Entry(NamedTuple):
    """One event of a track: ticks from its start, and a whole MIDI message, or META, the type and the data."""

    tick: int
    data: bytes


def header(data: bytes) -> Header:
    """Of a file that begins with "MThd"."""
    if len(data) < 14 or int.from_bytes(data[4:8]) < 6:
        raise BrokenFileError("its header is cut short")
    return Header(*(int.from_bytes(data[at : at + 2]) for at in (8, 10, 12)))


def tracks(data: bytes, promised: int) -> Iterator[Iterator[Entry]]:
    """The entries of each of the `promised` tracks, which must be read in turn. BrokenFileError on the way."""
    at = 8 + int.from_bytes(data[4:8])
    while promised:
        body = at + 8
        end = body + int.from_bytes(data[at + 4 : body])
        if body > len(data) or end > len(data):
            raise BrokenFileError("the end is missing")
        if data[at : at + 4] == b"MTrk":
            promised -= 1
            yield _entries(data, body, end)
        at = end


def _entries(data: bytes, at: int, end: int) -> Iterator[Entry]:
    tick, running = 0, 0
    while at < end:
        delta, at = _number(data, at, end)
        tick += delta
        status = data[at] if at < end else 0
        if status >= 0x80:
            at += 1
        else:
            status = running
        if status < _SYSEX:
            running = status
        message, at = _message(data, at, end, status)
        if message:
            yield Entry(tick, message)


def _message(data: bytes, at: int, end: int, status: int) -> tuple[bytes, int]:
    """(the event of this status, where the next begins); no bytes for one that is passed over."""
    if status == META:
        size, body = _number(data, at + 1, end)
        return bytes((META,)) + data[at : at + 1] + _part(data, body, size, end), body + size
    if status in (_SYSEX, _ESCAPE):
        size, body = _number(data, at, end)
        content = _part(data, body, size, end)
        if status == _ESCAPE:
            return b"", body + size
        return b"\xf0" + content.removesuffix(b"\xf7").translate(_CLIPPED) + b"\xf7", body + size
    size = _DATA_BYTES.get(status & 0xF0, -1) if status < _SYSEX else _STRAY.get(status, -1)
    if size < 0:
        raise BrokenFileError(f"the byte {status:02x} begins no message" if status else "a message has no beginning")
    content = _part(data, at, size, end)
    return b"" if status >= _SYSEX else bytes((status,)) + content.translate(_CLIPPED), at + size


def _part(data: bytes, at: int, size: int, end: int) -> bytes:
    if at + size > end:
        raise BrokenFileError("the end of a track is missing")
    return data[at : at + size]


def _number(data: bytes, at: int, end: int) -> tuple[int, int]:
    """(a variable-length number, where it ends)."""
    value = 0
    for place in range(at, min(at + _LONGEST_NUMBER, end)):
        value = value << 7 | data[place] & 0x7F
        if data[place] < 0x80:
            return value, place + 1
    raise BrokenFileError("a time or length has no end")
