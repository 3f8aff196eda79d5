"""How often the partner cuts in on somebody who only pauses, and how soon it answers, in virtual time.

    python benchmarks/turns.py [FOLDER] [--count 40] [--list FILE] [--seed 4]

Every performance is one long turn with breaths, so each hand-over before its end is a false start. FOLDER holds .mid
files; without one, tunes are made up. `--list` names files relative to the folder, one a line.
"""

from __future__ import annotations

import argparse
import os
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as the command does: see docs/decisions.md 8

import numpy as np
from performances import PlayedNote, performance_of

from musedaemon.core.commands import HandedOver, Heard, Played, Report, TempoFound, TurnOver, Withdrawn
from musedaemon.core.engine import Engine, EngineSettings
from musedaemon.core.events import SUSTAIN, ControlChange, MidiEvent, NoteOff, NoteOn
from musedaemon.core.outlet import Outgoing
from musedaemon.core.player import Player
from musedaemon.core.sampling import SamplingSettings
from musedaemon.core.tempo import TempoTracker
from musedaemon.core.thru import nothing
from musedaemon.midi.loop_guard import NoLoop
from musedaemon.model.onnx_model import load_default
from musedaemon.model.protocol import NoteModel
from musedaemon.run.musician import FilePlayer
from musedaemon.run.simulator import Simulator

SILENCES = (0.3, 0.6, 1.0)
_PHRASE_S = (4.0, 9.0)
"""How long a phrase is before the next breath."""
_BREATH_S, _BREATH_SPREAD = 0.55, 0.7
"""A breath: log-normal around this, so that one in nine is longer than 1.3 s."""
_PEDAL_KEPT = 0.5
"""The share of breaths through which the pedal is kept down."""
_PEDAL_EVERY_S = 1.6


class Take(NamedTuple):
    """A performance with breaths: its notes, and when the pedal went down and came up."""

    notes: list[PlayedNote]
    pedal: list[tuple[float, bool]]

    def events(self) -> list[MidiEvent]:
        """In time order, note-offs first."""
        found: list[tuple[float, int, MidiEvent]] = []
        for note in self.notes:
            found.append((note.at, 2, NoteOn(note.at, 0, note.pitch, note.velocity)))
            found.append((note.until, 0, NoteOff(note.until, 0, note.pitch)))
        for at, down in self.pedal:
            found.append((at, 1, ControlChange(at, 0, SUSTAIN, 127 if down else 0)))
        return [event for _, _, event in sorted(found, key=lambda entry: entry[:2])]


@dataclass
class Watch:
    """Keeps what a session does; a `Record`."""

    silence_s: float = 0.0
    starts: list[float] = field(default_factory=list)
    played: list[float] = field(default_factory=list)
    withdrawn: list[float] = field(default_factory=list)
    cut: int = 0
    _ended: int = 0

    def report(self, report: Report) -> None:
        """Count our notes and what took them back."""
        match report:
            case Played(at=at):
                self.played.append(at)
            case Withdrawn(at):
                self.withdrawn.append(at)
                self.cut += self._ended
            case Heard():
                pass

    def sent(self, messages: Sequence[Outgoing]) -> None:
        """Count our note-offs: those that leave together with a withdrawal are of notes that were cut."""
        self._ended = sum(message.serial is not None and isinstance(message.event, NoteOff) for message in messages)

    def handed_over(self, turn: HandedOver) -> None:
        """A start, false or not."""
        self.starts.append(turn.at)

    def tempo_found(self, found: TempoFound) -> None:
        """Nothing."""


def breathed(notes: Sequence[PlayedNote], rng: np.random.Generator) -> Take:
    """The same notes with breaths between phrases, and a pedal that changes with the harmony."""
    shift, phrase_began = 0.0, notes[0].at
    length = rng.uniform(*_PHRASE_S)
    made: list[PlayedNote] = []
    breaths: list[tuple[float, float]] = []
    for note in notes:
        silent_from = max((earlier.until for earlier in made), default=0.0)
        if note.at - phrase_began > length and note.at + shift > silent_from - 0.1:
            pause = float(np.clip(_BREATH_S * np.exp(rng.normal(0.0, _BREATH_SPREAD)), 0.1, 3.0))
            made = [earlier._replace(until=min(earlier.until, note.at + shift)) for earlier in made]
            breaths.append((note.at + shift, note.at + shift + pause))
            shift, phrase_began, length = shift + pause, note.at, rng.uniform(*_PHRASE_S)
        made.append(note._replace(at=note.at + shift, until=note.until + shift))
    return Take(made, list(_pedal(made, breaths, rng)))


