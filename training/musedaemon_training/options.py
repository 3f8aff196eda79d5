"""The command line of training, and the run folder that remembers it for --resume."""

from __future__ import annotations

import argparse
import json
import re
import shlex
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from musedaemon.errors import TrainingError
from musedaemon.whole_file import advice
from musedaemon_training.copies import DEFAULT_TREATMENT, TREATMENTS, Treatment, add_copies
from musedaemon_training.files import whole_or_kept, write_json
from musedaemon_training.initial import DEFAULT_HIDDEN, DEFAULT_LAYERS
from musedaemon_training.plan import MOST_ROWS

RUN_FILE = "run.json"
LAST = "last"
RUNS = Path("runs")
DEFAULT_EPOCHS = 20.0


@dataclass(frozen=True, slots=True)
class RunOptions:
    """What decides a run. `init` is a checkpoint folder, an ONNX file, or `default`; empty for a new
    model. Without sizes, `rows` or `rate`, they are chosen to suit; once a run has begun all but the rate are known.

    The defaults are those of the runs made before there was a choice.
    """

    data: tuple[str, ...]
    hidden: int | None
    layers: int | None
    epochs: float | None
    minutes: float | None
    seed: int
    init: str = ""
    recipe: str = ""
    copies: Treatment = "keep"
    rows: int | None = MOST_ROWS
    rate: float | None = None
    patience: int | None = None

    def save(self, folder: Path) -> None:
        """Remember the run in its folder."""
        write_json(folder / RUN_FILE, asdict(self))


def parser() -> argparse.ArgumentParser:
    """The options of `training/train.py`."""
    options = argparse.ArgumentParser(
        prog="train.py",
        description="Train a note model on folders of music: MIDI, ABC, MusicXML or kern. Without --data: on the tune"
        " books that come with music21.",
    )
    options.add_argument(
        "--data", nargs="+", action="extend", default=[], metavar="DIR", help="folders of music files, however nested"
    )
    options.add_argument(
        "--out", type=Path, metavar="DIR", help="the run's folder (default: runs/DATE-TIME; with --resume, the newest)"
    )
    options.add_argument("--resume", action="store_true", help="go on with the run in --out where it stopped")
    options.add_argument(
        "--init",
        default="",
        metavar="MODEL",
        help="start from a checkpoint folder, an exported .onnx file, or 'default'",
    )
    options.add_argument(
        "--epochs", type=positive, metavar="N", help=f"passes over the notes (default: {DEFAULT_EPOCHS:g})"
    )
    options.add_argument(
        "--minutes", type=positive, metavar="M", help="minutes of training in all, validation included"
    )
    options.add_argument("--hidden", type=count, metavar="N", help=f"units in a layer (default: {DEFAULT_HIDDEN})")
    options.add_argument("--layers", type=count, metavar="N", help=f"LSTM layers (default: {DEFAULT_LAYERS})")
    options.add_argument(
        "--rows", type=count, metavar="N", help="rows in a batch, over all processes (default: 64, fewer for few notes)"
    )
    options.add_argument(
        "--rate", type=positive, metavar="R", help="the highest learning rate (default: 0.004; 0.0005 with --init)"
    )
    options.add_argument(
        "--patience", type=count, metavar="N", help="stop after N validations without a better one (default: never)"
    )
    add_copies(options)
    options.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto")
    options.add_argument("--seed", type=int, default=1, metavar="N", help="of weights, order and playings (default: 1)")
    return options


def positive(text: str) -> float:
    """A number above 0."""
    value = float(text)
    if not 0.0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} is not above 0")
    return value


def count(text: str) -> int:
    """A whole number from 1."""
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text} is not 1 or more")
    return value


def new_run(chosen: argparse.Namespace, arguments: list[str]) -> tuple[Path, RunOptions]:
    """The folder and the options of a new run. Raises TrainingError where a run is already."""
    folder: Path = chosen.out or RUNS / time.strftime("%Y-%m-%d-%H%M%S")
    if _has_begun(folder):
        raise TrainingError(
            f"There is a run in {folder} already; add --resume to go on with it, or choose another --out."
        )
    no_budget = chosen.epochs is None and chosen.minutes is None
    options = RunOptions(
        data=tuple(str(Path(name).expanduser().resolve()) for name in chosen.data),
        hidden=chosen.hidden,
        layers=chosen.layers,
        epochs=DEFAULT_EPOCHS if no_budget else chosen.epochs,
        minutes=chosen.minutes,
        seed=chosen.seed,
        init=chosen.init,
        copies=chosen.copies or DEFAULT_TREATMENT,
        rows=chosen.rows,
        rate=chosen.rate,
        patience=chosen.patience,
        recipe=shlex.join(["python", "training/train.py", *arguments]),
    )
    return folder, options


