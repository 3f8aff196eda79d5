"""torch against onnxruntime, note by note: an export is refused unless both say the same, the final state
included."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch

from musedaemon.encoding import PITCHES, VELOCITY_CLASSES, VELOCITY_UNKNOWN, Context, ContextTracker
from musedaemon.model.onnx_model import OnnxModel
from musedaemon.model.protocol import FloatArray, State
from musedaemon_training.model import FIELDS, Memory, NoteNet

NOTES = 600


class Heard(NamedTuple):
    """A note with all that the model is told of it."""

    context: Context
    pitch: int
    velocity: int


class Difference(NamedTuple):
    """How far the two are apart on one output: the largest of any number, and for logits the mean KL divergence
    in bits. For a state it is relative where numbers exceed 1: cells of an LSTM can count, and grow large."""

    output: str
    largest: float
    bits: float = 0.0


class Limits(NamedTuple):
    """What is let through: the largest difference of a logit, of a distribution on average, and of `h` and `c`."""

    logit: float
    bits: float
    h: float
    c: float


LIMITS = {"fp32": Limits(1e-4, 1e-8, 1e-4, 1e-4), "int8": Limits(8.0, 0.02, 0.5, 8.0)}
"""By precision. In fp32 only the order of sums differs: 1e-5 was measured on trained nets. In int8 the distributions
count: 0.02 bits for each of the fields would be 1% or so of a note's. A single logit of what is all but impossible may
move far, and so may a cell that counts: on the default net 0.4, 2.5e-4 bits and 0.07, tuned on a few takes of one
player 2.8, 1.1e-2 and 0.8. The limits of the two only refuse what is broken; that the graph is right, its fp32 form
has shown."""
STATE = ("h_out", "c_out")


def played_notes(count: int, seed: int = 0) -> Iterator[Heard]:
    """Notes as a daemon would hear them: melody and chords over held notes, places and velocities known only
    at times."""
    rng = np.random.default_rng(seed)
    tracker = ContextTracker()
    ends: dict[int, int] = {}
    onset, pitch = 0, 60
    for number in range(count):
        onset += int(rng.choice([0, 3, 6, 8, 12, 12, 24, 24, 36, 48, 130]))
        for ended in [p for p, end in ends.items() if end <= onset]:
            tracker.note_off(ends.pop(ended), ended)
        pitch = int(np.clip(pitch + rng.integers(-9, 10), 21, 108))
        if pitch in ends:
            tracker.note_off(onset, pitch)
        knows_places, knows_velocity = number % 200 < 120, number % 150 < 110
        places = (onset, onset % 96) if knows_places else (-1, -1)
        context = tracker.context(onset, *places)
        velocity = int(rng.integers(VELOCITY_CLASSES)) if knows_velocity else VELOCITY_UNKNOWN
        yield Heard(context, pitch, velocity)
        tracker.note_on(onset, pitch)
        ends[pitch] = onset + int(rng.choice([6, 12, 24, 48, 96]))


@torch.no_grad()
def differences(net: NoteNet, model: OnnxModel, count: int = NOTES) -> list[Difference]:
    """The differences over `count` notes: logits of each field before each note, the state after the last."""
    notes = list(played_notes(count))
    with _one_thread():
        ours, memory = _by_torch(net.eval(), notes)
    theirs, state = _by_onnxruntime(model, notes)
    found = [_logit_difference(*pair) for pair in zip(FIELDS, ours, theirs, strict=True)]
    for name, a, b in zip(STATE, memory, (state.h, state.c), strict=True):
        found.append(Difference(name, _state_difference(a.numpy(), b)))
    return found


@contextlib.contextmanager
def _one_thread() -> Iterator[None]:
    """A step of one note is too small to share out: threads would only wait for each other."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def _by_torch(net: NoteNet, notes: list[Heard]) -> tuple[list[FloatArray], Memory]:
    """The logits [notes - 1, classes] of each field, stepped note by note, and the state after the last."""
    classes = torch.tensor([[*heard.context[:4], heard.pitch, heard.velocity] for heard in notes]).T[:, :, None]
    sounding = torch.zeros(len(notes), 1, PITCHES)
    for index, heard in enumerate(notes):
        sounding[index, 0, list(heard.context.sounding)] = 1.0
    memory, tops = net.initial(1), []
    for i in range(len(notes)):
        top, memory = net.listen(classes[:, i : i + 1], sounding[i : i + 1], memory)
        tops.append(top)
    logits = net.ask(torch.cat(tops[:-1]), classes[:, 1:], sounding[1:])
    return [field[:, 0].numpy() for field in logits], memory


def _by_onnxruntime(model: OnnxModel, notes: list[Heard]) -> tuple[list[FloatArray], State]:
    """The same, by the very calls that the daemon makes."""
    state = model.step(model.initial_state(), *notes[0])
    logits: list[tuple[FloatArray, ...]] = []
    for context, pitch, velocity in notes[1:]:
        logits.append(
            (
                state.shift_logits,
                model.pitch_logits(state, context),
                model.velocity_logits(state, context, pitch),
                model.duration_logits(state, context, pitch, velocity),
            )
        )
        state = model.step(state, context, pitch, velocity)
    return [np.stack(field) for field in zip(*logits, strict=True)], state


def _state_difference(ours: FloatArray, theirs: FloatArray) -> float:
    return float((np.abs(ours - theirs) / np.maximum(np.abs(ours), 1.0)).max())


def _logit_difference(name: str, ours: FloatArray, theirs: FloatArray) -> Difference:
    p, q = _log_softmax(ours), _log_softmax(theirs)
    divergence = (np.exp(p) * (p - q)).sum(axis=-1).mean() / np.log(2)
    return Difference(name, float(np.abs(ours - theirs).max()), float(divergence))


def _log_softmax(logits: FloatArray) -> npt.NDArray[np.float64]:
    shifted = logits.astype(np.float64) - logits.max(axis=-1, keepdims=True)
    normal: npt.NDArray[np.float64] = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    return normal


def too_large(found: list[Difference], precision: str) -> list[Difference]:
    """The differences that are beyond what this precision may cost, those that are no number included."""
    limits = LIMITS[precision]
    return [d for d in found if not (d.largest <= _largest(limits, d.output) and d.bits <= limits.bits)]


def _largest(limits: Limits, output: str) -> float:
    return {"h_out": limits.h, "c_out": limits.c}.get(output, limits.logit)
