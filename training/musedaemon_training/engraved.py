"""MusicXML and kern scores: the one place that knows music21."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

import music21

from musedaemon.encoding import PITCHES, TICKS_PER_BEAT
from musedaemon_training.notes import LONGEST_BAR_TICKS, Notes, from_columns, in_playing_order
from musedaemon_training.pieces import NO_METER, Meter, Piece, Reason, UnreadableError

DEFAULT_QUARTERS_A_MINUTE = 120.0


class _Sound(NamedTuple):
    """In quarters since the start; `bar` is (quarters since the bar line, length of the bar), (-1, 0) for none."""

    at: Fraction | float
    length: Fraction | float
    pitch: int
    bar: tuple[Fraction | float, Fraction | float]


def read_scores(path: Path) -> Iterator[Piece | UnreadableError]:
    """Each score of a file: written notes at sounding pitch, ties joined, repeats not played out, no grace notes.

    Raises whatever music21 meets in a broken file.
    """
    # Without forceSource, music21 writes a pickle of everything it reads into a folder of its own.
    parsed: Any = music21.converter.parse(path, forceSource=True)
    scores = list(parsed.scores) if isinstance(parsed, music21.stream.Opus) else [parsed]
    for number, score in enumerate(scores, 1):
        title = f"tune {number}" if len(scores) > 1 else ""
        try:
            yield _piece(title, score)
        except UnreadableError as error:
            yield error


def _piece(title: str, score: Any) -> Piece:
    sounding = score.toSoundingPitch()
    parts = list(sounding.parts) or [sounding]
    sounds = [sound for part in parts for sound in _sounds(part)]
    if not sounds:
        raise UnreadableError(Reason.DRUMS, "has no pitched notes")
    seconds, tempo = _time(sounding, float(max(sound.at + sound.length for sound in sounds)))
    signature = sounding.recurse().getElementsByClass(music21.meter.TimeSignature).first()
    meter = Meter(int(signature.numerator), int(signature.denominator)) if signature else NO_METER
    return Piece(title, _notes(sounds), seconds, tempo, meter)


def _sounds(part: Any) -> Iterator[_Sound]:
    joined = part.stripTies()
    measures = list(joined.getElementsByClass(music21.stream.Measure))
    if not measures:
        yield from _sounds_in(joined, 0.0, 0)
    bar: Any = 0
    for measure in measures:
        bar = measure.timeSignature.barDuration.quarterLength if measure.timeSignature else bar
        yield from _sounds_in(measure, measure.offset, bar)


def _sounds_in(holder: Any, start: Any, bar: Any) -> Iterator[_Sound]:
    """The notes of a measure, or of a part without measures; an upbeat's measure starts late in its `bar`."""
    late = holder.paddingLeft if bar else 0
    for element in holder.recurse().notes:
        if element.duration.isGrace or isinstance(element, music21.harmony.Harmony):
            continue
        at = element.getOffsetInHierarchy(holder)
        place = ((at + late) % bar, bar) if bar else (-1, 0)
        for pitch in element.pitches:
            yield _Sound(start + at, element.quarterLength, int(pitch.midi), place)


def _notes(sounds: list[_Sound]) -> Notes:
    inside = [s for s in sounds if 0 <= s.pitch < PITCHES and s.bar[1] * TICKS_PER_BEAT <= LONGEST_BAR_TICKS]
    onset = [_ticks(s.at) for s in inside]
    return in_playing_order(
        from_columns(
            onset=onset,
            duration=[_ticks(s.at + s.length) - at for s, at in zip(inside, onset, strict=True)],
            bar_tick=[_ticks(s.bar[0]) if s.bar[1] else -1 for s in inside],
            bar_length=[_ticks(s.bar[1]) for s in inside],
            pitch=[s.pitch for s in inside],
            # Engraved dynamics are signs above the staff, not velocities.
            velocity=[0] * len(inside),
        )
    )


def _ticks(quarters: Any) -> int:
    return int(float(quarters) * TICKS_PER_BEAT + 0.5)


def _time(score: Any, quarters: float) -> tuple[float, float]:
    """(seconds, mean quarters a minute or 0 where no tempo is marked) of so many quarters."""
    marks = score.recurse().getElementsByClass(music21.tempo.MetronomeMark)
    if not any(mark.number is not None for mark in marks):
        return 60.0 * quarters / DEFAULT_QUARTERS_A_MINUTE, 0.0
    seconds = 0.0
    for start, end, mark in score.metronomeMarkBoundaries():
        speed = mark.getQuarterBPM() or DEFAULT_QUARTERS_A_MINUTE
        seconds += 60.0 * (min(end, quarters) - min(start, quarters)) / speed
    return seconds, 60.0 * quarters / seconds if seconds else 0.0
