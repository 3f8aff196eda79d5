"""What the session memory sees at notes drawn from validation pieces, as written and as if played by hand."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from musedaemon.core.memory import REACH
from musedaemon.core.recollection import NO_CHANGE, NO_INTERVAL, NO_RISE, NO_STEP, Recalled
from musedaemon.core.trust import Likeness
from musedaemon.encoding import PITCHES, TICKS_OF_CLASS, TIME_CLASSES, VELOCITY_CLASSES
from musedaemon_evaluation.pieces import Score, score
from musedaemon_evaluation.predicting import Predictor
from musedaemon_evaluation.remembering import recollections
from musedaemon_training.augment import AS_WRITTEN, Playing, play
from musedaemon_training.notes import Notes, ticks_to_next_strike

FEWEST_KEPT = 16
"""Notes heard before this many say little of the memory."""
MOST_JITTER_TICKS = 1.5
SHORTEST, LONGEST = 0.5, 1.1
"""Of its written length, as a hand holds a note."""
_NO_STEP = 2 * PITCHES
_KEY = Likeness._fields.index("key")


@dataclass(frozen=True, slots=True)
class Samples:
    """Q notes asked for, each with up to REACH notes kept.

    `signs` [Q, signs, REACH]; `kept` [Q, 5, REACH] shift, pitch, level, duration, step (which vote for nothing where
    there is no note); `logits` by field [Q, classes]; `truth` [Q, 4]; `last_pitch` [Q].
    """

    signs: Tensor
    kept: Tensor
    logits: tuple[Tensor, Tensor, Tensor, Tensor]
    truth: Tensor
    last_pitch: Tensor
    sources: list[str]

    def __len__(self) -> int:
        return len(self.truth)

    def at(self, index: Tensor) -> Samples:
        """Some of them."""
        shift, pitch, velocity, duration = (field[index] for field in self.logits)
        return Samples(
            self.signs[index],
            self.kept[index],
            (shift, pitch, velocity, duration),
            self.truth[index],
            self.last_pitch[index],
            [self.sources[i] for i in index.tolist()],
        )


def by_hand(written: Score, rng: np.random.Generator) -> Score:
    """The same piece with onsets that jitter chord by chord, and notes held shorter or longer; no beat or bar is known.

    What is asked for is still as written.
    """
    notes: Notes = written.notes.copy()
    onset = notes["onset"].astype(np.int64)
    _, chord = np.unique(onset, return_inverse=True)
    late = rng.normal(0.0, rng.uniform(0.0, MOST_JITTER_TICKS), size=chord.max() + 1)[chord]
    notes["onset"] = np.maximum.accumulate(np.rint(onset + late).astype(np.int64))
    length = np.rint(notes["duration"] * rng.uniform(SHORTEST, LONGEST, size=len(notes))).astype(np.int64)
    room = np.maximum(ticks_to_next_strike(notes["onset"], notes["pitch"]), 1)
    notes["duration"] = np.minimum(np.maximum(length, 1), room)
    notes["bar_tick"], notes["bar_length"] = -1, 0
    heard = play(notes, AS_WRITTEN, rng)
    asked = heard.asked.copy()
    asked[0] = written.playing.asked[0]
    return Score(written.name, notes, Playing(heard.given, asked, written.playing.targets, heard.sounding))


def draw(predictor: Predictor, scores: Sequence[Score], each: int, rng: np.random.Generator) -> Samples:
    """About `each` notes of every source, or all that it has."""
    notes: dict[str, int] = {}
    for piece in scores:
        notes[piece.source] = notes.get(piece.source, 0) + len(piece.notes)
    rows = [
        row
        for piece, predictions in zip(scores, predictor.predict([s.playing for s in scores]), strict=True)
        for row in _drawn(piece, predictions.keys, predictions.logits, each / notes[piece.source], rng)
    ]
    columns = list(zip(*rows, strict=True))
    stacked = [torch.from_numpy(np.stack(column)) for column in columns[:-1]]
    signs, kept, shift, pitch, velocity, duration, truth, last_pitch = stacked
    return Samples(signs, kept, (shift, pitch, velocity, duration), truth, last_pitch, list(columns[-1]))


def _drawn(
    piece: Score,
    keys: npt.NDArray[np.float32],
    logits: tuple[npt.NDArray[np.float32], ...],
    share: float,
    rng: np.random.Generator,
) -> Iterator[tuple[object, ...]]:
    chosen = rng.random(len(keys)) < share
    for index, recollection in enumerate(recollections(piece, keys)):
        if chosen[index] and index >= FEWEST_KEPT and isinstance(recollection, Recalled):
            signs, kept = _padded(recollection)
            truth = piece.playing.targets[:, index + 1].astype(np.int64)
            own = tuple(field[index] for field in logits)
            last = np.int64(piece.playing.given[4, index])
            yield (signs, kept, *own, truth, last, piece.source)


def _padded(recollection: Recalled) -> tuple[npt.NDArray[np.float16], npt.NDArray[np.int16]]:
    past = recollection.past
    nobody = (TIME_CLASSES, PITCHES, VELOCITY_CLASSES, TIME_CLASSES, _NO_STEP)
    kept = np.tile(np.array(nobody, dtype=np.int16)[:, None], REACH)
    signs = np.zeros((len(recollection.signs), REACH), dtype=np.float16)
    count = len(past.pitch)
    steps = np.where(past.step == NO_STEP, _NO_STEP, past.step - NO_INTERVAL)
    kept[:, :count] = np.stack((past.shift, past.pitch, _levels(recollection), past.duration, steps))
    signs[:, :count] = recollection.signs
    signs[_KEY, :count] -= 1.0
    return signs, kept


def _levels(recollection: Recalled) -> npt.NDArray[np.int64]:
    """[N] the velocity each kept note votes for: it rises from the last note as the kept one did from its own."""
    rise, last = recollection.past.rise, recollection.trail.velocity
    level = last + rise - NO_CHANGE
    known = (rise != NO_RISE) & (last < VELOCITY_CLASSES) & (level >= 0)
    return np.where(known, np.minimum(level, VELOCITY_CLASSES), VELOCITY_CLASSES)


def written_scores(names: Sequence[str], notes: Sequence[Notes]) -> list[Score]:
    """Scores of pieces of the cache."""
    return [score(name, piece) for name, piece in zip(names, notes, strict=True)]


TICKS = torch.from_numpy(np.append(TICKS_OF_CLASS, -(10**6)).astype(np.float32))
"""[TIME_CLASSES + 1] of each class of time; far from all for what is unknown."""
