"""What is learned from, and what is set aside for validation: one answer for training, evaluation and tuning."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from musedaemon_training import works
from musedaemon_training.copies import Treatment
from musedaemon_training.preparing import prepared
from musedaemon_training.progress import Display
from musedaemon_training.shards import Library


class Material(NamedTuple):
    """The pieces of a corpus, and which of them to train and to validate on."""

    library: Library
    training: list[int]
    validation: list[int]

    def notes(self) -> int:
        """How many notes there are to train on."""
        return sum(self.library.length(i) for i in self.training)


def material_of(folders: Sequence[Path], treatment: Treatment, show: Display) -> Material:
    """The material in the folders (music21's tune books without any). Raises TrainingError where there is none."""
    library = prepared(folders, treatment, show)
    return Material(library, *works.split(library, works.works_of(library)))
