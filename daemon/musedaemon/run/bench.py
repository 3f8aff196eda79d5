"""What a note costs on this machine: the model's step, and the whole note with its four samples."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

from musedaemon.core.dynamics import Dynamics
from musedaemon.core.improviser import Improviser, NoteShape
from musedaemon.core.leaning import to_no_beat
from musedaemon.core.limits import without_limits
from musedaemon.core.liveliness import Liveliness, SoFar
from musedaemon.core.memory import REACH, NoteClasses, SessionMemory
from musedaemon.core.moment import Moment, opening
from musedaemon.core.sampling import SamplingSettings
from musedaemon.core.texture import Room
from musedaemon.encoding import MAX_TICKS, VELOCITY_UNKNOWN
from musedaemon.model.keys import key_of
from musedaemon.model.protocol import NoteModel

NOTE_ON_WIRE_MS = 0.96
"""Three bytes at 31,250 baud, ten bits each (MIDI 1.0): a note must not take longer to think of than to send."""

_WARM_UP = 50
_BPM = 120.0
_READS = 60
_LARGER_THAN_CACHE = 256 * 2**20


class Times(NamedTuple):
    """Milliseconds: the median, and what one in twenty and one in a hundred exceeds."""

    p50: float
    p95: float
    p99: float


class Bench(NamedTuple):
    """One run's figures. `weights_read_ms` is the time to read as many bytes as the model has, once, from memory."""

    step: Times
    note: Times
    weights_read_ms: float


def measure(model: NoteModel, model_bytes: int, notes: int) -> Bench:
    """Time `notes` steps and as many whole notes. Takes a few seconds; called on one thread."""
    return Bench(_times(_steps(model), notes), _times(whole_notes(model), notes), _weights_read_ms(model_bytes))


def _times(run: Iterator[None], count: int) -> Times:
    for _ in range(_WARM_UP):
        next(run)
    taken = [_milliseconds(lambda: next(run)) for _ in range(count)]
    p50, p95, p99 = np.percentile(taken, (50, 95, 99))
    return Times(float(p50), float(p95), float(p99))


def _milliseconds(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return (time.perf_counter() - start) * 1000.0


def _steps(model: NoteModel) -> Iterator[None]:
    moment = opening(model, 0.0)
    context = moment.tracker.context(0)
    state = moment.state
    pitch = 60
    while True:
        state = model.step(state, context, pitch, VELOCITY_UNKNOWN)
        pitch = 48 + (pitch - 48 + 7) % 36
        yield


def whole_notes(model: NoteModel) -> Iterator[None]:
    """Each `next` samples one whole note with the session memory full, as late in a jam; never ends."""
    moment = _first(model)
    memory = SessionMemory(len(moment.key))
    improviser = Improviser(model, memory, SamplingSettings())
    rng = np.random.default_rng(0)
    any_loudness = Dynamics(np.full(4, 64.0), 20.0).lean(0)
    trail = moment.trail
    for index in range(REACH):
        key = key_of(rng.standard_normal(len(moment.key), dtype=np.float32))
        pitch = 36 + index % 48
        memory.remember(key, trail, NoteClasses(12, pitch, 16, 12))
        trail = trail.followed(pitch, 16)
    limits = without_limits(SamplingSettings().playable())
    together = 1
    so_far = SoFar(Liveliness(12.0, 2.0, 60.0))
    while True:
        recalled = improviser.recall(moment)
        room = Room(together < limits.voices, 1)
        onset = improviser.next_onset(moment, recalled, room, to_no_beat() * so_far.shifts(), rng)
        together = together + 1 if onset == moment.tick else 1
        leaning = limits._replace(leaning=limits.leaning * so_far.pitches())
        note = improviser.sample_note(moment, recalled, NoteShape(onset, MAX_TICKS, any_loudness, leaning), _BPM, rng)
        if note:
            so_far.strike(onset, note.pitch)
        if note and note.after.note:
            memory.remember(moment.key, moment.trail, note.after.note)
        moment = note.after if note else _first(model)
        yield


def _first(model: NoteModel) -> Moment:
    return opening(model, 0.0).heard(model, 0.0, 60, VELOCITY_UNKNOWN, _BPM)


def _weights_read_ms(size: int) -> float:
    """The median time to read `size` bytes past the cache: each read takes the next piece of a large buffer."""
    words = max(size // 8, 1)
    pieces = max(_LARGER_THAN_CACHE // (words * 8), 2)
    buffer = np.ones((pieces, words), dtype=np.int64)
    taken = [_milliseconds(buffer[index % pieces].sum) for index in range(_READS)]
    return float(np.median(taken))
