"""Messages that wait for the period of a sound server they are to leave in, in the order of their frames. Pure."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable

from musedaemon.midi.ends_again import Place, follow_ends

_ALWAYS_FITS = 256
"""A message of more bytes that an empty period has no room for may be one that no period has room for."""
_BEFORE_ALL = -1
_CLOCK = frozenset((0xF8, 0xFA, 0xFB, 0xFC))
_CLOCK_PLACE = (16, 0)


class FrameQueue:
    """One thread puts, another writes: they share nothing but a heap, whose every operation is one call into C.

    `lost_period`, `put_first` and `write_until` on the thread that writes.
    """

    def __init__(self) -> None:
        self._waiting: list[tuple[int, int, bytes]] = []
        self._order = itertools.count()
        self._again = itertools.count(-(2**62))
        self._latest: dict[tuple[int, int], int] = {}
        self._releases: dict[Place, bytes] = {}

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, frame: int, data: bytes) -> None:
        """Let one whole message wait for `frame`.

        Of one channel and pitch no note-on or note-off overtakes another, and of the clock no Stop a pulse.

        Their frames may come the other way round: a note-off is to leave at once while its note-on still waits.
        """
        place = _place(data)
        if place is not None:
            frame = self._latest[place] = max(frame, self._latest.get(place, frame))
        heapq.heappush(self._waiting, (frame, next(self._order), data))

    def put_first(self, data: bytes) -> None:
        """Let what ends a note again leave before all that waits. On the thread that writes."""
        heapq.heappush(self._waiting, (_BEFORE_ALL, next(self._again), data))

    @property
    def releases_written(self) -> bool:
        """Whether the last period that was written ended a note or lifted a pedal."""
        return bool(self._releases)

    def lost_period(self) -> None:
        """The last period that was written may not have been heard: what it ended ends again, before all that waits.

        What it started stays lost, and so does the end of a note that was struck again in it: that has an end to come.
        """
        for data in self._releases.values():
            self.put_first(data)
        self._releases = {}

    def write_until(self, write: Callable[[int, bytes], bool], start: int, frames: int) -> list[bytes]:
        """Write what is due in the period of so many frames that begins at frame `start`; returns what never leaves.

        `write` takes the offset (frames) and the bytes, and says whether there was room. What finds none waits for the
        next period; a long message that an empty one has no room for is lost. No period gets more messages than it has
        frames: to write 2,000 of them takes longer than a short period lasts, and it would be lost as a whole.
        """
        waiting, offset, lost, written = self._waiting, 0, list[bytes](), 0
        self._releases = {}
        while waiting and waiting[0][0] < start + frames and written < frames:
            due = heapq.heappop(waiting)
            offset = max(due[0] - start, offset)
            if write(offset, due[2]):
                written += 1
                follow_ends(self._releases, due[2], due[2])
            elif written or len(due[2]) <= _ALWAYS_FITS:
                heapq.heappush(waiting, due)
                break
            else:
                lost.append(due[2])
        return lost


def _place(data: bytes) -> tuple[int, int] | None:
    """Channel and pitch of a note-on or note-off (MIDI 1.0: status 8n and 9n), one place for the clock (F8, FA to FC),
    None of any other message.
    """
    if data[0] in _CLOCK:
        return _CLOCK_PLACE
    return (data[0] & 0x0F, data[1]) if len(data) == 3 and data[0] & 0xE0 == 0x80 else None
