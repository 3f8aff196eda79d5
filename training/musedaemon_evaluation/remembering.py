"""The session memory over whole pieces, with the daemon's own `SessionMemory`, note by note as the daemon calls it."""

from __future__ import annotations

import heapq
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from musedaemon.core.memory import DURATION_UNKNOWN, TUNED_DIAL, NoteClasses, SessionMemory
from musedaemon.core.recollection import Recollection
from musedaemon.core.trail import NO_TRAIL
from musedaemon.encoding import time_class
from musedaemon.model.protocol import FloatArray
from musedaemon_evaluation.pieces import Score
from musedaemon_evaluation.predicting import Predictions

_TINY = 1e-30

Logits = tuple[npt.NDArray[np.floating], ...]


def with_memory(score: Score, predictions: Predictions, dial: float = TUNED_DIAL) -> Iterator[Logits]:
    """The logits of each note after the first, the memory mixed in."""
    shifts, pitches = score.playing.asked[0].tolist(), score.playing.asked[4].tolist()
    for index, recollection in enumerate(recollections(score, predictions.keys, dial)):
        own, shift, pitch = predictions.logits, shifts[index + 1], pitches[index + 1]
        weights = (
            recollection.shift(own[0][index]),
            recollection.pitch(own[1][index], shift),
            recollection.velocity(own[2][index], shift, pitch),
            recollection.duration(own[3][index], shift, pitch),
        )
        yield tuple(np.log(np.maximum(field, _TINY)) for field in weights)


def recollections(score: Score, keys: FloatArray, dial: float = TUNED_DIAL) -> Iterator[Recollection]:
    """What is recalled before each note after the first, whose `keys` are given [N - 1, K].

    As in a session, a note is kept once it has begun, and its duration is known once it has ended.
    """
    memory = SessionMemory(keys.shape[1], dial)
    key: FloatArray = np.zeros(keys.shape[1], dtype=np.float32)
    trail = NO_TRAIL
    held: list[tuple[int, int, int]] = []
    shifts, pitches, velocities = (score.playing.given[row].tolist() for row in (0, 4, 5))
    onsets, durations = score.notes["onset"].tolist(), score.notes["duration"].tolist()
    for index, onset in enumerate(onsets):
        while held and held[0][0] <= onset:
            memory.finish(*heapq.heappop(held)[1:])
        if index > 0:
            key = keys[index - 1]
            yield memory.recall(key, trail)
        note = NoteClasses(shifts[index], pitches[index], velocities[index], DURATION_UNKNOWN)
        handle = memory.remember(key, trail, note)
        heapq.heappush(held, (onset + durations[index], handle, time_class(durations[index])))
        trail = trail.followed(pitches[index], velocities[index])
