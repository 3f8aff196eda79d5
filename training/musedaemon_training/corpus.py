"""Which files to learn from: folders however nested, less the files that a `test.txt` sets aside."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from musedaemon.errors import TrainingError
from musedaemon.plain_file import MEGABYTE, read_plain
from musedaemon_training.reading import SUFFIXES

TEST_LIST = "test.txt"
MOST_LIST_BYTES = 64 * MEGABYTE
TUNE_BOOKS = ("oneills1850", "ryansMammoth", "airdsAirs")


class MusicFile(NamedTuple):
    """A file of a data folder; `name` is its path below that folder, with forward slashes."""

    path: Path
    name: str


def tune_books() -> list[Path]:
    """The folders of the tune books that come with music21. Raises TrainingError where it is not
    installed."""
    spec = importlib.util.find_spec("music21")
    if spec is None or spec.origin is None:
        raise TrainingError(
            "Without --data, training uses music21's tune books: install music21, or name a folder with --data."
        )
    corpus = Path(spec.origin).parent / "corpus"
    return [corpus / book for book in TUNE_BOOKS]


def find_files(folders: Sequence[Path]) -> list[MusicFile]:
    """Every music file below the folders that no `test.txt` names, sorted by name, each once.

    Raises TrainingError for a folder that is none, and when nothing is found.
    """
    found: dict[Path, MusicFile] = {}
    for folder in folders:
        if not folder.is_dir():
            raise TrainingError(f"{folder} is not a folder; --data takes folders of music files.")
    aside = {path for folder in folders for path in set_aside(folder)}
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            resolved = path.resolve()
            if path.suffix.lower() in SUFFIXES and resolved not in aside and path.is_file():
                found.setdefault(resolved, MusicFile(resolved, path.relative_to(folder).as_posix()))
    if not found:
        places = ", ".join(str(folder) for folder in folders)
        raise TrainingError(
            f"No music file ({', '.join(sorted(SUFFIXES))}) to train on in {places}; name another folder with --data."
        )
    return list(found.values())


def set_aside(folder: Path) -> set[Path]:
    """The files named by each `test.txt` in the folder, below it, or beside it (for a folder that is a part
    of a corpus)."""
    lists = [*folder.rglob(TEST_LIST), folder.resolve().parent / TEST_LIST]
    return {path for test_list in lists if test_list.is_file() for path in _listed(test_list)}


def count_set_aside(folders: Sequence[Path]) -> int:
    """How many files below the folders their test lists keep out of training."""
    aside = {path for folder in folders for path in set_aside(folder)}
    below = {path for path in aside for folder in folders if path.is_relative_to(folder.resolve())}
    return sum(path.is_file() for path in below)


def _listed(test_list: Path) -> list[Path]:
    try:
        text = read_plain(test_list, MOST_LIST_BYTES).decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        # To go on would train on what was to be kept for testing.
        raise TrainingError(f"{test_list} cannot be read as UTF-8 text ({error}); mend it, or remove it.") from error
    lines = (line.strip() for line in text.splitlines())
    return [(test_list.parent / line).resolve() for line in lines if line and not line.startswith("#")]
