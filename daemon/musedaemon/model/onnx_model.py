"""A model file, its step run by onnxruntime once a note: the one place in the daemon that knows onnxruntime."""

from __future__ import annotations

import errno
from collections.abc import Sequence
from functools import cache
from importlib import resources
from itertools import chain
from pathlib import Path

import numpy as np
import onnxruntime  # type: ignore[import-untyped]

from musedaemon.encoding import ENCODING_VERSION, TIME_CLASSES, Context
from musedaemon.errors import ModelError
from musedaemon.model.card import CARD_KEY, ModelCard, card_from_json
from musedaemon.model.extraction import extracted
from musedaemon.model.heads import HEAD_TENSORS, HEADS, Head, heads_of
from musedaemon.model.inspection import UnfitModelError, inspect
from musedaemon.model.keys import key_of
from musedaemon.model.probing import probe, within
from musedaemon.model.protobuf import MalformedError, begins_like_a_model, metadata
from musedaemon.model.protocol import FloatArray, State
from musedaemon.model.rows import PITCH, VELOCITY, known_rows
from musedaemon.model.tensors import float_tensors
from musedaemon.plain_file import MEGABYTE, read_plain

_FLOATS, _WHOLE = "tensor(float)", "tensor(int64)"
INPUTS = {"rows": (_WHOLE, 3), "h": (_FLOATS, 3), "c": (_FLOATS, 3)}
"""Type and rank of each input of the step (docs/model-format.md)."""
OUTPUTS = ("shift_logits", "h_out", "c_out", "prepared")

MOST_BYTES = 256 * MEGABYTE
MOST_MEMORY = 1 << 30
"""Of what onnxruntime may take for weights and for the numbers between them, all models of a process together."""
LONGEST_S = 60.0
"""For opening a model and for a first note: a thousand times what it takes on a slow machine."""

_DEFAULT_FILE = "default.onnx"

onnxruntime.disable_telemetry_events()  # what it tells the system on Windows; the rest: musedaemon/__init__.py


class OnnxModel:
    """A `NoteModel` on one thread of the processor. What it gives is new memory at each call, and can be kept."""

    def __init__(self, step: onnxruntime.InferenceSession, heads: Sequence[Head], card: ModelCard, size: int) -> None:
        self.card = card
        self.size = size
        """Bytes of the model's file, nearly all of them weights."""
        self._step = step
        self._pitch, self._velocity, self._duration = heads
        self._outputs = list(OUTPUTS)

    @staticmethod
    def load(path: Path) -> OnnxModel:
        """Read a model file. Raises ModelError, naming the file, when it cannot be used."""
        try:
            data = read_plain(path.expanduser(), MOST_BYTES)
        except OSError as error:
            is_folder = error.errno == errno.EISDIR
            todo = "export/export.py makes a model of a checkpoint" if is_folder else "check the path"
            raise ModelError(f"The model {path} cannot be opened ({error.strerror}); {todo}.") from error
        except RuntimeError as error:  # ~ of a user there is not
            raise ModelError(f"The model {path} cannot be opened ({error}); check the path.") from error
        return OnnxModel.from_bytes(data, str(path))

    @staticmethod
    def from_bytes(data: bytes, name: str) -> OnnxModel:
        """A model from its file's bytes; `name` is for messages. Raises ModelError when it cannot be used."""
        card = _card(data, name)
        try:
            return within(LONGEST_S, lambda: _opened(data, card, name))
        except TimeoutError as error:
            raise ModelError(
                f"The model {name} takes more than {LONGEST_S:.0f} s for its first note; take another."
            ) from error

    def initial_state(self) -> State:
        """The state before anything was heard: zeros, and no opinion on the first shift."""
        zeros = np.zeros((self.card.layers, 1, self.card.hidden), dtype=np.float32)
        prepared = np.zeros(_prepared_width(self._step), dtype=np.float32)
        return State(zeros, zeros, prepared, np.zeros(TIME_CLASSES, dtype=np.float32), key_of(zeros))

    def step(self, state: State, context: Context, pitch: int, velocity: int) -> State:
        """The state after a note."""
        rows = [*known_rows(context), PITCH + pitch, VELOCITY + velocity]
        given = {"rows": np.array([[rows]], dtype=np.int64), "h": state.h, "c": state.c}
        logits, h, c, prepared = self._step.run(self._outputs, given)
        return State(h, c, prepared[0, 0], logits[0, 0], key_of(h))

    def pitch_logits(self, state: State, context: Context) -> FloatArray:
        """[128] for the next note."""
        return self._pitch.logits(state.prepared, known_rows(context))

    def velocity_logits(self, state: State, context: Context, pitch: int) -> FloatArray:
        """[VELOCITY_CLASSES] for the next note."""
        return self._velocity.logits(state.prepared, [*known_rows(context), PITCH + pitch])

    def duration_logits(self, state: State, context: Context, pitch: int, velocity: int) -> FloatArray:
        """[TIME_CLASSES] for the next note."""
        return self._duration.logits(state.prepared, [*known_rows(context), PITCH + pitch, VELOCITY + velocity])


