"""`training/tune_memory.py`: from validation pieces to numbers for `musedaemon/core/trust.py`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from musedaemon.cli.plain import plain
from musedaemon.errors import MusedaemonError
from musedaemon_evaluation.about import about
from musedaemon_evaluation.predicting import open_predictor
from musedaemon_evaluation.tuning import as_source, saved_bits, start, tuned
from musedaemon_evaluation.tuning_samples import Samples, by_hand, draw, written_scores
from musedaemon_training.device import choose_device
from musedaemon_training.material import material_of
from musedaemon_training.model import FIELDS
from musedaemon_training.options import treatment_in
from musedaemon_training.progress import Nothing

NOTES_EACH = 1500


def parser() -> argparse.ArgumentParser:
    """The options."""
    options = argparse.ArgumentParser(
        prog="tune_memory.py",
        description="Find how far the session memory is best trusted, on the validation pieces of a corpus.",
    )
    options.add_argument("model", metavar="MODEL", help="a checkpoint folder, an exported .onnx file, or 'default'")
    options.add_argument("--data", type=Path, required=True, metavar="DIR", help="the corpus the model was trained on")
    options.add_argument("--seed", type=int, default=1, metavar="N", help="of the notes drawn (default: 1)")
    return options


def main(arguments: Sequence[str] | None = None) -> int:
    """Print what the numbers in use save, then the tuned ones and what they save on notes not tuned on."""
    chosen = parser().parse_args(sys.argv[1:] if arguments is None else list(arguments))
    try:
        written, played = _samples(chosen.model, chosen.data, chosen.seed)
    except MusedaemonError as error:
        print(plain(f"tune_memory.py: {error}"), file=sys.stderr)
        return error.exit_status
    parts = {"as written": written, "by hand": played}
    for field in FIELDS:
        numbers = tuned(field, [part.at(_every_other(part, 0)) for part in parts.values()], chosen.seed)
        for name, part in parts.items():
            unseen = part.at(_every_other(part, 1))
            before, after = (saved_bits(field, n, unseen) for n in (start(field), numbers))
            for source, (own, mixed) in after.items():
                in_use = before[source][1]
                print(f"{field:9} {name:11} {source:14} {own:6.3f} alone {in_use:6.3f} in use {mixed:6.3f} tuned")
        print(as_source(field, numbers), flush=True)
    return 0


def _samples(model: str, data: Path, seed: int) -> tuple[Samples, Samples]:
    library, _, validation = material_of([data], treatment_in(about(model).recipe), Nothing())
    scores = written_scores([library.names[i] for i in validation], [library.notes(i) for i in validation])
    scores.sort(key=lambda score: len(score.notes))
    rng = np.random.default_rng(seed)
    predictor = open_predictor(model, choose_device("auto"))
    written = draw(predictor, scores, NOTES_EACH, rng)
    return written, draw(predictor, [by_hand(score, rng) for score in scores], NOTES_EACH, rng)


def _every_other(samples: Samples, first: int) -> torch.Tensor:
    return torch.arange(first, len(samples), 2)
