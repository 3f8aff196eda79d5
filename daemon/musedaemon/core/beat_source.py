"""Where the beats come from, seen from the player: a clock that is followed, one of our own, or none.

A source hears what comes in before anybody else, sends what is its own, and reports where the beats lie whenever that
has changed by more than a note could be off unheard.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeGuard

from musedaemon.core.beat_grid import Beat, BeatGrid, Doubt
from musedaemon.core.commands import ClockMoved, Tapped
from musedaemon.core.events import MidiEvent, Other
from musedaemon.core.midi_clock import ClockFollower, ClockNews
from musedaemon.core.tap_tempo import Taps, TapSettings

CLOCK_MESSAGES = frozenset((0xF2, 0xF8, 0xFA, 0xFB, 0xFC))
_LEAPS_WITHIN_S = 0.05
"""A song that begins so soon after Stop has leapt: at a loop's end Ardour stops, and starts with its next period."""
_UNHEARD_S = 0.0005
_LOOK_AHEAD_S = 1.0
"""A change is reported that moves a note this far ahead by more than `_UNHEARD_S`."""


def is_of_clock(event: MidiEvent) -> TypeGuard[Other]:
    """Whether it is a pulse of a clock, Start, Stop, Continue or Song Position."""
    return isinstance(event, Other) and event.data[0] in CLOCK_MESSAGES


class BeatSource(Protocol):
    """Owned by the player. All times are seconds."""

    @property
    def grid(self) -> BeatGrid | None:
        """Where the beats lie, counted since the clock was first heard; None while nobody knows."""

    @property
    def doubt(self) -> Doubt | None:
        """What is not known yet of the beats to come; None where they are where the grid has them."""

    @property
    def starting(self) -> bool:
        """Whether Start or Continue was heard of a song that is to begin with a beat to come."""

    def receive(self, event: MidiEvent) -> bool:
        """Hear what came in; whether it was a clock's message or a tap, and no music."""

    def tap(self, at: float) -> None:
        """The musician taps the tempo at the terminal."""

    def passes(self, event: MidiEvent) -> bool:
        """Whether what was no music may be passed thru."""

    def advance(self, until: float) -> list[MidiEvent]:
        """What the source sends by then, in order; each `at` is when it is to leave."""

    def next_deadline(self) -> float:
        """When `advance` has something to do, infinity when never."""

    def end(self, at: float) -> list[MidiEvent]:
        """The session ends: what the source has still to send."""

    def take_reports(self) -> Sequence[ClockMoved | Tapped]:
        """What changed since the last call, in order."""


class NoClock:
    """The tempo is given, tapped, or found in the playing: there are no beats."""

    grid = None
    doubt = None
    starting = False

    def __init__(self, tap: TapSettings | None = None) -> None:
        self._taps = Taps(tap or TapSettings())
        self._reports: list[Tapped] = []

    def receive(self, event: MidiEvent) -> bool:
        """Everything but taps is music."""
        if isinstance(event, Other) or not self._taps.is_one(event):
            return False
        self._report(self._taps.hear(event), event.at)
        return True

    def tap(self, at: float) -> None:
        """A tap at the terminal."""
        self._report(self._taps.tap(at), at)

    def passes(self, event: MidiEvent) -> bool:
        """No tap."""
        return False

    def advance(self, until: float) -> list[MidiEvent]:
        """Nothing."""
        return []

    def next_deadline(self) -> float:
        """Never."""
        return float("inf")

    def end(self, at: float) -> list[MidiEvent]:
        """Nothing."""
        return []

    def take_reports(self) -> list[Tapped]:
        """Tempi that were tapped."""
        reports, self._reports = self._reports, []
        return reports

    def _report(self, bpm: float | None, at: float) -> None:
        if bpm is not None:
            self._reports.append(Tapped(at, bpm))


class FollowedClock:
    """A MIDI clock that comes in. At the musician's port it is passed thru like the rest.

    A stop is reported once no start has followed it at once.
    """

    def __init__(self) -> None:
        self._follower = ClockFollower()
        self._told: Beat | None = None
        self._untold: ClockNews | None = None  # at the first pulse there is no tempo yet
        self._reports: list[ClockMoved] = []
        self._stop_due = float("inf")

    @property
    def grid(self) -> BeatGrid | None:
        """Where the clock's beats lie."""
        return self._follower.clock_grid

    @property
    def doubt(self) -> Doubt | None:
        """Of a clock whose pulses stray, and all that follow with them."""
        return self._follower.doubt

    @property
    def starting(self) -> bool:
        """Until the first pulse."""
        return self._follower.starting

    def receive(self, event: MidiEvent) -> bool:
        """Clock messages are the clock's."""
        if not is_of_clock(event):
            return False
        self._hear(event.at, self._follower.receive(event.at, event.data))
        return True

    def tap(self, at: float) -> None:
        """The tempo is the clock's."""

    def passes(self, event: MidiEvent) -> bool:
        """All of it."""
        return True

    def advance(self, until: float) -> list[MidiEvent]:
        """Only notices that the clock has stopped, or is gone."""
        if until >= self._stop_due:
            at, self._stop_due = self._stop_due, float("inf")
            self._tell(at, ClockNews.STOPPED)
        self._hear(until, self._follower.advance(until))
        return []

    def next_deadline(self) -> float:
        """When a stop is no leap, or the clock has been silent for too long."""
        return min(self._stop_due, self._follower.next_deadline())

    def end(self, at: float) -> list[MidiEvent]:
        """Nothing: the clock is not ours."""
        return []

    def take_reports(self) -> list[ClockMoved]:
        """What changed."""
        reports, self._reports = self._reports, []
        return reports

    def _hear(self, at: float, news: ClockNews | None) -> None:
        if news is ClockNews.STOPPED:
            self._stop_due = at + _LEAPS_WITHIN_S
        elif news is ClockNews.STARTED:
            self._stop_due = float("inf")
        if self._stop_due == float("inf"):
            self._tell(at, news)

    def _tell(self, at: float, news: ClockNews | None) -> None:
        grid = self._follower.clock_grid
        if news is None or grid is None:
            self._untold = news or self._untold
            return
        if news is ClockNews.PULSE and self._untold:
            news, self._untold = self._untold, None
        beat = Beat(at, grid, self._follower.song_begins)
        if news is ClockNews.PULSE and self._told and not moved(self._told, beat):
            return
        self._told = beat
        self._reports.append(ClockMoved(beat, news))


def moved(before: Beat, now: Beat) -> bool:
    """Whether a note that was planned is now off its beat."""
    ahead = now.at + _LOOK_AHEAD_S
    off = before.grid.time_of(now.grid.beat_at(ahead)) - ahead
    return before.song_begins != now.song_begins or abs(off) > _UNHEARD_S
