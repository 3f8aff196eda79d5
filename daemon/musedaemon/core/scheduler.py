"""The scheduler: note-ons and note-offs in the order in which they are due."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from typing import NamedTuple

from musedaemon.core.commands import PlannedNote


class Due(NamedTuple):
    """A note-on (`starts`) or a note-off of `note` whose time `at` has come."""

    at: float
    starts: bool
    note: PlannedNote


class Scheduler:
    """Pending notes. A note's off enters with its on, so none can hang. Owned by the thread that sends.

    At equal times offs come before ons, then notes by serial: a re-struck pitch is off then on.
    """

    def __init__(self) -> None:
        self._heap: list[tuple[float, bool, int, PlannedNote]] = []

    def __len__(self) -> int:
        return len(self._heap)

    def schedule(self, note: PlannedNote) -> None:
        """Plan a note; `until` must lie after `at`."""
        if not note.until > note.at:
            raise ValueError(f"a note must end after it starts: {note}")
        heapq.heappush(self._heap, (note.at, True, note.serial, note))
        heapq.heappush(self._heap, (note.until, False, note.serial, note))

    def next_deadline(self) -> float:
        """When the next one is due (seconds), infinity when nothing is pending."""
        return self._heap[0][0] if self._heap else float("inf")

    def pop_due(self, now: float) -> list[Due]:
        """Everything due at `now` or before, in order."""
        due = []
        while self._heap and self._heap[0][0] <= now:
            at, starts, _, note = heapq.heappop(self._heap)
            due.append(Due(at, starts, note))
        return due

    def retime(self, moved: Callable[[PlannedNote], PlannedNote]) -> None:
        """Every pending note has other times now; what has started already has another end."""
        serials = {serial for _, starts, serial, _ in self._heap if starts}
        notes = {note.serial: moved(note) for _, _, _, note in self._heap}
        self._heap.clear()
        for serial, note in notes.items():
            if serial in serials:
                self.schedule(note)
            else:
                heapq.heappush(self._heap, (note.until, False, serial, note))

    def cancel_pending(self) -> None:
        """Forget all of it; what sounds is the ledger's to release."""
        self._heap.clear()

    def cancel_starts(self) -> None:
        """Forget the notes that have not started; those that sound keep their note-offs."""
        waiting = {serial for _, starts, serial, _ in self._heap if starts}
        self._heap = [entry for entry in self._heap if entry[2] not in waiting]
        heapq.heapify(self._heap)
