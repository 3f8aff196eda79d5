"""`export/export.py`: from a checkpoint to a model file, or a refusal that leaves nothing behind."""

from __future__ import annotations

import argparse
import dataclasses
import datetime
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from onnx import ModelProto

import musedaemon
from musedaemon.cli.plain import plain
from musedaemon.encoding import ENCODING_VERSION
from musedaemon.errors import ExportError, ModelError, MusedaemonError
from musedaemon.model.card import ModelCard
from musedaemon.model.inspection import LONGEST_CARD
from musedaemon.model.onnx_model import OnnxModel
from musedaemon.plain_file import read_plain
from musedaemon.whole_file import advice, whole_file
from musedaemon_export.assembling import assembled
from musedaemon_export.graphs import part_graphs
from musedaemon_export.quantising import quantised
from musedaemon_export.verifying import NOTES, Difference, differences, too_large
from musedaemon_training import checkpoint
from musedaemon_training.checkpoint import Checkpoint
from musedaemon_training.model import NoteNet, parameter_count


def parser() -> argparse.ArgumentParser:
    """The options of `export/export.py`."""
    options = argparse.ArgumentParser(
        prog="export.py", description="Export a checkpoint as a model file for musedaemon, and verify it."
    )
    options.add_argument(
        "checkpoint", type=Path, metavar="CHECKPOINT", help="a checkpoint's folder, such as runs/NAME/best"
    )
    options.add_argument("-o", "--output", type=Path, required=True, metavar="FILE", help="the model file to write")
    options.add_argument(
        "--int8", action="store_true", help="weights of 8 bits: a quarter of the size, several times as fast"
    )
    options.add_argument("--corpus", default="", metavar="TEXT", help="for the card: what it was trained on")
    options.add_argument(
        "--licence", default="", metavar="TEXT", help="for the card: under what terms the model may be used"
    )
    options.add_argument("--notice", type=Path, metavar="FILE", help="for the card: the notice to carry with the model")
    options.add_argument(
        "--recipe",
        default="",
        metavar="TEXT",
        help="for the card: how to make it again (default: the training command)",
    )
    return options


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; the process's exit status: 0 written, 2 refused."""
    chosen = parser().parse_args(arguments)
    try:
        kept = checkpoint.load(chosen.checkpoint)
        notice = _notice(chosen.notice)
        card = make_card(kept, "int8" if chosen.int8 else "fp32", chosen.corpus, chosen.licence, notice)
        data, found = export(kept, dataclasses.replace(card, recipe=chosen.recipe or card.recipe))
        print(differences_text(found))
        _write(chosen.output, data)
    except MusedaemonError as error:
        print(plain(f"export.py: {error}"), file=sys.stderr)
        return error.exit_status
    print(f"{chosen.output}: {card}, {len(data) / 1e6:.1f} MB, torch and onnxruntime agree over {NOTES} notes")
    return 0


def _notice(path: Path | None) -> str:
    try:
        return read_plain(path, LONGEST_CARD // 2).decode("utf-8") if path else ""
    except (OSError, UnicodeDecodeError) as error:
        raise ExportError(f"The notice {path} cannot be read ({error}); check the path.") from error


def make_card(kept: Checkpoint, precision: str, corpus: str = "", licence: str = "", notice: str = "") -> ModelCard:
    """The card of an export made today."""
    return ModelCard(
        encoding_version=ENCODING_VERSION,
        hidden=kept.config.sizes.hidden,
        layers=kept.config.sizes.layers,
        parameters=parameter_count(kept.net()),
        precision=precision,
        corpus=corpus,
        licence=licence,
        notice=notice,
        scores={name: round(bits, 4) for name, bits in kept.config.scores.items()},
        recipe=kept.config.recipe,
        created=datetime.date.today().isoformat(),
        musedaemon_version=musedaemon.__version__,
    )


def export(kept: Checkpoint, card: ModelCard) -> tuple[bytes, list[Difference]]:
    """The model file's bytes, and how far it is from torch. Raises ExportError when that is too far."""
    net = kept.net()
    parts = part_graphs(_arrays(net), card.hidden, card.layers)
    exact = _compared(net, parts, dataclasses.replace(card, precision="fp32"))
    if card.precision == "fp32":
        return exact
    return _compared(net, [*quantised(parts[:1]), *parts[1:]], card)


def _compared(net: NoteNet, parts: list[ModelProto], card: ModelCard) -> tuple[bytes, list[Difference]]:
    """The file of these parts and how far it is from torch; ExportError where that is more than its precision costs."""
    data = assembled(parts, card).SerializeToString()
    try:
        model = OnnxModel.from_bytes(data, "just exported")
    except ModelError as error:
        raise ExportError(f"The export cannot be run: {error}") from error
    found = differences(net, model)
    if beyond := too_large(found, card.precision):
        advice = "; export it without --int8" if card.precision == "int8" else "; please report it"
        raise ExportError(f"torch and onnxruntime disagree, nothing was written{advice}:\n{differences_text(beyond)}")
    return data, found


def _arrays(net: NoteNet) -> dict[str, npt.NDArray[np.float32]]:
    return {name: tensor.numpy().astype(np.float32) for name, tensor in net.state_dict().items()}


def differences_text(found: Sequence[Difference]) -> str:
    """A line for each output."""
    lines = [
        f"{d.output:>9}: largest difference {d.largest:.1e}" + (f", {d.bits:.1e} bits" if d.bits else "") for d in found
    ]
    return "\n".join(lines)


def _write(path: Path, data: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with whole_file(path) as part:
            part.write_bytes(data)
    except OSError as error:
        raise ExportError(
            f"The model {path} cannot be written ({error.strerror}); {advice(error, 'choose another place with -o')}."
        ) from error
