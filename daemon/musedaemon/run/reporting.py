"""What a session tells about itself: a protocol, so that the drivers know no screen, and the facts it carries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Literal, NamedTuple, Protocol

from musedaemon.core.commands import ClockState, TurnOver
from musedaemon.core.midi_clock import ClockNews
from musedaemon.core.modes import Mode
from musedaemon.core.tempo import TempoFrom

TempoSource = Literal["given", "found", "assumed", "clock", "link", "tapped"]
"""`given` by the user or `tapped`, `found` in the playing or `assumed` where too little was played, or that of the MIDI
`clock` or the `link` session.
"""


@dataclass(frozen=True, slots=True)
class TurnSummary:
    """One turn, told when it is over. `number` counts from 1; `reply_*` is what was really played.

    `withdrawn` is true where the player went on and the reply gave way, even if some of it was heard.
    """

    number: int
    bpm: float
    tempo_source: TempoSource
    call_notes: int
    call_beats: float
    reply_notes: int
    reply_beats: float
    withdrawn: bool = False


@dataclass(frozen=True, slots=True)
class SessionSummary:
    """A whole session. `withdrawn` counts turns, `dropped` notes of ours that would have come too late,
    `reconnections` how many times a port came back.

    `written` is the .mid file that now exists, None where the reply went to a port.
    """

    turns: int
    call_notes: int
    reply_notes: int
    withdrawn: int = 0
    dropped: int = 0
    reconnections: int = 0
    written: Path | None = None


class PortState(Enum):
    """What became of a port, in the words that follow its name."""

    AWAITED = "is not there yet, waiting for it"
    THERE = "is there"
    GONE = "is gone, waiting for it"
    BACK = "is back"
    UNHEARD = "waits until an instrument listens to it"
    UNWATCHED = "plays at once: an instrument that listens to it later misses the beginning"


@dataclass(frozen=True, slots=True)
class Minute:
    """What the last minute was like; `lateness_p99_ms` is None where nothing was played."""

    turns: int
    heard: int
    played: int
    dropped: int
    lateness_p99_ms: float | None


class ClockPhase(Enum):
    """What became of the clock that the beats come from."""

    AWAITED = "awaited"
    """Nobody else is there yet: no MIDI clock, or no peer in the Link session."""
    FOUND = "found"
    LOST = "lost"
    STARTED = "started"
    STOPPED = "stopped"
    TAPPED = "tapped"


class ClockChange(NamedTuple):
    """`clock` is that setting; `bpm` its tempo now, None while there is none; `port` where a MIDI clock is awaited."""

    clock: str
    phase: ClockPhase
    bpm: float | None
    port: str | None = None


_PHASES = {
    ClockNews.FOUND: ClockPhase.FOUND,
    ClockNews.LOST: ClockPhase.LOST,
    ClockNews.STARTED: ClockPhase.STARTED,
    ClockNews.STOPPED: ClockPhase.STOPPED,
    ClockNews.TAPPED: ClockPhase.TAPPED,
}
_SOURCES: dict[str, TempoSource] = {"midi": "clock", "link": "link"}
AWAITED = tuple(_SOURCES)
"""The clocks that come from elsewhere."""


def clock_change(state: ClockState, clock: str) -> ClockChange:
    """What is told of a clock that is set so."""
    return ClockChange(clock, _PHASES[state.news], state.bpm)


def tempo_of_clock(clock: str, phase: ClockPhase | None = None) -> TempoSource:
    """Where the tempo of a clock that is set so comes from, after such news of it."""
    own: TempoSource = "tapped" if phase is ClockPhase.TAPPED else "given"
    return _SOURCES.get(clock, own)


def turn_summary(over: TurnOver, of_clock: TempoSource) -> TurnSummary:
    """What is told of a turn; `of_clock` is where a clock's tempo comes from."""
    sources: dict[TempoFrom, TempoSource] = {
        TempoFrom.GIVEN: "given",
        TempoFrom.TAPPED: "tapped",
        TempoFrom.FOUND: "found",
        TempoFrom.ASSUMED: "assumed",
        TempoFrom.CLOCK: of_clock,
    }
    return TurnSummary(
        number=over.number,
        bpm=over.bpm,
        tempo_source=sources[over.tempo_from],
        call_notes=over.call_notes,
        call_beats=over.call_beats,
        reply_notes=over.reply_notes,
        reply_beats=over.reply_beats,
        withdrawn=over.withdrawn,
    )


class Reporter(Protocol):
    """Hears what a session does. Any thread may call; no method raises or blocks for long."""

    def started(self, input_name: str, output_name: str, model: str, seed: int) -> None:
        """Both ends are open and the model is loaded; `model` is one short text, `seed` the one in use."""

    def turn(self, summary: TurnSummary) -> None:
        """A turn is over."""

    def port(self, name: str, state: PortState) -> None:
        """A port has come or gone."""

    def clock(self, change: ClockChange) -> None:
        """The clock that the beats come from has come, gone, begun, ended, or was tapped."""

    def mode(self, mode: Mode) -> None:
        """The musician has changed what the partner does."""

    def panicked(self) -> None:
        """A panic has silenced everything."""

    def finished(self, summary: SessionSummary) -> None:
        """The session is over and everything is closed and written."""

    def reloaded(self, changed: Sequence[str], waiting: Sequence[str]) -> None:
        """The settings were read again: these keys have changed, and these wait for the next start."""

    def minute(self, minute: Minute) -> None:
        """A minute is over."""

    def kept(self, path: Path) -> None:
        """A take is in this .mid file now."""

    def answer(self, text: str) -> None:
        """A line for whoever has typed something, also where little is told."""

    def warning(self, text: str) -> None:
        """Something went wrong and the session goes on: one sentence."""

    def detail(self, text: str) -> None:
        """One line for those who asked for more."""


class Silent:
    """A `Reporter` that tells nobody; whoever wants to know of some things only overrides their methods."""

    def started(self, input_name: str, output_name: str, model: str, seed: int) -> None:
        """Nothing."""

    def turn(self, summary: TurnSummary) -> None:
        """Nothing."""

    def port(self, name: str, state: PortState) -> None:
        """Nothing."""

    def clock(self, change: ClockChange) -> None:
        """Nothing."""

    def mode(self, mode: Mode) -> None:
        """Nothing."""

    def panicked(self) -> None:
        """Nothing."""

    def finished(self, summary: SessionSummary) -> None:
        """Nothing."""

    def reloaded(self, changed: Sequence[str], waiting: Sequence[str]) -> None:
        """Nothing."""

    def minute(self, minute: Minute) -> None:
        """Nothing."""

    def kept(self, path: Path) -> None:
        """Nothing."""

    def answer(self, text: str) -> None:
        """Nothing."""

    def warning(self, text: str) -> None:
        """Nothing."""

    def detail(self, text: str) -> None:
        """Nothing."""
