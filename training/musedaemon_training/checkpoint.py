"""Checkpoints: a folder with `model.safetensors` and `config.json`; the last one of a run also holds all
that resuming needs.

Tensors are safetensors, the rest is JSON; nothing is pickled, so opening a stranger's checkpoint runs no
code.
"""

from __future__ import annotations

import errno
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from safetensors.torch import save as as_bytes
from torch import Tensor

from musedaemon.encoding import ENCODING_VERSION
from musedaemon.errors import TrainingError
from musedaemon.model.card import MOST_HIDDEN, MOST_LAYERS
from musedaemon.plain_file import MEGABYTE, read_plain
from musedaemon.whole_file import advice
from musedaemon_training.files import whole_folder, whole_or_kept, write_json
from musedaemon_training.model import NoteNet, Sizes

MODEL_FILE = "model.safetensors"
CONFIG_FILE = "config.json"
PROGRESS_FILE = "progress.json"
TENSORS_FILE = "progress.safetensors"
MOST_JSON_BYTES = 10 * MEGABYTE


@dataclass(frozen=True, slots=True)
class Config:
    """What a checkpoint says of itself. `scores` are bits a note on the validation pieces, `recipe` the
    command that made it."""

    sizes: Sizes
    encoding_version: int = ENCODING_VERSION
    scores: dict[str, float] = field(default_factory=dict)
    recipe: str = ""
    notes: int = 0
    weights: str = "own"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A model at rest."""

    config: Config
    weights: dict[str, Tensor]

    def net(self) -> NoteNet:
        """The model, ready to run (no dropout)."""
        net = NoteNet(self.config.sizes)
        net.load_state_dict(self.weights)
        return net.eval()


@dataclass(frozen=True, slots=True)
class Progress:
    """What resuming needs beside the weights: JSON values and tensors by name."""

    values: dict[str, Any]
    tensors: dict[str, Tensor]


def save(folder: Path, config: Config, weights: Mapping[str, Tensor], progress: Progress | None = None) -> None:
    """Write a checkpoint, replacing the folder at once. Raises TrainingError when it cannot be written."""
    try:
        with whole_folder(folder) as part:
            _write_tensors(weights, part / MODEL_FILE)
            write_json(part / CONFIG_FILE, asdict(config))
            if progress is not None:
                _write_tensors(progress.tensors, part / TENSORS_FILE)
                write_json(part / PROGRESS_FILE, progress.values)
    except OSError as error:
        raise TrainingError(
            f"The checkpoint {folder} cannot be written ({error.strerror}); {advice(error, 'allow writing there')}."
        ) from error


def _write_tensors(tensors: Mapping[str, Tensor], path: Path) -> None:
    """OSError where the disk is full: safetensors, writing by itself, has an exception of its own for that."""
    plain = {name: tensor.detach().cpu().clone().contiguous() for name, tensor in tensors.items()}
    path.write_bytes(as_bytes(plain))


def load(folder: Path) -> Checkpoint:
    """Read a checkpoint. Raises TrainingError when it is none, or of another encoding or shape."""
    folder = whole_or_kept(folder)
    if folder.is_file():
        raise TrainingError(
            f"{folder} is a file; name a checkpoint's folder, such as runs/NAME/best: pickled checkpoints are never"
            " opened, as they could run any code."
        )
    try:
        values = json.loads(read_plain(folder / CONFIG_FILE, MOST_JSON_BYTES).decode("utf-8"))
        config = _config(values)
        weights = _tensors(folder / MODEL_FILE)
    except FileNotFoundError as error:
        raise TrainingError(
            f"{folder} is not a checkpoint (no {Path(str(error.filename)).name}); name a folder such as runs/NAME/best."
        ) from error
    except Exception as error:
        # Damaged JSON, a truncated tensor file, unknown keys: each library has its own exception.
        raise TrainingError(
            f"The checkpoint {folder} is damaged ({_reason(error)}); use another, or train again."
        ) from error
    if config.encoding_version != ENCODING_VERSION:
        raise TrainingError(
            f"The checkpoint {folder} is of note encoding {config.encoding_version}, this version needs"
            f" {ENCODING_VERSION}: train it again."
        )
    _check_weights(folder, config, weights)
    return Checkpoint(config, weights)


def _config(values: Any) -> Config:
    """ValueError where a value is not what it must be; what `Config` and `Sizes` raise for keys."""
    config = Config(**{**values, "sizes": Sizes(**values["sizes"])})
    sizes = config.sizes
    whole = (sizes.hidden, sizes.layers, config.encoding_version, config.notes)
    if not all(type(number) is int for number in whole) or not isinstance(sizes.dropout, int | float):
        raise ValueError(f"{CONFIG_FILE} gives no number where one must be")
    if not (0 < sizes.hidden <= MOST_HIDDEN and 0 < sizes.layers <= MOST_LAYERS and 0 <= sizes.dropout < 1):
        raise ValueError(f"{CONFIG_FILE} tells of a net of an impossible size")
    if not isinstance(config.scores, dict) or not all(isinstance(bits, int | float) for bits in config.scores.values()):
        raise ValueError(f"{CONFIG_FILE} gives scores that are no numbers")
    if not isinstance(config.recipe, str) or not isinstance(config.weights, str):
        raise ValueError(f"{CONFIG_FILE} gives no text where one must be")
    return config


def _tensors(path: Path) -> dict[str, Tensor]:
    """safetensors maps what it reads: first of all it must be a plain file."""
    if not path.exists():
        raise FileNotFoundError(errno.ENOENT, "there is no such file", str(path))
    if not path.is_file():
        raise ValueError(f"{path.name} is no regular file")
    return load_file(path)


def _reason(error: Exception) -> str:
    """One line, short, without a stop."""
    told = (isinstance(error, OSError) and error.strerror) or str(error) or type(error).__name__
    return str(told).splitlines()[0][:120].rstrip(".")


def _check_weights(folder: Path, config: Config, weights: Mapping[str, Tensor]) -> None:
    with torch.device("meta"):
        expected = {name: (tensor.shape, tensor.dtype) for name, tensor in NoteNet(config.sizes).state_dict().items()}
    if {name: (tensor.shape, tensor.dtype) for name, tensor in weights.items()} != expected:
        raise TrainingError(
            f"The weights in {folder} do not fit its {CONFIG_FILE}; use another checkpoint, or train again."
        )
    if not all(bool(tensor.isfinite().all()) for tensor in weights.values()):
        raise TrainingError(f"The weights in {folder} are no numbers, its training diverged; use another checkpoint.")


def load_progress(folder: Path) -> Progress:
    """What resuming needs, from the last checkpoint of a run. Raises TrainingError where it is missing."""
    folder = whole_or_kept(folder)
    try:
        values = json.loads(read_plain(folder / PROGRESS_FILE, MOST_JSON_BYTES).decode("utf-8"))
        return Progress(values, _tensors(folder / TENSORS_FILE))
    except FileNotFoundError as error:
        raise TrainingError(f"There is no run to resume in {folder.parent}; start one without --resume.") from error
    except Exception as error:
        # As above: whatever the two formats' parsers raise means a damaged file.
        raise TrainingError(
            f"The run in {folder.parent} cannot be resumed, {folder} is damaged ({_reason(error)}); go on with --init"
            f" {folder.parent / 'best'}."
        ) from error
