"""The model's ticks on a clock's beats: where each tick lies in time, in its beat and in its bar."""

from __future__ import annotations

import math

from musedaemon.core.beat_grid import Beat, Meter
from musedaemon.encoding import TICKS_PER_BEAT

NO_PLACE = (-1, -1)
"""Neither beat nor bar is known."""


class Timeline:
    """Follows the clock's reports; without a running clock it knows no beat. Owned by the engine, known to its moments.

    Ticks never go back: where a song begins anew, they go on from where they were, and its beat 0 gets a later tick.
    """

    def __init__(self, meter: Meter | None = None) -> None:
        self.meter = meter or Meter()
        self._beat: Beat | None = None
        self._origin = 0
        self.over = False
        """Whether a song has ended, and none has begun since."""

    @property
    def runs(self) -> bool:
        """Whether a clock runs, so that there are beats and bars."""
        return self._beat is not None and self._beat.song_begins is not None

    @property
    def bpm(self) -> float | None:
        """The clock's tempo, also after it has stopped; None before there was one."""
        return self._beat.grid.bpm if self._beat else None

    def follow(self, beat: Beat, tick: int) -> bool:
        """The clock reports; ticks have come as far as `tick` by then. Returns whether a song has begun or ended.

        A song that leaps by whole bars, as a loop does, goes on.
        """
        begins_before = self._beat.song_begins if self._beat else None
        self._beat = beat
        if beat.song_begins == begins_before:
            return False
        if beat.song_begins is not None and begins_before is not None:
            leap = round((beat.song_begins - begins_before) * TICKS_PER_BEAT)
            if leap % self.bar_ticks == 0:
                self._origin += leap
                return False
        self.over = beat.song_begins is None
        if not self.over:
            self._origin = 0
            self._origin = tick - math.floor(self.tick_of(beat.at))
        return True

    def tick_of(self, at: float) -> float:
        """The tick, with its fraction, of a time (seconds). The clock must run."""
        assert self._beat is not None
        assert self._beat.song_begins is not None
        return self._origin + (self._beat.grid.beat_at(at) - self._beat.song_begins) * TICKS_PER_BEAT

    def clock_beat(self, tick: float) -> float:
        """The beat of a tick, counted as the clock's reports do. The clock must run."""
        assert self._beat is not None
        assert self._beat.song_begins is not None
        return self._beat.song_begins + (tick - self._origin) / TICKS_PER_BEAT

    def beat_of(self, at: float) -> float:
        """The clock's beat of a time (seconds). There must have been a clock."""
        assert self._beat is not None
        return self._beat.grid.beat_at(at)

    def time_of(self, tick: float) -> float:
        """The time (seconds) of a tick. The clock must run."""
        assert self._beat is not None
        return self._beat.grid.time_of(self.clock_beat(tick))

    def time_of_beat(self, beat: float) -> float:
        """The time (seconds) of a clock's beat. There must have been a clock."""
        assert self._beat is not None
        return self._beat.grid.time_of(beat)

    def after_beats(self, at: float, beats: float) -> float:
        """The time (seconds) so many beats after another. The clock must run."""
        assert self._beat is not None
        return self._beat.grid.time_of(self._beat.grid.beat_at(at) + beats)

    def bar_line(self, at: float, ahead_beats: float) -> float:
        """The time of the last bar line before a time (seconds), or of the next one if it is no farther ahead than so
        many beats. The clock must run.
        """
        bars = math.floor((self.tick_of(at) - self._origin + ahead_beats * TICKS_PER_BEAT) / self.bar_ticks)
        return self.time_of(self._origin + bars * self.bar_ticks)

    def places(self, tick: int) -> tuple[int, int]:
        """The ticks since the beat and since the bar line."""
        if not self.runs:
            return NO_PLACE
        in_bar = (tick - self._origin) % self.bar_ticks
        return in_bar % TICKS_PER_BEAT, in_bar

    def swings(self, tick: int) -> bool:
        """Whether the beat a tick lies in has two eighths: not in 6/8, nor the last one of 7/8. The clock must run."""
        in_beat, in_bar = self.places(tick)
        return self.meter.beat_beats == 1.0 and in_bar - in_beat + TICKS_PER_BEAT <= self.bar_ticks

    @property
    def bar_ticks(self) -> int:
        """How many ticks a bar has."""
        return round(self.meter.bar_beats * TICKS_PER_BEAT)

    def nearest_line(self, place: float, step: int) -> float:
        """The tick nearest to a place that lies a whole number of steps (ticks) after the song's beginning."""
        return self._origin + math.floor((place - self._origin) / step + 0.5) * step

    def bar_from(self, tick: int) -> int:
        """The first bar line that is not before a tick. The clock must run."""
        return tick + (self._origin - tick) % self.bar_ticks

    def beat_from(self, tick: int) -> int:
        """The first beat that is not before a tick; beats are counted from bar to bar. The clock must run."""
        _, in_bar = self.places(tick)
        return min(tick + -in_bar % round(self.meter.beat_beats * TICKS_PER_BEAT), self.bar_from(tick))


FREE = Timeline()
"""No clock at all; nobody lets it follow one."""
