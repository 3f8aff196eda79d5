"""Following a MIDI clock: its pulses (24 a quarter note), Start, Stop, Continue and Song Position (MIDI 1.0, system
real time and system common messages). Where its beats lie, and whether it runs.
"""

from __future__ import annotations

from enum import Enum, auto

from musedaemon.core.beat_grid import BeatGrid, Doubt
from musedaemon.core.clock_filter import ClockFilter

PULSES_PER_BEAT = 24
_PULSES_PER_SONG_POSITION = 6
"""Song Position counts sixteenths."""
_GONE_PULSES = 24
"""A clock that keeps silent for a beat is gone, unless it was stopped."""
_LEAST_PATIENCE_S = 0.5
"""Never sooner than that: where a MIDI system's clock stood still, its times may be so early (`midi/stamps.py`)."""
_BEFORE_NEXT_PULSE = 0.95
"""Up to here after a pulse, that tells where a beat lies."""
_OVERDUE_PULSES = 1.5
"""So long after the one before it, a pulse is not waited for any more."""
_LONGEST_PULSE_S = 60.0 / PULSES_PER_BEAT / 10
"""Seconds, at ten beats a minute: what a clock is allowed before its tempo is known."""


class ClockNews(Enum):
    """What a message of the clock, or its silence, has changed."""

    STARTED = auto()
    """It runs from this pulse on: after Start or Continue the first one."""
    STOPPED = auto()
    LOST = auto()
    """It fell silent without Stop; beats go on at the last tempo."""
    FOUND = auto()
    """It is back, or there for the first time."""
    TAPPED = auto()
    """It is our own, or a session's, and the musician has tapped its tempo."""
    PULSE = auto()
    """Nothing but one more pulse."""


class ClockFollower:
    """`receive` every message of the clock, `advance` at `next_deadline`; `grid` is where its beats lie. One thread.

    Start takes effect at the next pulse, which is beat 0. Continue goes on at the pulse after the last one before Stop,
    or where Song Position has set it. Until a clock was ever started it has a tempo but no place.
    """

    def __init__(self) -> None:
        self._filter = ClockFilter()
        self._song_pulse = 0
        self._song_begins = 0
        self._running = False
        self._starting = False
        self._heard = False
        self._gone = True

    @property
    def running(self) -> bool:
        """Whether it is between Start or Continue and Stop."""
        return self._running

    @property
    def starting(self) -> bool:
        """Whether it was started, and its first pulse has not come."""
        return self._starting

    @property
    def alive(self) -> bool:
        """Whether its pulses come."""
        return not self._gone

    @property
    def bpm(self) -> float | None:
        """The tempo, None before two pulses."""
        line = self._filter.line
        return None if line is None else 60.0 / (line.period * PULSES_PER_BEAT)

    @property
    def grid(self) -> BeatGrid | None:
        """Where the beats of the song lie, as far as one can tell now; None without a tempo. It holds while running."""
        line, bpm = self._filter.line, self.bpm
        if line is None or bpm is None:
            return None
        return BeatGrid(line.at, (line.pulse - self._song_begins) / PULSES_PER_BEAT, bpm)

    @property
    def clock_grid(self) -> BeatGrid | None:
        """The same, counted since the clock was first heard: no Start or Song Position moves it."""
        grid = self.grid
        return None if grid is None else grid._replace(beat=grid.beat + self._song_begins / PULSES_PER_BEAT)

    @property
    def song_begins(self) -> float | None:
        """The beat of `clock_grid` that is beat 0 of the song; None while the clock does not run."""
        return self._song_begins / PULSES_PER_BEAT if self._running else None

    @property
    def next_pulse(self) -> int:
        """The pulse of the song that the next F8 will be, if the clock runs then."""
        return self._filter.count + 1 - self._song_begins if self._running else self._song_pulse

    @property
    def doubt(self) -> Doubt | None:
        """What is not known of the beats to come, where its pulses stray and all that follow with them."""
        line, wander = self._filter.line, self._filter.wander
        if line is None or not wander:
            return None
        known_until = line.time_of(line.pulse + _BEFORE_NEXT_PULSE)
        return Doubt(known_until, wander, self._filter.last_at + _OVERDUE_PULSES * line.period)

    def receive(self, at: float, data: bytes) -> ClockNews | None:
        """Take a message (its bytes, and when it came, seconds); None if nothing follows from it for the clock."""
        match data[0]:
            case 0xF8:
                return self._pulse(at)
            case 0xFA:
                self._begin()
                self._song_pulse = 0
            case 0xFB:
                self._begin()
            case 0xFC:
                return self._stop()
            case 0xF2 if len(data) == 3:
                self._locate(_PULSES_PER_SONG_POSITION * (data[1] + 128 * data[2]))
        return None

    def next_deadline(self) -> float:
        """When the clock will be gone if nothing more is heard of it (seconds), infinity when it need not be heard."""
        return self._filter.last_at + self._patience if not self._gone else float("inf")

    def advance(self, now: float) -> ClockNews | None:
        """Whether the clock is gone at `now`. A clock that is stopped may be silent: that is no news."""
        if now < self.next_deadline():
            return None
        self._gone = True
        return ClockNews.LOST if self._running else None

    @property
    def _patience(self) -> float:
        line = self._filter.line
        return max(_GONE_PULSES * (line.period if line else _LONGEST_PULSE_S), _LEAST_PATIENCE_S)

    def _pulse(self, at: float) -> ClockNews:
        back = self._gone
        if back and self._heard:
            self._filter.skip_silence(at)
        self._gone, self._heard = False, True
        self._filter.hear(at)
        if self._starting:
            self._starting, self._running = False, True
            self._song_begins = self._filter.count - self._song_pulse
            return ClockNews.STARTED
        return ClockNews.FOUND if back else ClockNews.PULSE

    def _begin(self) -> None:
        if self._running:
            self._stop()
        self._starting = True
        self._filter.begin_anew()

    def _stop(self) -> ClockNews | None:
        was_running, self._starting = self._running, False
        if was_running:
            self._song_pulse = self.next_pulse
            self._running = False
        return ClockNews.STOPPED if was_running else None

    def _locate(self, pulse: int) -> None:
        """Song Position is for a clock that is stopped; one that is sent in mid-run counts from the next pulse."""
        if self._running:
            self._song_begins = self._filter.count + 1 - pulse
        else:
            self._song_pulse = pulse
