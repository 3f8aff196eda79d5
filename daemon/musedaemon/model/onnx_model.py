"""A model file run by onnxruntime, one step a note: the one place in the daemon that knows onnxruntime."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import numpy as np
import onnxruntime  # type: ignore[import-untyped]

from musedaemon.encoding import ENCODING_VERSION, PITCHES, TIME_CLASSES, VELOCITY_CLASSES, Context
from musedaemon.errors import ModelError
from musedaemon.model.card import CARD_KEY, ModelCard, card_from_json
from musedaemon.model.protobuf import MalformedError, has_external_data, metadata
from musedaemon.model.protocol import FloatArray, State

STEP, PITCH, VELOCITY, DURATION = range(4)
"""The values of the input `field`."""

CLASSES = {STEP: TIME_CLASSES, PITCH: PITCHES, VELOCITY: VELOCITY_CLASSES, DURATION: TIME_CLASSES}
_STATE = ("tensor(float)", 3)
INPUTS = {
    "field": ("tensor(int64)", 0),
    "note": ("tensor(int64)", 2),
    "sounding": ("tensor(float)", 2),
    "h": _STATE,
    "c": _STATE,
    "prepared": ("tensor(float)", 2),
}
"""Type and rank of each input (docs/model-format.md)."""
OUTPUTS = ("logits", "h_out", "c_out", "prepared_out")

_DEFAULT_FILE = "default.onnx"
_NOTE_FIELDS = 6
"""shift, rest, beat, bar, pitch, velocity."""


class OnnxModel:
    """A `NoteModel` on one thread of the processor. Used by one thread only: its inputs are written in place
    at each call."""

    def __init__(self, session: onnxruntime.InferenceSession, card: ModelCard, size: int) -> None:
        self._session = session
        self.card = card
        self.size = size
        """Bytes of the model's file, nearly all of them weights."""
        self._state_shape = (card.layers, 1, card.hidden)
        self._prepared_shape = (1, _width(session, "prepared"))
        self._note = np.zeros((1, _NOTE_FIELDS), dtype=np.int64)
        self._sounding = np.zeros((1, PITCHES), dtype=np.float32)
        self._fields = [np.array(field) for field in CLASSES]

    @staticmethod
    def load(path: Path) -> OnnxModel:
        """Read a model file. Raises ModelError, naming the file, when it cannot be used."""
        try:
            data = path.expanduser().read_bytes()
        except OSError as error:
            raise ModelError(f"The model {path} cannot be opened ({error.strerror}); check the path.") from error
        return OnnxModel.from_bytes(data, str(path))

    @staticmethod
    def from_bytes(data: bytes, name: str) -> OnnxModel:
        """A model from its file's bytes; `name` is for messages. Raises ModelError when it cannot be used."""
        card = _card(data, name)
        session = _session(data, name)
        _check_interface(session, card, name)
        return OnnxModel(session, card, len(data))

    def initial_state(self) -> State:
        """The state before anything was heard: zeros, and no opinion on the first shift."""
        zeros = np.zeros(self._state_shape, dtype=np.float32)
        prepared = np.zeros(self._prepared_shape, dtype=np.float32)
        return State(zeros, zeros, prepared, np.zeros(TIME_CLASSES, dtype=np.float32))

    def step(self, state: State, context: Context, pitch: int, velocity: int) -> State:
        """The state after a note."""
        logits, h, c, prepared = self._run(STEP, state, context, pitch, velocity, list(OUTPUTS))
        return State(h, c, prepared, logits[0])

    def pitch_logits(self, state: State, context: Context) -> FloatArray:
        """[128] for the next note."""
        return self._logits(PITCH, state, context, 0, 0)

    def velocity_logits(self, state: State, context: Context, pitch: int) -> FloatArray:
        """[VELOCITY_CLASSES] for the next note."""
        return self._logits(VELOCITY, state, context, pitch, 0)

    def duration_logits(self, state: State, context: Context, pitch: int, velocity: int) -> FloatArray:
        """[TIME_CLASSES] for the next note."""
        return self._logits(DURATION, state, context, pitch, velocity)

    def _logits(self, field: int, state: State, context: Context, pitch: int, velocity: int) -> FloatArray:
        logits: FloatArray = self._run(field, state, context, pitch, velocity, ["logits"])[0][0]
        return logits

    def _run(
        self, field: int, state: State, context: Context, pitch: int, velocity: int, outputs: list[str]
    ) -> list[FloatArray]:
        # What comes back is new memory at each call, so that a state can be kept by reference.
        shift, rest, beat, bar, sounding = context
        self._note[0] = shift, rest, beat, bar, pitch, velocity
        self._sounding[0] = sounding
        inputs = {
            "field": self._fields[field],
            "note": self._note,
            "sounding": self._sounding,
            "h": state.h,
            "c": state.c,
            "prepared": state.prepared,
        }
        results: list[FloatArray] = self._session.run(outputs, inputs)
        return results


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


def _card(data: bytes, name: str) -> ModelCard:
    try:
        text = metadata(data).get(CARD_KEY)
        external = has_external_data(data)
    except (MalformedError, RecursionError) as error:
        raise ModelError(f"The model {name} is damaged or cut short; copy it again, or export it again.") from error
    if external:
        raise ModelError(
            f"The model {name} keeps weights in another file, which is not safe to follow; export it again as one file."
        )
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


def _session(data: bytes, name: str) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.add_session_config_entry("session.inter_op.allow_spinning", "0")
    options.log_severity_level = 4
    try:
        return onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    except Exception as error:
        # onnxruntime's exceptions share no public base; any of them means that the file is of no use.
        raise ModelError(
            f"The model {name} is damaged, onnxruntime refuses it; copy it again, or export it again."
        ) from error


def _check_interface(session: onnxruntime.InferenceSession, card: ModelCard, name: str) -> None:
    given = {i.name: (i.type, len(i.shape)) for i in session.get_inputs()}
    outputs = {o.name for o in session.get_outputs()}
    state = {i.name: (i.shape[0], i.shape[2]) for i in session.get_inputs() if INPUTS.get(i.name) == _STATE}
    sizes = (card.layers, card.hidden)
    if (
        given != INPUTS
        or outputs != set(OUTPUTS)
        or state != {"h": sizes, "c": sizes}
        or not _width(session, "prepared")
    ):
        raise ModelError(
            f"The model {name} has other inputs or outputs than a musedaemon model; export it with export/export.py."
        )


def _width(session: onnxruntime.InferenceSession, name: str) -> int:
    """The last size of an input, 0 where it is none or open."""
    sizes = [i.shape[-1] for i in session.get_inputs() if i.name == name and i.shape]
    return int(sizes[0]) if sizes and isinstance(sizes[0], int) else 0
