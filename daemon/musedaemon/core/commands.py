"""The words between the engine and the player: what shall sound, and what was heard.

The engine (turns, model) sends `Command`s; the player (thru, scheduler, ledger) answers with `Report`s. Live they cross
threads through queues, in virtual time they are passed by hand. All times are seconds on the driver's clock.
"""

from __future__ import annotations

from typing import NamedTuple

from musedaemon.core.beat_grid import Beat
from musedaemon.core.events import MidiEvent
from musedaemon.core.midi_clock import ClockNews
from musedaemon.core.modes import Mode
from musedaemon.core.signals import Wish
from musedaemon.core.tempo import TempoFrom


class NoteBeats(NamedTuple):
    """Where a note starts and ends on a clock's beats, counted as its reports do: it moves with them."""

    start: float
    end: float


class PlannedNote(NamedTuple):
    """A note of ours: it starts `at` and ends `until`. `serial` counts up from 0 and is never used twice.

    Where a clock runs, `beats` are what counts, and the times only what they are expected to be.
    """

    serial: int
    at: float
    until: float
    channel: int
    pitch: int
    velocity: int
    beats: NoteBeats | None = None


class Play(NamedTuple):
    """Play this note when it is due."""

    note: PlannedNote


class Withdraw(NamedTuple):
    """Drop what is pending and release what sounds of our own, at once; answered with `Withdrawn`."""

    at: float


class Cancel(NamedTuple):
    """Drop what is pending of our own; what sounds goes on. Answered with `Cancelled`."""

    at: float


class GoOn(NamedTuple):
    """The engine knows of a panic (seconds): what it plans from here on may sound."""

    at: float


Command = Play | Withdraw | Cancel | GoOn


class Panic(NamedTuple):
    """Silence, at once: asked for from outside, by a signal of the system's or at the terminal."""


class Heard(NamedTuple):
    """The musician played this; our own echo never gets here."""

    event: MidiEvent


class Signalled(NamedTuple):
    """The musician gave a signal, which is no music; None asks for nothing and is told because it came in."""

    at: float
    wish: Wish | Mode | None


class Panicked(NamedTuple):
    """All was silenced, what was pending dropped, and what comes in flight is too, until `GoOn`.

    `channels` are those on which the musician played: their keys and pedals count as up.
    """

    at: float
    channels: frozenset[int]


class ClockMoved(NamedTuple):
    """The beats lie elsewhere than was told before, or the clock has begun, ended, gone or come back."""

    beat: Beat
    news: ClockNews


class Tapped(NamedTuple):
    """Where no clock runs: the musician has tapped this tempo (seconds)."""

    at: float
    bpm: float


class Played(NamedTuple):
    """The note-on of note `serial`, planned `at`, has left."""

    serial: int
    at: float
    sent_at: float


class Dropped(NamedTuple):
    """The note-on of note `serial` would have left too late, so it never leaves (seconds)."""

    serial: int
    at: float


class Withdrawn(NamedTuple):
    """Nothing of ours sounds or is pending any more; every `Played` before this one is all that was heard."""

    at: float


class Cancelled(NamedTuple):
    """Nothing of ours is pending any more; every `Played` before this one is all that was heard."""

    at: float


class OutputLost(NamedTuple):
    """Nothing of ours can leave: the output has gone, or it is gone and a note was to be played (seconds)."""

    at: float


class OutputFound(NamedTuple):
    """The output is back (seconds)."""

    at: float


Report = (
    Heard
    | Signalled
    | Panicked
    | ClockMoved
    | Tapped
    | Played
    | Dropped
    | Withdrawn
    | Cancelled
    | OutputLost
    | OutputFound
)


class HandedOver(NamedTuple):
    """The call that began `call_at` is over at `at`, its tempo is known, and the reply begins to be made."""

    at: float
    call_at: float
    bpm: float


class TempoFound(NamedTuple):
    """Where nobody hands over: the playing since `at` (seconds) has this tempo."""

    at: float
    bpm: float


class TurnOver(NamedTuple):
    """A reply has ended, by itself or because the musician went on (`withdrawn`). Beats at its tempo."""

    at: float
    number: int
    bpm: float
    tempo_from: TempoFrom
    call_notes: int
    call_beats: float
    reply_notes: int
    reply_beats: float
    withdrawn: bool


class ClockState(NamedTuple):
    """What the musician should know of the clock."""

    at: float
    news: ClockNews
    bpm: float


class ModeChanged(NamedTuple):
    """The partner does something else from now on (seconds)."""

    at: float
    mode: Mode


class Silenced(NamedTuple):
    """A panic has silenced everything (seconds)."""

    at: float


News = ClockState | ModeChanged | Silenced
"""What the musician should know, besides turns."""

Effect = Command | HandedOver | TempoFound | TurnOver | News
"""What the engine returns: commands for the player, and news for whoever drives it."""