def _pedal(
    notes: Sequence[PlayedNote], breaths: Sequence[tuple[float, float]], rng: np.random.Generator
) -> Iterator[tuple[float, bool]]:
    """Up with a new harmony and down just after it; at a breath kept, or let go within half a second."""
    kept = {begin: rng.random() < _PEDAL_KEPT for begin, _ in breaths}
    down_at = float("-inf")
    for note in notes:
        breath = next(((begin, end) for begin, end in breaths if abs(end - note.at) < 1e-9), None)
        if breath and not kept[breath[0]] and down_at > float("-inf"):
            yield min(breath[0] + rng.uniform(0.0, 0.5), breath[1] - 0.01), False
            down_at = float("-inf")
        if note.at - down_at >= _PEDAL_EVERY_S:
            if down_at > float("-inf"):
                yield note.at + 0.02, False
            yield note.at + 0.12, True
            down_at = note.at + 0.12
    if down_at > float("-inf"):
        yield max(note.until for note in notes) + 0.2, False


def made_up(rng: np.random.Generator) -> list[PlayedNote]:
    """A minute of a tune in C over chords."""
    scale = [60, 62, 64, 65, 67, 69, 71, 72, 74, 76]
    at, place, notes = 0.0, 4, list[PlayedNote]()
    beat = float(rng.uniform(0.4, 0.8))
    while at < 60.0:
        if len(notes) % 8 == 0:
            for pitch in (48, 52, 55):
                notes.append(PlayedNote(at + rng.normal(0.0, 0.008) + 0.01, at + 3.5 * beat, pitch, 55))
        place = int(np.clip(place + rng.integers(-2, 3), 0, len(scale) - 1))
        length = float(rng.choice([0.5, 0.5, 1.0, 1.0, 2.0])) * beat
        notes.append(PlayedNote(at + rng.normal(0.0, 0.008) + 0.01, at + 0.9 * length, scale[place], 75))
        at += length
    return sorted(notes)


def takes(folder: Path | None, listed: Path | None, count: int, seed: int) -> list[Take]:
    """As many performances as asked for, as far as there are files that can be played."""
    rng = np.random.default_rng(seed)
    if folder is None:
        return [breathed(made_up(rng), rng) for _ in range(count)]
    if listed:
        sources = [folder / line.strip() for line in listed.read_text().splitlines() if line.strip().endswith(".mid")]
    else:
        sources = sorted(folder.rglob("*.mid"))
    random.Random(seed).shuffle(sources)
    found: list[Take] = []
    for source in sources:
        performance = performance_of(source, rng)
        if performance and len(found) < count:
            found.append(breathed(performance.notes, rng))
    return found


def watched(events: Sequence[MidiEvent], model: NoteModel, silence_s: float) -> Watch:
    """One session that nobody waits in."""
    engine = Engine(model, TempoTracker(), EngineSettings(SamplingSettings(), hand_over_s=silence_s, seed=1))
    watch = Watch(silence_s)

    def ignore(over: TurnOver) -> None:
        pass

    Simulator(engine, Player(NoLoop(), nothing), FilePlayer(events), watch, ignore).run()
    return watch


def line(played: Sequence[Take], model: NoteModel, silence_s: float, pedal: str) -> str:
    """A row of the table."""
    minutes, false, heard, notes, cut, waits = 0.0, 0, 0, 0, 0, list[float]()
    for take in played:
        heard_take = take if pedal == "counted" else take._replace(pedal=[])
        end = max(note.until for note in take.notes)
        watch = watched(heard_take.events(), model, silence_s)
        before = [at for at in watch.starts if at < end]
        minutes += end / 60.0
        false += len(before)
        ours = [at for at in watch.played if at < end]
        onsets = np.array([note.at for note in take.notes])
        heard += sum(any(at <= ours_at < onsets[onsets > at].min() for ours_at in ours) for at in before)
        notes += len(ours)
        cut += watch.cut
        waits += [min(at for at in watch.played if at > end) - end] if max(watch.played, default=0.0) > end else []
    wait = float(np.median(waits)) if waits else float("nan")
    rates = " | ".join(f"{value / minutes:.1f}" for value in (false, heard, notes, cut))
    return f"| {silence_s} s | {pedal} | {rates} | {wait:.2f} s |"


def main() -> None:
    """Print the table."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("folder", type=Path, nargs="?")
    options.add_argument("--list", type=Path)
    options.add_argument("--count", type=int, default=40)
    options.add_argument("--seed", type=int, default=4)
    chosen = options.parse_args()
    played = takes(chosen.folder, chosen.list, chosen.count, chosen.seed)
    model = load_default()
    total = sum(max(note.until for note in take.notes) for take in played) / 60.0
    print(f"{len(played)} performances, {total:.0f} minutes; each figure but the last is a minute's")
    print("| silence | pedal | false starts | of which heard | notes of ours in them | of these cut | to the answer |")
    print("|---|---|---|---|---|---|---|")
    for silence_s in SILENCES:
        for pedal in ("counted", "not counted"):
            print(line(played, model, silence_s, pedal), flush=True)


if __name__ == "__main__":
    main()