def make(folder: Path) -> None:
    """Make the folder of a run. Raises TrainingError where it cannot be made."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        todo = advice(error, "choose another --out")
        raise TrainingError(f"The folder {folder} cannot be made ({error.strerror}); {todo}.") from error


def old_run(chosen: argparse.Namespace, arguments: list[str]) -> tuple[Path, RunOptions]:
    """The folder and the options of a run to resume; --epochs, --minutes, --patience and --data given anew replace
    the old ones. Raises TrainingError where there is none, or when it is to be another run."""
    folder: Path = chosen.out or newest_run()
    if (folder / RUN_FILE).exists() and not _has_begun(folder):
        raise TrainingError(f"The run in {folder} stopped before it saved anything; start it again without --resume.")
    old = _saved(folder)
    if old is None:
        raise TrainingError(
            f"There is no run to resume in {folder}; name its folder with --out, or leave out --resume."
        )
    _check_unchanged(folder, old, chosen)
    new_budget = chosen.epochs is not None or chosen.minutes is not None
    return folder, replace(
        old,
        data=tuple(str(Path(name).expanduser().resolve()) for name in chosen.data) or old.data,
        epochs=chosen.epochs if new_budget else old.epochs,
        minutes=chosen.minutes if new_budget else old.minutes,
        patience=chosen.patience or old.patience,
        recipe=_with_budget(_with_copies(old.recipe, old.copies), chosen),
    )


def _saved(folder: Path) -> RunOptions | None:
    try:
        values = json.loads((folder / RUN_FILE).read_text(encoding="utf-8"))
        return RunOptions(**{**values, "data": tuple(values["data"])})
    except (OSError, ValueError, TypeError, KeyError):
        return None


def run_of_checkpoint(checkpoint: Path) -> RunOptions | None:
    """The run that a checkpoint lies in; None where it lies elsewhere, or is no folder."""
    return _saved(checkpoint.resolve().parent)


def treatment_in(recipe: str) -> Treatment:
    """What became of copies where this command trained."""
    # Not parsed, as a model file's may be anybody's text. Any beginning of the option's name will have done.
    found = re.findall(r"(?:^|\s)--c[a-z]*[\s=](drop|keep)\b", recipe)
    return TREATMENTS[TREATMENTS.index(found[-1])] if found else DEFAULT_TREATMENT


def _check_unchanged(folder: Path, old: RunOptions, chosen: argparse.Namespace) -> None:
    if (chosen.hidden or old.hidden, chosen.layers or old.layers) != (old.hidden, old.layers):
        raise TrainingError(f"The run in {folder} is {old.layers}x{old.hidden}; a resumed run keeps its size.")
    for name in ("rows", "rate", "copies"):
        now, then = getattr(chosen, name), getattr(old, name)
        if now not in (None, then):
            raise TrainingError(f"A resumed run keeps its --{name} ({then or 'default'}); leave that out.")


def _with_copies(recipe: str, treatment: Treatment) -> str:
    """A run made before copies were dropped needs to be told of them now."""
    return recipe if treatment == DEFAULT_TREATMENT or "--copies" in recipe else f"{recipe} --copies {treatment}"


def _with_budget(recipe: str, chosen: argparse.Namespace) -> str:
    """The command that makes the run in one go: of an option given twice, the last counts."""
    given = [("--epochs", chosen.epochs), ("--minutes", chosen.minutes)]
    return " ".join([recipe, *(f"{option} {value:g}" for option, value in given if value is not None)])


def _has_begun(folder: Path) -> bool:
    return whole_or_kept(folder / LAST).exists()


def newest_run() -> Path:
    """The run begun last in the folder of runs. Raises TrainingError where there is none."""
    runs = sorted(path.parent for path in RUNS.glob(f"*/{RUN_FILE}"))
    if not runs:
        raise TrainingError(f"There is no run in {RUNS}; name the folder of the run to resume with --out.")
    return max(runs, key=lambda run: (run / RUN_FILE).stat().st_mtime)
