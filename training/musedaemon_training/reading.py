"""Music files as notes: the one place that knows symusic. MIDI files hold one piece, ABC books one for each
tune."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import symusic

from musedaemon.encoding import PITCHES, TICKS_PER_BEAT
from musedaemon.errors import MusedaemonError
from musedaemon_training.notes import LONGEST_BAR_TICKS, Notes, from_columns, in_playing_order

READER_VERSION = 1
"""Part of the cache's key: a change of what is read from a file must change it."""

MIDI_SUFFIXES = frozenset({".mid", ".midi"})
ABC_SUFFIXES = frozenset({".abc"})
SUFFIXES = MIDI_SUFFIXES | ABC_SUFFIXES

FEWEST_NOTES = 16
MOST_NOTES_A_BEAT = 64
MOST_TICKS = 2**30
_TUNE_START = re.compile(r"^X:", re.MULTILINE)


class UnreadableError(MusedaemonError):
    """A file or a piece holds nothing to learn from; the message is the reason, a few words."""


class Piece(NamedTuple):
    """One piece of a file; `title` tells the tunes of one book apart and is empty for a file of one piece."""

    title: str
    notes: Notes


def read_pieces(path: Path) -> Iterator[Piece | UnreadableError]:
    """Each piece of a file, or why it is left out. Never raises for what a file holds."""
    try:
        data = path.read_bytes()
    except OSError as error:
        yield UnreadableError(f"cannot be opened ({error.strerror})")
        return
    if path.suffix.lower() in ABC_SUFFIXES:
        yield from _read_tunes(data.decode("utf-8", errors="replace"))
    else:
        yield _checked("", lambda: symusic.Score.from_midi(data))


def _read_tunes(text: str) -> Iterator[Piece | UnreadableError]:
    starts = [match.start() for match in _TUNE_START.finditer(text)]
    for number, (start, stop) in enumerate(zip(starts, [*starts[1:], len(text)], strict=True), 1):
        tune = text[start:stop]
        piece = _checked(f"tune {number}", lambda tune=tune: symusic.Score.from_abc(tune))
        # The reader makes up velocities from the beat; a tune book says nothing of dynamics.
        if isinstance(piece, Piece):
            piece.notes["velocity"] = 0
        yield piece


def _checked(title: str, read: Any) -> Piece | UnreadableError:
    try:
        score = read()
    except Exception as error:
        # symusic raises whatever its C++ parser meets: any of it means a broken file.
        return UnreadableError(f"is broken ({_first_line(error)})")
    try:
        return Piece(title, notes_of_score(score))
    except UnreadableError as error:
        return error


def _first_line(error: Exception) -> str:
    text = str(error).strip() or type(error).__name__
    return text.splitlines()[0][:120]


def notes_of_score(score: Any) -> Notes:
    """All tracks but drums merged into playing order, on the grid of 24 ticks a beat.

    Velocities that are all equal become 0, unknown. Raises UnreadableError for what is no music to learn
    from.
    """
    if score.ticks_per_quarter <= 0:
        raise UnreadableError("has no musical time")
    columns = [track.notes.numpy() for track in score.tracks if not track.is_drum and len(track.notes)]
    if not columns:
        raise UnreadableError("has no notes outside drum tracks")
    merged = {name: np.concatenate([c[name] for c in columns]).astype(np.int64) for name in columns[0]}
    inside = (merged["pitch"] >= 0) & (merged["pitch"] < PITCHES) & (merged["time"] >= 0)
    onset = _to_grid(merged["time"][inside], score.ticks_per_quarter)
    end = _to_grid((merged["time"] + merged["duration"])[inside], score.ticks_per_quarter)
    if len(onset) and int(end.max()) >= MOST_TICKS:
        raise UnreadableError("is impossibly long")
    bar_tick, bar_length = _bars(onset, score)
    notes = in_playing_order(
        from_columns(
            onset=onset,
            duration=end - onset,
            bar_tick=bar_tick,
            bar_length=bar_length,
            pitch=merged["pitch"][inside],
            velocity=_velocities(merged["velocity"][inside]),
        )
    )
    _check_density(notes)
    return notes


def _to_grid(ticks: npt.NDArray[np.int64], ticks_per_quarter: int) -> npt.NDArray[np.int64]:
    on_grid: npt.NDArray[np.int64] = np.floor(ticks * (TICKS_PER_BEAT / ticks_per_quarter) + 0.5).astype(np.int64)
    return on_grid


def _velocities(velocity: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    if len(velocity) == 0 or velocity.min() == velocity.max():
        return np.zeros_like(velocity)
    return np.clip(velocity, 1, 127)


def _bars(onset: npt.NDArray[np.int64], score: Any) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """(ticks since the bar line, length of the bar) of each onset; (-1, 0) before the first time
    signature."""
    signatures = sorted((int(s.time), int(s.numerator), int(s.denominator)) for s in score.time_signatures)
    bar_tick = np.full(len(onset), -1, dtype=np.int64)
    bar_length = np.zeros(len(onset), dtype=np.int64)
    for time, numerator, denominator in signatures:
        length = numerator * 4 * TICKS_PER_BEAT // denominator if denominator > 0 else 0
        if not 0 < length <= LONGEST_BAR_TICKS:
            continue
        start = int(_to_grid(np.array([time]), score.ticks_per_quarter)[0])
        after = onset >= start
        bar_tick[after] = (onset[after] - start) % length
        bar_length[after] = length
    return bar_tick, bar_length


def _check_density(notes: Notes) -> None:
    if len(notes) < FEWEST_NOTES:
        raise UnreadableError(f"has fewer than {FEWEST_NOTES} notes")
    beats = (int(notes["onset"][-1]) - int(notes["onset"][0])) / TICKS_PER_BEAT
    if len(notes) > MOST_NOTES_A_BEAT * max(beats, 1.0):
        raise UnreadableError(f"has more than {MOST_NOTES_A_BEAT} notes a beat")
