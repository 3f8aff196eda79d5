"""Session memory: the notes heard in this session, recalled where they fit, so that motifs are picked up (DESIGN 5).

A continuous cache (Grave, Joulin & Usunier 2016, "Improving neural language models with a continuous cache"): each note
is kept with the model's key before it (`model/keys.py`), and with the pitches before it, its trail.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from musedaemon.core.recollection import (
    COMMON_NOTES,
    NO_CHANGE,
    NO_INTERVAL,
    NO_RISE,
    NO_STEP,
    Nothing,
    Recalled,
    Recollection,
    past_of,
)
from musedaemon.core.trail import NEVER_KEPT, TRAIL_NOTES, Trail, passage
from musedaemon.encoding import PITCHES, TIME_CLASSES, VELOCITY_UNKNOWN
from musedaemon.model.protocol import FloatArray

REACH = 1024
"""How many notes are kept: neither a note's cost nor the room it takes grows with the session."""
TUNED_DIAL = 0.5
"""The place on the dial where the votes weigh as tuned."""
DURATION_UNKNOWN = TIME_CLASSES
"""The key is still held: no vote for a duration until `finish` tells it."""

_MOST_DIAL = 0.98
_NO_HANDLE = -1
_NO_PITCH = -1
_NOBODY = (PITCHES,) * COMMON_NOTES
_FORGOTTEN = (TIME_CLASSES, PITCHES, NO_STEP, TIME_CLASSES, NO_RISE)
"""In the order of `Past.classes`: votes for nothing."""


class NoteClasses(NamedTuple):
    """A note as the encoding's classes, or VELOCITY_UNKNOWN and DURATION_UNKNOWN, one past the last class."""

    shift: int
    pitch: int
    velocity: int
    duration: int


class SessionMemory:
    """The last `REACH` notes that were really heard; ours are taken out when our turn is over. Owned by the engine.

    `dial` is the musician's, 0 to 1: 0 leaves the model's own distributions untouched, `TUNED_DIAL` is as tuned, 1
    plays the phrase back.
    """

    def __init__(self, size: int, dial: float = TUNED_DIAL) -> None:
        self.dial = dial
        self._count = 0
        self._filled = 0
        self._handles = np.full(REACH, _NO_HANDLE, dtype=np.int64)
        self._trails = np.zeros((REACH, TRAIL_NOTES + 1), dtype=np.int16)
        self._past = past_of(
            keys=np.zeros((REACH, size), dtype=np.float32),
            passages=np.zeros((2, REACH), dtype=np.uint64),
            recent=np.zeros((REACH, COMMON_NOTES), dtype=np.int64),
            classes=np.zeros((len(_FORGOTTEN), REACH), dtype=np.int64),
        )

    def __len__(self) -> int:
        return int((self._handles != _NO_HANDLE).sum())

    def remember(self, key: FloatArray, trail: Trail, note: NoteClasses) -> int:
        """Keep a note that was heard after this key [K] and trail; the oldest makes room.

        Returns its handle; handles count up from 0.
        """
        handle, slot = self._count, self._count % REACH
        self._count += 1
        self._filled = max(self._filled, slot + 1)
        self._handles[slot] = handle
        self._trails[slot] = [*trail.last, *[_NO_PITCH] * (TRAIL_NOTES - len(trail.last)), trail.velocity]
        past = self._past
        past.keys[slot] = key
        past.passages[:, slot] = np.frombuffer(passage(trail, NEVER_KEPT), dtype=np.uint64)
        past.recent[slot] = (*trail.last, *_NOBODY)[:COMMON_NOTES]
        known = VELOCITY_UNKNOWN not in (note.velocity, trail.velocity)
        rise = note.velocity - trail.velocity + NO_CHANGE if known else NO_RISE
        step = note.pitch - trail.last[0] + NO_INTERVAL if trail.last else NO_STEP
        past.classes[:, slot] = note.shift, note.pitch, step, note.duration, rise
        return handle

    def finish(self, handle: int, duration: int) -> None:
        """A kept note has ended: the class of its duration is known. A note that is kept no longer is passed over."""
        if self._handles[handle % REACH] == handle:
            self._past.duration[handle % REACH] = duration

    def forget_from(self, handle: int) -> None:
        """Take back this note and all after it; what they had pushed out stays forgotten."""
        taken_back = self._handles >= handle
        self._handles[taken_back] = _NO_HANDLE
        self._past.classes[:, taken_back] = np.array(_FORGOTTEN)[:, None]
        self._count = min(self._count, handle)

    def forget(self, handles: Sequence[int]) -> None:
        """Let these notes go; what they had pushed out stays forgotten. Those at the end make room again."""
        kept = [handle for handle in handles if self._handles[handle % REACH] == handle]
        slots = [handle % REACH for handle in kept]
        self._handles[slots] = _NO_HANDLE
        self._past.classes[:, slots] = np.array(_FORGOTTEN)[:, None]
        # No farther back than the first of them: a handle from before stands for its own note alone.
        while kept and self._count > kept[0] and self._handles[(self._count - 1) % REACH] == _NO_HANDLE:
            self._count -= 1

    def recall(self, key: FloatArray, trail: Trail) -> Recollection:
        """What the kept notes say of the note after this key [K] and trail; good until the next change."""
        if self.dial <= 0.0 or self._count == 0:
            return Nothing()
        return self._recalled(key, trail)

    def recall_again(self, handle: int) -> Recollection:
        """What the kept notes say of the note that one of them is: as `recall` before that one; it must be kept."""
        slot = handle % REACH
        *last, velocity = self._trails[slot].tolist()
        trail = Trail(tuple(pitch for pitch in last if pitch != _NO_PITCH), velocity)
        return self._recalled(self._past.keys[slot], trail)

    def kept(self, handle: int) -> NoteClasses | None:
        """The shift, pitch and duration of a note; None where it is kept no longer."""
        slot, past = handle % REACH, self._past
        if self._handles[slot] != handle:
            return None
        return NoteClasses(int(past.shift[slot]), int(past.pitch[slot]), VELOCITY_UNKNOWN, int(past.duration[slot]))

    def _recalled(self, key: FloatArray, trail: Trail) -> Recalled:
        known = self._past if self._filled == REACH else self._past.first(self._filled)
        dial = min(self.dial, _MOST_DIAL)
        return Recalled(known, key, trail, dial / (1.0 - dial))
