"""The default model made one's own: from scores, from the same scores as a hand plays them, and from takes of them.

    python benchmarks/fine_tuning.py [--epochs 3] [--threads 2] [--keep FOLDER]

Some fiddle tunes and chorales of music21, none of which the default model knows, are played by `performances.py`, and
the performances are answered by a session, phrase by phrase, into takes. The model is tuned on each; then it hears
other pieces as a hand plays them, and is asked what the score has next.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from performances import PlayedNote, beat_before, beat_times, by_hand

from musedaemon.config.schema import Config, Model, Ports
from musedaemon.core.events import MidiEvent, NoteOff, NoteOn
from musedaemon.midi.files import TempoChange, Track, write_midi_file
from musedaemon.run.preparing import play as play_session
from musedaemon.run.reporting import Silent
from musedaemon_evaluation.pieces import Score
from musedaemon_evaluation.predicting import NetPredictor
from musedaemon_evaluation.scoring import own_bits
from musedaemon_training import main as training
from musedaemon_training.augment import Odds, play
from musedaemon_training.corpus import tune_books
from musedaemon_training.initial import starting_net
from musedaemon_training.notes import Notes
from musedaemon_training.pieces import Piece
from musedaemon_training.reading import read_pieces

TUNES, CHORALES = (60, 40), (40, 20)
"""How many are tuned on, and how many are then heard."""
HEARD_NOTES = 600
PHRASE_BEATS, REST_S = 16, 1.3
BY_HAND = Odds(0, 0, 0, 0.35, 0, 1, 0.3, 1, 0, 1)
"""As hands play, and nothing known of beats and dynamics."""


class Source(NamedTuple):
    """Pieces of a kind."""

    name: str
    tuned_on: list[Piece]
    heard: list[Piece]


@contextlib.contextmanager
def silenced() -> Iterator[None]:
    """The reader of tune books complains from C."""
    kept = [os.dup(number) for number in (1, 2)]
    with Path(os.devnull).open("wb") as nothing:
        for number in (1, 2):
            os.dup2(nothing.fileno(), number)
        try:
            yield
        finally:
            for number, original in zip((1, 2), kept, strict=True):
                os.dup2(original, number)
                os.close(original)


@silenced()
def sources(rng: np.random.Generator) -> list[Source]:
    """Tunes and chorales, drawn from those that music21 has."""
    corpus = tune_books()[0].parent
    books = [corpus / "ryansMammoth", corpus / "bach"]
    found = []
    for name, (tuned, heard), files in (
        ("tunes", TUNES, sorted(books[0].glob("*.abc"))[:400]),
        ("chorales", CHORALES, sorted(books[1].glob("bwv*.mxl"))[:110]),
    ):
        pieces = [piece for path in files for piece in read_pieces(path) if isinstance(piece, Piece)]
        chosen = [pieces[i] for i in rng.permutation(len(pieces))[: tuned + heard]]
        found.append(Source(name, chosen[:tuned], chosen[tuned:]))
    return found


def write(path: Path, notes: Sequence[PlayedNote], bpm: float) -> None:
    """As a .mid file of one track."""
    events: list[MidiEvent] = [NoteOn(note.at, 0, note.pitch, note.velocity) for note in notes]
    events += [NoteOff(note.until, 0, note.pitch) for note in notes]
    events.sort(key=lambda event: (event.at, isinstance(event, NoteOn)))
    write_midi_file(path, [Track("keys", events)], [TempoChange(0.0, bpm)])


def as_written(notes: Notes, bpm: float, rng: np.random.Generator) -> list[PlayedNote]:
    """The score, exactly."""
    tick_s, first = 60.0 / bpm / 24, beat_before(notes)
    return [
        PlayedNote(
            (int(note["onset"]) - first) * tick_s,
            (int(note["onset"]) - first + int(note["duration"])) * tick_s,
            int(note["pitch"]),
            int(np.clip(rng.normal(64, 8), 1, 127)),
        )
        for note in notes
    ]


def in_phrases(notes: Sequence[PlayedNote], bpm: float) -> list[PlayedNote]:
    """The same with a rest now and then, in which somebody may answer."""
    later, begun, before, phrased = 0.0, notes[0].at, notes[0].at, []
    for note in notes:
        if note.at - before > 0.08 and note.at - begun > PHRASE_BEATS * 60.0 / bpm:
            later, begun = later + REST_S, note.at
        before = note.at
        phrased.append(note._replace(at=note.at + later, until=note.until + later))
    return phrased


def make_material(pieces: Sequence[Piece], folder: Path, rng: np.random.Generator) -> None:
    """`scores/`, `played/` (without a click, at a nominal 120) and `takes/` of the same pieces."""
    for name in ("scores", "played", "phrases", "takes"):
        (folder / name).mkdir(parents=True)
    for number, piece in enumerate(pieces):
        bpm = float(rng.uniform(*((140, 200) if piece.meter.denominator == 8 else (80, 140))))
        file, first = f"{number:03d}.mid", beat_before(piece.notes)
        times = beat_times(bpm, (int(piece.notes["onset"][-1]) - first) // 24 + 24, rng)
        performance = by_hand(piece.notes, first, times, rng)
        write(folder / "scores" / file, as_written(piece.notes, bpm, rng), bpm)
        write(folder / "played" / file, performance, 120.0)
        write(folder / "phrases" / file, in_phrases(performance, bpm), 120.0)
        ports = Ports(input=str(folder / "phrases" / file), output=str(folder / "takes" / file))
        play_session(Config(ports=ports, model=Model(seed=1)), Silent())


def bits(model: str, pieces: Sequence[Piece]) -> tuple[float, float, float]:
    """Of shift, pitch and duration, a note, of pieces heard as a hand plays them."""
    predictor = NetPredictor(starting_net(model), torch.device("cpu"))
    excerpts = [piece.notes[:HEARD_NOTES] for piece in pieces]
    playings = [play(notes, BY_HAND, np.random.default_rng(i)) for i, notes in enumerate(excerpts)]
    scores = [Score("", notes, playing) for notes, playing in zip(excerpts, playings, strict=True)]
    spent = [own_bits(*pair) for pair in zip(scores, predictor.predict(playings), strict=True)]
    shift, pitch, _, duration = np.concatenate(spent, axis=1)
    return float(shift.mean()), float(pitch.mean()), float(duration.mean())


def tuned(folder: Path, run: Path, epochs: str) -> str:
    """The checkpoint of the default model after training on a folder."""
    given = ["--init", "default", "--data", str(folder), "--out", str(run), "--epochs", epochs, "--device", "cpu"]
    with contextlib.redirect_stdout(sys.stderr):
        assert training.main(given) == 0
    return str(run / "last")


def main() -> None:
    """Print the table."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--epochs", default="3")
    options.add_argument("--threads", type=int, default=2)
    options.add_argument("--keep", type=Path, help="a new folder for the material and the runs")
    chosen = options.parse_args()
    torch.set_num_threads(chosen.threads)
    with tempfile.TemporaryDirectory() as scratch:
        _compare(chosen.keep or Path(scratch), chosen.epochs)


def _compare(folder: Path, epochs: str) -> None:
    found = sources(np.random.default_rng(5))
    make_material([piece for source in found for piece in source.tuned_on], folder, np.random.default_rng(6))
    for name in ("default", "scores", "played", "takes"):
        model = name if name == "default" else tuned(folder / name, folder / f"run-{name}", epochs)
        for source in found:
            shift, pitch, duration = bits(model, source.heard)
            total = shift + pitch + duration
            print(f"{name:8} {source.name:9} {shift:.2f} {pitch:.2f} {duration:.2f} sum {total:.2f}", flush=True)


if __name__ == "__main__":
    main()
