"""Which pieces a model is judged on, and which of the same folder the baseline learns from."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from musedaemon.errors import TrainingError
from musedaemon_evaluation import pieces
from musedaemon_evaluation.pieces import Score, score
from musedaemon_training import corpus, options
from musedaemon_training.material import material_of
from musedaemon_training.notes import Notes
from musedaemon_training.progress import Nothing
from musedaemon_training.shards import default_cache, open_library


class Chosen(NamedTuple):
    """The pieces to judge on, the notes of those to learn from, and (name, reason) of the files that could not be
    read; `is_validation` where the pieces are those that training validated on."""

    scores: list[Score]
    known: list[Notes]
    skipped: list[tuple[str, str]]
    is_validation: bool


def chosen_pieces(data: Path, names_file: Path | None, model: str, recipe: str) -> Chosen:
    """The pieces in a list or in the folder's `test.txt`; where there is neither, those that training on the folder
    sets aside. `recipe` is the command that made the model. Raises TrainingError where there are none."""
    if names_file is None and data.is_dir() and not (data / corpus.TEST_LIST).is_file():
        return _validation(data, model, recipe)
    names = pieces.listed(data, names_file)
    reading = pieces.read(data, names)
    return Chosen(reading.scores, _others(data, set(names)), reading.skipped, False)


def _others(data: Path, names: set[str]) -> list[Notes]:
    """The pieces that a model trained on this folder has seen: all that are neither listed nor set aside."""
    library = open_library(corpus.find_files([data]), default_cache())
    seen = [i for i, name in enumerate(library.files) if name not in names]
    if not seen:
        raise TrainingError(f"All music in {data} is listed; the baseline needs files to learn from that are not.")
    return [library.notes(i) for i in seen]


def _validation(data: Path, model: str, recipe: str) -> Chosen:
    _refuse_other_split(data, model)
    library, training, validation = material_of([data], options.treatment_in(recipe), Nothing())
    if set(training) & set(validation):
        raise TrainingError(
            f"All music in {data} is one work, and training on it sets nothing aside; judge the model on other music,"
            " with another --data or a --list."
        )
    scores = [score(library.files[i], library.notes(i)) for i in validation]
    return Chosen(scores, [library.notes(i) for i in training], [], True)


def _refuse_other_split(data: Path, model: str) -> None:
    """TrainingError where the model learned from a part of the folder, from more than it, or from others beside: then
    other pieces were set aside, and it has learned some of those that would be now."""
    run = options.run_of_checkpoint(Path(model).expanduser())
    if run is None:
        return
    here, learned = data.resolve(), {Path(folder) for folder in run.data}
    if learned != {here} and any(here.is_relative_to(there) or there.is_relative_to(here) for there in learned):
        todo = "name that with --data" if len(learned) == 1 else "name the files to evaluate on with --list"
        raise TrainingError(
            f"The model was trained on {' and '.join(run.data)}, where other pieces are set aside than in {data}"
            f" alone; {todo}."
        )
