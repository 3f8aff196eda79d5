"""The session memory over whole pieces, with the daemon's own `SessionMemory`, note by note as the daemon calls it."""

from __future__ import annotations

import heapq
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from musedaemon.core.memory import DURATION_UNKNOWN, TUNED_DIAL, NoteClasses, SessionMemory
from musedaemon.core.recollection import Recollection
from musedaemon.core.trail import NO_TRAIL
from musedaemon.encoding import ticks_to_class
from musedaemon.model.protocol import FloatArray
from musedaemon_evaluation.pieces import Score
from musedaemon_evaluation.predicting import Predictions

Logits = tuple[npt.NDArray[np.floating], ...]


def with_memory(score: Score, predictions: Predictions, dial: float = TUNED_DIAL) -> Iterator[Logits]:
    """The logits of each note after the first, the memory mixed in.

    As in a session, a note is kept once it has begun, and its duration is known once it has ended.
    """
    given = score.playing.given.astype(np.int64)
    onset = score.notes["onset"].astype(np.int64)
    end = onset + score.notes["duration"]
    duration = ticks_to_class(score.notes["duration"])
    memory = SessionMemory(predictions.keys.shape[1], dial)
    key: FloatArray = np.zeros(predictions.keys.shape[1], dtype=np.float32)
    trail = NO_TRAIL
    held: list[tuple[int, int, int]] = []
    for index in range(len(score.playing)):
        while held and held[0][0] <= onset[index]:
            memory.finish(*heapq.heappop(held)[1:])
        if index > 0:
            key = predictions.keys[index - 1]
            recollection = memory.recall(key, trail)
            yield _asked(recollection, tuple(field[index - 1] for field in predictions.logits), given[:, index])
        shift, pitch, velocity = int(given[0, index]), int(given[4, index]), int(given[5, index])
        handle = memory.remember(key, trail, NoteClasses(shift, pitch, velocity, DURATION_UNKNOWN))
        heapq.heappush(held, (int(end[index]), handle, int(duration[index])))
        trail = trail.followed(pitch)


def _asked(recollection: Recollection, logits: tuple[FloatArray, ...], note: npt.NDArray[np.int64]) -> Logits:
    shift, pitch = int(note[0]), int(note[4])
    return (
        recollection.shift(logits[0]),
        recollection.pitch(logits[1], shift),
        recollection.velocity(logits[2], shift, pitch),
        recollection.duration(logits[3], shift, pitch),
    )
