"""The tempo map of a recording along a clock: its bars are the clock's, so that it opens in a DAW on its bars."""

from __future__ import annotations

import math
from typing import NamedTuple

from musedaemon.core.beat_grid import Beat
from musedaemon.midi.files import TempoChange

_CLOSEST_S = 0.25
"""Of two places nearer to each other the later one counts: a tempo between them would be nonsense."""


class _Place(NamedTuple):
    """Beat `beat` of the file lies at `at` (seconds of the session)."""

    at: float
    beat: float


class BarMap:
    """`enter` what the clock reports, in order; then `shift` and `tempi`. One thread at a time.

    A file knows no clock that stops: where a song is stopped, begins anew or leaps, the tempo between is bent so that
    the gap is filled by as many beats as it takes for the next bar to begin on a bar of the file.
    """

    def __init__(self, bar_beats: float) -> None:
        self._bar = bar_beats
        self._places: list[_Place] = []
        self._fixed = 1
        self._offset = 0.0
        self._song_begins: float | None = None
        self._bpm = 0.0

    def __bool__(self) -> bool:
        """Whether a clock ever ran."""
        return bool(self._places)

    def enter(self, beat: Beat) -> None:
        """The clock reports where its beats lie."""
        before, self._song_begins = self._song_begins, beat.song_begins
        if beat.song_begins is not None and beat.song_begins != before:
            self._begin(beat, beat.song_begins)
        elif before is not None:
            self._append(_Place(beat.at, beat.grid.beat_at(beat.at) + self._offset))
        self._bpm = beat.grid.bpm

    @property
    def shift(self) -> float:
        """So many seconds, less than a bar, come before the session: the file begins on a bar line."""
        first = self._places[0]
        beats = first.beat - math.floor(self._beat_of_zero / self._bar + 1e-9) * self._bar
        return beats * 60.0 / self._first_bpm - first.at

    @property
    def tempi(self) -> list[TempoChange]:
        """The tempi of the file, in its own time: `shift` later than the session's."""
        found = [TempoChange(0.0, self._first_bpm)]
        for place, following in zip(self._places, [*self._places[1:], None], strict=True):
            bpm = self._bpm if following is None else _bpm_between(place, following)
            found.append(TempoChange(place.at + self.shift, bpm))
        return found

    @property
    def _first_bpm(self) -> float:
        return _bpm_between(*self._places[:2]) if len(self._places) > 1 else self._bpm

    @property
    def _beat_of_zero(self) -> float:
        first = self._places[0]
        return first.beat - first.at * self._first_bpm / 60.0

    def _begin(self, beat: Beat, song_begins: float) -> None:
        song_beat = beat.grid.beat_at(beat.at) - song_begins
        file_beat = song_beat
        if self._places:
            last = self._places[-1]
            expected = last.beat + (beat.at - last.at) * self._bpm / 60.0
            file_beat += round((expected - song_beat) / self._bar) * self._bar
            while file_beat <= last.beat:
                file_beat += self._bar
        self._offset = file_beat - beat.grid.beat_at(beat.at)
        self._append(_Place(beat.at, file_beat))
        self._fixed = len(self._places)

    def _append(self, place: _Place) -> None:
        if len(self._places) > self._fixed and place.at - self._places[-1].at < _CLOSEST_S:
            self._places.pop()
        if not self._places or (place.at > self._places[-1].at and place.beat > self._places[-1].beat):
            self._places.append(place)


def _bpm_between(one: _Place, other: _Place) -> float:
    return 60.0 * (other.beat - one.beat) / (other.at - one.at)
