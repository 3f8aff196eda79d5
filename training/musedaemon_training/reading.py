"""Music files as pieces, whatever their format: MIDI files hold one piece, ABC and kern books one for each tune."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from musedaemon.encoding import TICKS_PER_BEAT
from musedaemon.plain_file import MEGABYTE, read_plain
from musedaemon_training import midi_and_abc
from musedaemon_training.archives import refuse_bomb
from musedaemon_training.pieces import Piece, Reason, UnreadableError

__all__ = ["READER_VERSION", "SUFFIXES", "Piece", "UnreadableError", "read_pieces"]

READER_VERSION = 3
"""Part of the cache's key: a change of what is read from a file must change it."""

MIDI_SUFFIXES = frozenset({".mid", ".midi"})
ABC_SUFFIXES = frozenset({".abc"})
SCORE_SUFFIXES = frozenset({".xml", ".musicxml", ".mxl", ".krn"})
PACKED_SUFFIX = ".mxl"
SUFFIXES = MIDI_SUFFIXES | ABC_SUFFIXES | SCORE_SUFFIXES

MOST_BYTES = 64 * MEGABYTE
"""Of a file: tune books have some."""
MOST_SCORE_BYTES = 16 * MEGABYTE
"""Of a score, unpacked: music21 takes some 140 times as much memory, and minutes for a third of it."""
FEWEST_NOTES = 16
MOST_NOTES_A_BEAT = 64
MOST_NOTES_A_SECOND = 150


def read_pieces(path: Path) -> Iterator[Piece | UnreadableError]:
    """Each piece of a file, or why it is left out. Never raises for what a file holds."""
    try:
        data = read_plain(path, MOST_SCORE_BYTES if path.suffix.lower() in SCORE_SUFFIXES else MOST_BYTES)
    except OSError as error:
        yield UnreadableError(Reason.UNOPENED, f"cannot be opened ({error.strerror})")
        return
    for result in _caught(lambda: _reader(path.suffix.lower())(data, path)):
        yield _checked(result) if isinstance(result, Piece) else result


def _reader(suffix: str) -> Callable[[bytes, Path], Iterable[Piece | UnreadableError]]:
    if suffix in ABC_SUFFIXES:
        return lambda data, path: midi_and_abc.read_tunes(data.decode("utf-8", errors="replace"))
    if suffix in MIDI_SUFFIXES:
        return lambda data, path: [midi_and_abc.read_midi(data)]
    return _read_score


def _read_score(data: bytes, path: Path) -> Iterable[Piece | UnreadableError]:
    if path.suffix.lower() == PACKED_SUFFIX:
        refuse_bomb(data, MOST_SCORE_BYTES)
    # Only here: it takes a second to load, and few corpora need it.
    from musedaemon_training import engraved

    return engraved.read_scores(path)


def _caught(read: Callable[[], Iterable[Piece | UnreadableError]]) -> Iterator[Piece | UnreadableError]:
    try:
        yield from read()
    except UnreadableError as error:
        yield error
    except Exception as error:
        # Parsers raise whatever they stumble over: any of it means a broken file.
        yield UnreadableError(Reason.BROKEN, f"is broken ({_first_line(error)})")


def _first_line(error: Exception) -> str:
    text = str(error).strip() or type(error).__name__
    return text.splitlines()[0][:120]


def _checked(piece: Piece) -> Piece | UnreadableError:
    notes = piece.notes
    if (~notes["partner"]).sum() < FEWEST_NOTES:
        return UnreadableError(Reason.FEW, f"has fewer than {FEWEST_NOTES} notes")
    beats = (int(notes["onset"][-1]) - int(notes["onset"][0])) / TICKS_PER_BEAT
    if len(notes) > MOST_NOTES_A_BEAT * max(beats, 1.0):
        return UnreadableError(Reason.DENSE, f"has more than {MOST_NOTES_A_BEAT} notes a beat")
    if len(notes) > MOST_NOTES_A_SECOND * max(piece.seconds, 1.0):
        return UnreadableError(Reason.DENSE, f"has more than {MOST_NOTES_A_SECOND} notes a second")
    return piece
