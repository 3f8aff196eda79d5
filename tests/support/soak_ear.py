"""What the synth of a soak has heard, in all its lives: read from the log that `soak_peer` writes."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from support.flood import Sounding

_LENGTHS = {0x80: 3, 0x90: 3, 0xA0: 3, 0xB0: 3, 0xC0: 2, 0xD0: 2, 0xE0: 3}
"""Of whole channel messages, bytes."""
LATE = "late"
_PULSE = 0xF8


class NoteHeard(NamedTuple):
    """A note-on: when it was heard (seconds, monotonic), its channel, pitch and velocity."""

    at: float
    channel: int
    pitch: int
    velocity: int


class Ear:
    """Follows the log as it grows. One thread."""

    def __init__(self, log: Path) -> None:
        self._log = log
        self._read = 0
        self._instrument = Sounding()
        self.notes: list[NoteHeard] = []
        self.messages = 0
        self.messages_but_clock = 0
        self.malformed = 0
        self.late_periods = 0

    @property
    def sounding(self) -> set[tuple[int, int]]:
        """The notes and pedals that are on; see `Sounding`."""
        return self._instrument.on

    def listen(self) -> None:
        """Take what has been written since the last time."""
        if not self._log.exists():
            return
        with self._log.open("rb") as log:
            log.seek(self._read)
            whole, _, _ = log.read().rpartition(b"\n")
        self._read += len(whole) + bool(whole)
        for line in whole.decode().splitlines():
            at, _, said = line.partition(" ")
            self._take(float(at), said)

    def notes_since(self, at: float, channel: int) -> int:
        """How many notes it has heard on that channel since then."""
        self.listen()
        count = 0
        for note in reversed(self.notes):
            if note.at < at:
                break
            count += note.channel == channel
        return count

    def _take(self, at: float, said: str) -> None:
        if said == LATE:
            self.late_periods += 1
            return
        data = bytes.fromhex(said)
        self.messages += 1
        self.messages_but_clock += data[0] != _PULSE
        if len(data) != _LENGTHS.get(data[0] & 0xF0, len(data)) or data[0] < 0x80:
            self.malformed += 1
            return
        self._instrument.hear(data)
        if data[0] & 0xF0 == 0x90 and data[2]:
            self.notes.append(NoteHeard(at, data[0] & 0x0F, data[1], data[2]))
