"""Session memory: the notes heard in this session, recalled where they fit, so that motifs are picked up (DESIGN 5).

A continuous cache (Grave, Joulin & Usunier 2016, "Improving neural language models with a continuous cache"): each note
is kept with the model's hidden vector before it, its key (folded small), and with the pitches before it, its trail.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from musedaemon.core.recollection import Nothing, Past, Recalled, Recollection, folded, folded_size
from musedaemon.core.trail import NEVER_KEPT, RUN_NOTES, Trail, passage
from musedaemon.encoding import PITCHES, TICKS_OF_CLASS, TIME_CLASSES, VELOCITY_CLASSES, VELOCITY_UNKNOWN
from musedaemon.model.protocol import FloatArray

REACH = 1024
"""How many notes are kept: neither a note's cost nor the room it takes grows with the session."""
TUNED_DIAL = 0.5
"""The place on the dial where the votes weigh as tuned."""
DURATION_UNKNOWN = TIME_CLASSES
"""The key is still held: no vote for a duration until `finish` tells it."""

_MOST_DIAL = 0.98
_NO_HANDLE = -1
_NO_STEP = 2 * PITCHES
_NO_RISE = 2 * VELOCITY_CLASSES


class NoteClasses(NamedTuple):
    """A note as the encoding's classes, or VELOCITY_UNKNOWN and DURATION_UNKNOWN, one past the last class."""

    shift: int
    pitch: int
    velocity: int
    duration: int


class SessionMemory:
    """The last `REACH` notes that were really heard. Owned by the engine.

    `dial` is the musician's, 0 to 1: 0 leaves the model's own distributions untouched, `TUNED_DIAL` is as tuned, 1
    plays the phrase back.
    """

    def __init__(self, hidden: int, dial: float = TUNED_DIAL) -> None:
        self.dial = dial
        self._count = 0
        self._filled = 0
        self._handles = np.full(REACH, _NO_HANDLE, dtype=np.int64)
        self._past = Past(
            keys=np.zeros((REACH, folded_size(hidden)), dtype=np.float32),
            passages=np.zeros((REACH, 2 * RUN_NOTES), dtype=np.int16),
            shift=np.zeros(REACH, dtype=np.int64),
            pitch=np.zeros(REACH, dtype=np.int64),
            duration=np.zeros(REACH, dtype=np.int64),
            shift_ticks=np.zeros(REACH, dtype=np.float32),
            step=np.zeros(REACH, dtype=np.int64),
            rise=np.zeros(REACH, dtype=np.int64),
        )

    def __len__(self) -> int:
        return int((self._handles != _NO_HANDLE).sum())

    def remember(self, key: FloatArray, trail: Trail, note: NoteClasses) -> int:
        """Keep a note that was heard after this top hidden vector [H] and trail; the oldest makes room.

        Returns its handle; handles count up from 0.
        """
        handle, slot = self._count, self._count % REACH
        self._count += 1
        self._filled = max(self._filled, slot + 1)
        self._handles[slot] = handle
        past = self._past
        past.keys[slot] = folded(key)
        past.passages[slot] = passage(trail, NEVER_KEPT)
        past.shift[slot], past.pitch[slot], past.duration[slot] = note.shift, note.pitch, note.duration
        past.shift_ticks[slot] = TICKS_OF_CLASS[note.shift]
        known = VELOCITY_UNKNOWN not in (note.velocity, trail.velocity)
        past.rise[slot] = note.velocity - trail.velocity if known else _NO_RISE
        past.step[slot] = note.pitch - trail.last[0] if trail.last else _NO_STEP
        return handle

    def finish(self, handle: int, duration: int) -> None:
        """A kept note has ended: the class of its duration is known. A note that is kept no longer is passed over."""
        if self._handles[handle % REACH] == handle:
            self._past.duration[handle % REACH] = duration

    def forget_from(self, handle: int) -> None:
        """Take back this note and all after it; what they had pushed out stays forgotten."""
        taken_back = self._handles >= handle
        self._handles[taken_back] = _NO_HANDLE
        past = self._past
        past.shift[taken_back] = past.duration[taken_back] = TIME_CLASSES
        past.pitch[taken_back] = PITCHES
        past.rise[taken_back] = _NO_RISE
        past.step[taken_back] = _NO_STEP
        self._count = min(self._count, handle)

    def recall(self, key: FloatArray, trail: Trail) -> Recollection:
        """What the kept notes say of the note after this hidden vector [H] and trail; good until the next change."""
        if self.dial <= 0.0 or self._count == 0:
            return Nothing()
        known = self._past if self._filled == REACH else self._past.first(self._filled)
        dial = min(self.dial, _MOST_DIAL)
        return Recalled(known, folded(key), trail, dial / (1.0 - dial))
