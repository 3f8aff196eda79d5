"""A model file run by onnxruntime, one step a note: the one place in the daemon that knows onnxruntime."""

from __future__ import annotations

from functools import cache
from importlib import resources
from pathlib import Path

import numpy as np
import onnxruntime  # type: ignore[import-untyped]

from musedaemon.encoding import ENCODING_VERSION, TIME_CLASSES, Context
from musedaemon.errors import ModelError
from musedaemon.model.card import CARD_KEY, ModelCard, card_from_json
from musedaemon.model.extraction import extracted
from musedaemon.model.inspection import UnfitModelError, inspect
from musedaemon.model.keys import key_of
from musedaemon.model.probing import probe, within
from musedaemon.model.protobuf import MalformedError, metadata
from musedaemon.model.protocol import FloatArray, State
from musedaemon.model.rows import PITCH, VELOCITY, known_rows
from musedaemon.plain_file import MEGABYTE, read_plain

Interface = dict[str, tuple[str, int]]

_FLOATS, _WHOLE = "tensor(float)", "tensor(int64)"
_ROWS = {"rows": (_WHOLE, 3)}
STEP_INPUTS: Interface = {**_ROWS, "h": (_FLOATS, 3), "c": (_FLOATS, 3)}
STEP_OUTPUTS = ("shift_logits", "h_out", "c_out", "prepared")
HEADS = ("pitch", "velocity", "duration")
"""In the order of their shares of `prepared`."""
PARTS: dict[str, tuple[Interface, tuple[str, ...]]] = {
    "step": (STEP_INPUTS, STEP_OUTPUTS),
    **{head: ({**_ROWS, f"{head}_prepared": (_FLOATS, 2)}, (f"{head}_logits",)) for head in HEADS},
}
"""By part: type and rank of each input, and the outputs (docs/model-format.md)."""

MOST_BYTES = 256 * MEGABYTE
MOST_MEMORY = 1 << 30
"""Of what onnxruntime may take for weights and for the numbers between them, all models of a process together."""
LONGEST_S = 60.0
"""For opening a model and for a first note: a thousand times what it takes on a slow machine."""

_DEFAULT_FILE = "default.onnx"


class _Head:
    """The logits of one field of the next note."""

    def __init__(self, session: onnxruntime.InferenceSession, name: str, width: int) -> None:
        self._session = session
        self._logits = [f"{name}_logits"]
        self._prepared = f"{name}_prepared"
        start = HEADS.index(name) * width
        self._share = slice(start, start + width)

    def logits(self, state: State, rows: list[int]) -> FloatArray:
        """[classes] from the state and the rows of what is known of the note."""
        given = {"rows": np.array([[rows]], dtype=np.int64), self._prepared: state.prepared[:, self._share]}
        logits: FloatArray = self._session.run(self._logits, given)[0][0]
        return logits


class OnnxModel:
    """A `NoteModel` on one thread of the processor. What it gives is new memory at each call, and can be kept."""

    def __init__(self, sessions: dict[str, onnxruntime.InferenceSession], card: ModelCard, size: int) -> None:
        self.card = card
        self.size = size
        """Bytes of the model's file, nearly all of them weights."""
        self._session = sessions["step"]
        width = _width(sessions["pitch"])
        self._pitch, self._velocity, self._duration = (_Head(sessions[name], name, width) for name in HEADS)
        self._state_shape = (card.layers, 1, card.hidden)
        self._prepared_shape = (1, len(HEADS) * width)
        self._outputs = list(STEP_OUTPUTS)

    @staticmethod
    def load(path: Path) -> OnnxModel:
        """Read a model file. Raises ModelError, naming the file, when it cannot be used."""
        try:
            data = read_plain(path.expanduser(), MOST_BYTES)
        except OSError as error:
            raise ModelError(f"The model {path} cannot be opened ({error.strerror}); check the path.") from error
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
        zeros = np.zeros(self._state_shape, dtype=np.float32)
        prepared = np.zeros(self._prepared_shape, dtype=np.float32)
        return State(zeros, zeros, prepared, np.zeros(TIME_CLASSES, dtype=np.float32), key_of(zeros))

    def step(self, state: State, context: Context, pitch: int, velocity: int) -> State:
        """The state after a note."""
        rows = [*known_rows(context), PITCH + pitch, VELOCITY + velocity]
        given = {"rows": np.array([[rows]], dtype=np.int64), "h": state.h, "c": state.c}
        logits, h, c, prepared = self._session.run(self._outputs, given)
        return State(h, c, prepared[0], logits[0, 0], key_of(h))

    def pitch_logits(self, state: State, context: Context) -> FloatArray:
        """[128] for the next note."""
        return self._pitch.logits(state, known_rows(context))

    def velocity_logits(self, state: State, context: Context, pitch: int) -> FloatArray:
        """[VELOCITY_CLASSES] for the next note."""
        return self._velocity.logits(state, [*known_rows(context), PITCH + pitch])

    def duration_logits(self, state: State, context: Context, pitch: int, velocity: int) -> FloatArray:
        """[TIME_CLASSES] for the next note."""
        return self._duration.logits(state, [*known_rows(context), PITCH + pitch, VELOCITY + velocity])


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
    sessions = {part: _session(data, part, name) for part in PARTS}
    _check_interface(sessions, card, name)
    model = OnnxModel(sessions, card, len(data))
    try:
        problem = probe(model)
    except Exception as error:
        # As in `_session`: onnxruntime's exceptions share no public base.
        raise ModelError(f"The model {name} cannot play a note; export it again.") from error
    if problem:
        raise ModelError(f"The model {name} {problem}; export it again from a checkpoint that trained well.")
    return model


def _card(data: bytes, name: str) -> ModelCard:
    try:
        inspect(data)
        text = metadata(data).get(CARD_KEY)
    except MalformedError as error:
        raise ModelError(f"The model {name} is damaged or cut short; copy it again, or export it again.") from error
    except UnfitModelError as error:
        raise ModelError(f"The model {name} {error}; export it again with export/export.py.") from error
    if text is None:
        raise ModelError(f"The model {name} has no musedaemon card; make one with export/export.py.")
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


def _session(data: bytes, part: str, name: str) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.add_session_config_entry("session.inter_op.allow_spinning", "0")
    options.add_session_config_entry("session.use_env_allocators", "1")
    options.log_severity_level = 4
    _bound_memory()
    try:
        own = extracted(data, PARTS[part][1])
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


def _check_interface(sessions: dict[str, onnxruntime.InferenceSession], card: ModelCard, name: str) -> None:
    as_told = all(
        {i.name: (i.type, len(i.shape)) for i in sessions[part].get_inputs()} == inputs
        and {o.name for o in sessions[part].get_outputs()} == set(outputs)
        for part, (inputs, outputs) in PARTS.items()
    )
    state = {i.name: (i.shape[0], i.shape[2]) for i in sessions["step"].get_inputs() if i.name in ("h", "c")}
    sizes = (card.layers, card.hidden)
    widths = {_width(sessions[head]) for head in HEADS}
    if not as_told or state != {"h": sizes, "c": sizes} or len(widths) != 1 or 0 in widths:
        raise ModelError(
            f"The model {name} has other inputs or outputs than a musedaemon model; export it with export/export.py."
        )


def _width(head: onnxruntime.InferenceSession) -> int:
    """How many numbers a head takes from the state, 0 where that is open."""
    sizes = [i.shape[-1] for i in head.get_inputs() if i.name.endswith("_prepared")]
    return int(sizes[0]) if sizes and isinstance(sizes[0], int) else 0
