"""A MIDI clock of our own: when each pulse (24 a quarter note), Start, Stop, Continue and Song Position is to leave.

Every time is reckoned from the beat it lies on and never from the pulse before, so nothing adds up over an hour.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from musedaemon.core.beat_grid import BeatGrid

PULSES_PER_BEAT = 24
PULSES_PER_SONG_POSITION = 6
"""Song Position counts sixteenths (MIDI 1.0)."""
LAST_SONG_POSITION = 16383
PULSE, START, CONTINUE, STOP, SONG_POSITION = b"\xf8", b"\xfa", b"\xfb", b"\xfc", 0xF2
_AHEAD = 0.5
"""Pulses: Start leaves so long before the pulse at which it takes effect, or at once where that is less."""
_EXACT = 1e-9
"""Pulses, and seconds: what is lost by reckoning to and fro between the two."""


class ClockMessage(NamedTuple):
    """Bytes that are to leave `at` (seconds)."""

    at: float
    data: bytes


class _Mark(NamedTuple):
    """A message that lies between the pulses, at this place (pulses since the clock was made)."""

    pulse: float
    data: bytes


class ClockMaster:
    """`pop_due` gives what is to leave, at `next_deadline` the next. Pulses never cease, so that others know the tempo.

    The song runs from its beat 0 on. One thread; all times are seconds and must not go back.
    """

    def __init__(self, bpm: float, at: float) -> None:
        """The first pulse is `at`."""
        self._grid = BeatGrid(at, 0.0, bpm)
        self._next = 0
        self._song_begins: int | None = None
        self._song_pulse = 0
        self._marks: list[_Mark] = []
        self._others_run = False

    @property
    def bpm(self) -> float:
        """The tempo."""
        return self._grid.bpm

    @property
    def grid(self) -> BeatGrid:
        """Where the beats lie, counted since the clock was made."""
        return self._grid

    @property
    def song_grid(self) -> BeatGrid | None:
        """Where the beats of the song lie, before its beginning with negative numbers; None while it is stopped."""
        if self._song_begins is None:
            return None
        return self._grid._replace(beat=self._grid.beat - self._song_begins / PULSES_PER_BEAT)

    @property
    def song_begins(self) -> float | None:
        """The beat of `grid` that is beat 0 of the song; None while it is stopped."""
        return None if self._song_begins is None else self._song_begins / PULSES_PER_BEAT

    def runs_at(self, at: float) -> bool:
        """Whether the song has begun by then, and was not stopped."""
        song = self.song_grid
        return song is not None and song.beat_at(at) * PULSES_PER_BEAT > self._song_pulse - _EXACT

    def start(self, at: float, count_in_beats: float = 0.0) -> None:
        """Begin the song at its beat 0, on the first pulse from then on after so many beats."""
        self.stop(at)
        self._song_pulse = 0
        self._run_from(at, START, round(count_in_beats * PULSES_PER_BEAT))

    def go_on(self, at: float) -> None:
        """Go on from where the song was stopped or put."""
        if self._song_begins is None:
            self._run_from(at, CONTINUE, 0)

    def stop(self, at: float) -> None:
        """Stop the song; the pulses go on. `go_on` takes up at the pulse after the last one."""
        self._marks.clear()
        if self._others_run:
            self._marks.append(_Mark(self._grid.beat_at(at) * PULSES_PER_BEAT, STOP))
        if self._song_begins is not None:
            self._song_pulse = max(self._first_pulse(at) - self._song_begins, self._song_pulse)
            self._song_begins = None

    def locate(self, beat: float, at: float) -> None:
        """Put the song at the sixteenth nearest to this beat. Stops it first."""
        self.stop(at)
        sixteenths = min(max(round(beat * PULSES_PER_BEAT / PULSES_PER_SONG_POSITION), 0), LAST_SONG_POSITION)
        self._song_pulse = sixteenths * PULSES_PER_SONG_POSITION
        data = bytes((SONG_POSITION, sixteenths % 128, sixteenths // 128))
        self._marks.append(_Mark(self._grid.beat_at(at) * PULSES_PER_BEAT, data))

    def turn_to(self, bpm: float, at: float) -> None:
        """Another tempo from then on; no beat leaps."""
        self._grid = self._grid.turned_to(bpm, at)

    def next_deadline(self) -> float:
        """When the next message is to leave."""
        return self._time(min(self._next, self._marks[0].pulse) if self._marks else self._next)

    def pop_due(self, now: float) -> list[ClockMessage]:
        """What is to leave at `now` or before, in order; all pulses that were missed are among it, for others count."""
        due = []
        while (at := self.next_deadline()) <= now + _EXACT:
            if self._marks and self._marks[0].pulse <= self._next:
                data = self._marks.pop(0).data
                self._others_run = data in (START, CONTINUE) or (self._others_run and data != STOP)
                due.append(ClockMessage(at, data))
            else:
                due.append(ClockMessage(at, PULSE))
                self._next += 1
        return due

    def _run_from(self, at: float, message: bytes, wait_pulses: int) -> None:
        first = max(self._first_pulse(at), self._next) + wait_pulses
        self._song_begins = first - self._song_pulse
        self._marks.append(_Mark(max(first - _AHEAD, self._grid.beat_at(at) * PULSES_PER_BEAT), message))

    def _first_pulse(self, at: float) -> int:
        return math.ceil(self._grid.beat_at(at) * PULSES_PER_BEAT - _EXACT)

    def _time(self, pulse: float) -> float:
        return self._grid.time_of(pulse / PULSES_PER_BEAT)
