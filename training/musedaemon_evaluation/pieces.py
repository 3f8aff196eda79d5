"""The pieces a model is judged on, as they are written, everything known."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np

from musedaemon.errors import TrainingError
from musedaemon_training.augment import AS_WRITTEN, Playing, play
from musedaemon_training.corpus import TEST_LIST
from musedaemon_training.notes import Notes
from musedaemon_training.reading import Piece, read_pieces

_UNUSED = np.random.default_rng(0)
"""`play` draws nothing that matters for what is played as written."""


class Score(NamedTuple):
    """A piece: its file's `name` below the data folder, its notes in playing order, and these as a model is told them.

    The first note is not judged: nothing comes before it.
    """

    name: str
    notes: Notes
    playing: Playing

    @property
    def source(self) -> str:
        """The top folder of its name; `.` for a file outside folders."""
        return self.name.split("/")[0] if "/" in self.name else "."


class Reading(NamedTuple):
    """The pieces that could be read, and (name, reason) of the files that could not."""

    scores: list[Score]
    skipped: list[tuple[str, str]]


def score(name: str, notes: Notes) -> Score:
    """A piece from its notes."""
    return Score(name, notes, play(notes, AS_WRITTEN, _UNUSED))


def listed(data: Path, names_file: Path | None) -> list[str]:
    """The names in a list, one a line; without one, those in the data folder's `test.txt`.

    Raises TrainingError where there is no list, or nothing in it.
    """
    if not data.is_dir():
        raise TrainingError(f"{data} is not a folder; --data takes the folder that the names in the list start from.")
    path = names_file or data / TEST_LIST
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise TrainingError(f"{path} cannot be read; name a list of the files to evaluate on with --list.") from error
    names = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
    if not names:
        raise TrainingError(f"{path} lists no files; write one name a line, as it is below {data}.")
    return names


def read(data: Path, names: list[str]) -> Reading:
    """Read the listed files. Raises TrainingError when one is missing, or none can be read."""
    reading = Reading([], [])
    for name in names:
        if not (data / name).is_file():
            raise TrainingError(f"{data / name} is listed but missing; correct the list, or name another --data.")
        for piece in read_pieces(data / name):
            if isinstance(piece, Piece):
                reading.scores.append(score(name, piece.notes))
            else:
                reading.skipped.append((name, str(piece)))
    if not reading.scores:
        reasons = "; ".join(f"{name} {reason}" for name, reason in reading.skipped[:3])
        raise TrainingError(f"None of the {len(names)} listed files can be evaluated on: {reasons}.")
    return reading