def load_default() -> OnnxModel:
    """The model that ships with musedaemon. Raises ModelError where the installation has none."""
    asset = resources.files("musedaemon") / "assets" / _DEFAULT_FILE
    try:
        data = asset.read_bytes()
    except OSError as error:
        raise ModelError(
            "This installation holds no default model; install musedaemon again, or name one with --model."
        ) from error
    return OnnxModel.from_bytes(data, "the default model")


def _opened(data: bytes, card: ModelCard, name: str) -> OnnxModel:
    step = _session(data, name)
    try:
        _check_step(step, card)
        tensors = float_tensors(data, set(chain(*HEAD_TENSORS.values())))
        heads = heads_of(tensors, _prepared_width(step) // len(HEADS))
    except ValueError as error:
        raise ModelError(
            f"The model {name} has other inputs or outputs than a musedaemon model; export it with export/export.py."
        ) from error
    model = OnnxModel(step, heads, card, len(data))
    try:
        problem = probe(model)
    except Exception as error:
        # As in `_session`: onnxruntime's exceptions share no public base.
        raise ModelError(f"The model {name} cannot play a note; export it again.") from error
    if problem:
        raise ModelError(f"The model {name} {problem}; export it again from a checkpoint that trained well.")
    return model


def _card_text(data: bytes, name: str) -> str:
    try:
        inspect(data)
        text = metadata(data).get(CARD_KEY)
    except MalformedError as error:
        raise ModelError(f"The model {name} is damaged or cut short; copy it again, or export it again.") from error
    except UnfitModelError as error:
        raise ModelError(f"The model {name} {error}; export it again with export/export.py.") from error
    if text is None:
        raise ModelError(f"The model {name} has no musedaemon card; make one with export/export.py.")
    return text


def _card(data: bytes, name: str) -> ModelCard:
    try:
        text = _card_text(data, name)
    except ModelError as error:
        if begins_like_a_model(data):
            raise
        raise ModelError(f"The model {name} is no ONNX model; name a .onnx file that export/export.py made.") from error
    try:
        card = card_from_json(text)
    except ModelError as error:
        raise ModelError(f"The model {name} cannot be used, {error}; export it again.") from error
    if card.encoding_version != ENCODING_VERSION:
        raise ModelError(
            f"The model {name} is of note encoding {card.encoding_version}, this musedaemon needs {ENCODING_VERSION}:"
            " export one that fits."
        )
    return card


def _session(data: bytes, name: str) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.add_session_config_entry("session.inter_op.allow_spinning", "0")
    options.add_session_config_entry("session.use_env_allocators", "1")
    options.log_severity_level = 4
    _bound_memory()
    try:
        own = extracted(data, OUTPUTS)
        # Falling back, it would print on its own and try the same again.
        return onnxruntime.InferenceSession(own, options, providers=["CPUExecutionProvider"], enable_fallback=0)
    except Exception as error:
        # onnxruntime's exceptions share no public base; any of them means that the file is of no use.
        raise ModelError(
            f"The model {name} is damaged, onnxruntime refuses it; copy it again, or export it again."
        ) from error


@cache
def _bound_memory() -> None:
    """A small file can ask for any amount: products of long weights, sums that spread. onnxruntime gives up instead."""
    info = onnxruntime.OrtMemoryInfo(
        "Cpu", onnxruntime.OrtAllocatorType.ORT_ARENA_ALLOCATOR, 0, onnxruntime.OrtMemType.DEFAULT
    )
    # -1: as onnxruntime chooses.
    onnxruntime.create_and_register_allocator(info, onnxruntime.OrtArenaCfg(MOST_MEMORY, -1, -1, -1))


def _check_step(step: onnxruntime.InferenceSession, card: ModelCard) -> None:
    inputs, outputs = step.get_inputs(), step.get_outputs()
    state = {i.name: (i.shape[0], i.shape[2]) for i in inputs if i.name in ("h", "c")}
    sizes = (card.layers, card.hidden)
    if (
        {i.name: (i.type, len(i.shape)) for i in inputs} != INPUTS
        or {o.name for o in outputs} != set(OUTPUTS)
        or state != {"h": sizes, "c": sizes}
    ):
        raise ValueError("the step has another interface")


def _prepared_width(step: onnxruntime.InferenceSession) -> int:
    """How many numbers the heads take from the state together, 0 where that is open."""
    sizes = [o.shape[-1] for o in step.get_outputs() if o.name == "prepared" and o.shape]
    return int(sizes[0]) if sizes and isinstance(sizes[0], int) else 0
