"""Whole messages out of bytes that come cut or mixed in any way, allowed or not (MIDI 1.0 Detailed Specification).

Running status, real-time bytes in the midst of other messages, a SysEx that is cut short by the next status byte, data
without a status: a port may hand on all of it, where what it is connected to is broken, or takes liberties.
"""

from __future__ import annotations

from musedaemon.midi import wire

LONGEST_SYSEX = 1 << 20
"""Bytes; of a longer one nothing is kept."""


class ByteStream:
    """Keeps what is underway from one call to the next. One thread."""

    def __init__(self) -> None:
        self._running = 0
        self._underway = bytearray()

    def messages(self, data: bytes) -> list[bytes]:
        """The messages that are whole with these bytes, in order. Never raises."""
        if wire.is_message(data):
            self._begin_after(data[0])
            return [data]
        return [message for byte in data if (message := self._take(byte))]

    def _begin_after(self, status: int) -> None:
        """A whole message of this status came: it ends what was underway, unless it is a real-time message."""
        if status < wire.FIRST_REAL_TIME:
            self._underway.clear()
            self._running = status if status < wire.SYSEX else 0

    def _take(self, byte: int) -> bytes | None:
        """One byte; the message that is whole with it."""
        if byte >= wire.FIRST_REAL_TIME:
            return bytes((byte,))
        if byte >= 0x80:
            return self._status(byte)
        return self._data(byte)

    def _status(self, status: int) -> bytes | None:
        underway = self._underway
        if status == wire.SYSEX_END:
            whole = bytes((*underway, status)) if underway[:1] == b"\xf0" else None
            self._begin_after(wire.SYSEX)
            return whole
        self._begin_after(status)
        underway.append(status)
        return self._whole()

    def _data(self, byte: int) -> bytes | None:
        underway = self._underway
        if not underway and self._running:
            underway.append(self._running)
        if not underway:
            return None
        underway.append(byte)
        if underway[0] != wire.SYSEX:
            return self._whole()
        if len(underway) >= LONGEST_SYSEX:
            underway.clear()
        return None

    def _whole(self) -> bytes | None:
        underway = self._underway
        if len(underway) != wire.length_of(underway[0]):
            return None
        message = bytes(underway)
        underway.clear()
        return message
