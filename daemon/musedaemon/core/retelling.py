"""Retelling: a reply that plays its call back, note by note, for as long as it keeps to it.

The session memory alone knows what came after a passage; after the last note of a phrase that was played once nothing
has ever come. So a reply that is to retell asks what stood at the same place of the call.
"""

from __future__ import annotations

from collections.abc import Sequence

from musedaemon.core.memory import NoteClasses, SessionMemory
from musedaemon.core.recollection import Recollection
from musedaemon.core.sampling import Floats
from musedaemon.model.protocol import FloatArray

FAITH = 0.99
"""The chance of the pitch that stood there: now and then a retelling goes its own way."""


class _AtThatPlace:
    """A `Recollection` that holds to the kept note's pitch, whatever rhythm the reply has come to."""

    def __init__(self, recalled: Recollection, kept: NoteClasses) -> None:
        self._recalled = recalled
        self._kept = kept

    def shift(self, logits: FloatArray) -> Floats:
        return self._recalled.shift(logits)

    def pitch(self, logits: FloatArray, shift: int) -> Floats:
        weights = self._recalled.pitch(logits, self._kept.shift)
        retold: Floats = weights * ((1.0 - FAITH) / weights.sum())
        retold[self._kept.pitch] += FAITH
        return retold

    def velocity(self, logits: FloatArray, shift: int, pitch: int) -> Floats:
        return self._recalled.velocity(logits, self._kept.shift, pitch)

    def duration(self, logits: FloatArray, shift: int, pitch: int) -> Floats:
        """No longer than it was: the same pitch may come again soon."""
        weights = self._recalled.duration(logits, self._kept.shift, pitch).copy()
        weights[self._kept.duration + 1 :] = 0.0
        return weights


class Retelling:
    """Goes through the kept notes of a call. Owned by one reply, on the engine's thread."""

    def __init__(self, memory: SessionMemory | None = None, handles: Sequence[int] = ()) -> None:
        """`handles` of the notes to retell, in order; none for a reply that goes its own way."""
        self._memory = memory
        self._handles = handles
        self._told = 0

    @property
    def underway(self) -> bool:
        """Whether there is more to retell."""
        return self._told < len(self._handles)

    @property
    def whole(self) -> bool:
        """Whether the call was retold to its last note."""
        return 0 < len(self._handles) == self._told

    def recall(self) -> Recollection | None:
        """What stood at this place of the call; None once the reply goes its own way, or the call is at its end."""
        if self._memory is None or (kept := self._kept()) is None:
            return None
        return _AtThatPlace(self._memory.recall_again(self._handles[self._told]), kept)

    def go_on(self, pitch: int) -> None:
        """The reply has this pitch at this place."""
        kept = self._kept()
        if kept is None or kept.pitch != pitch:
            self._handles, self._told = (), 0
        else:
            self._told += 1

    def _kept(self) -> NoteClasses | None:
        if self._memory is None or not self.underway:
            return None
        return self._memory.kept(self._handles[self._told])
