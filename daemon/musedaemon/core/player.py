"""The player's half of the core: scheduler and ledger together decide which messages leave, and when.

Owned by the player thread live and by the simulator in virtual time. No port here: it returns what is to be sent.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Container
from typing import NamedTuple, Protocol

from musedaemon.core.commands import Command, Heard, Play, Played, Report, Withdraw, Withdrawn
from musedaemon.core.events import (
    CHANNEL_SILENCES,
    RESET_CONTROLLERS,
    SUSTAIN,
    SUSTAIN_DOWN,
    ControlChange,
    MidiEvent,
    NoteOff,
    NoteOn,
)
from musedaemon.core.ledger import Ledger, Sounding
from musedaemon.core.scheduler import Due, Scheduler

_LATENESS_NOTES = 10_000


class Outgoing(NamedTuple):
    """A message to send now. `serial` names our note, None for what is passed thru; the event's `at` is the plan."""

    event: MidiEvent
    serial: int | None


class EchoFilter(Protocol):
    """Knows our own output when it comes back in through a loop of cables or a DAW's thru."""

    def sent_response(self, at: float, event: MidiEvent) -> None:
        """A message of our own has left (seconds)."""

    def sent_thru(self, at: float, event: MidiEvent) -> None:
        """A message of the musician's was passed on (seconds)."""

    def is_echo(self, event: MidiEvent, held: Container[tuple[int, int]]) -> bool:
        """Whether what came in is something we sent; `held` are the (channel, pitch) of the keys down before it."""


Thru = Callable[[MidiEvent], MidiEvent | None]
"""What of the musician's playing is passed on, and as what."""


def unchanged(event: MidiEvent) -> MidiEvent | None:
    """Thru is on: everything is passed on as it came."""
    return event


def nothing(event: MidiEvent) -> MidiEvent | None:
    """Thru is off."""
    return None


class Player:
    """`receive` what the musician plays, `accept` the engine's commands, `advance` the time, `take_reports` for the
    engine, `flush` on every way out.
    """

    def __init__(self, echoes: EchoFilter, thru: Thru = unchanged) -> None:
        self._echoes = echoes
        self._thru = thru
        self._scheduler = Scheduler()
        self._ledger = Ledger()
        self._reports: list[Report] = []
        self._keys: set[tuple[int, int]] = set()
        self._thru_strike = 0  # the musician's strikes count down from -1, our serials up from 0
        self._pedals: set[int] = set()
        self.notes_heard = 0
        self.notes_played = 0
        self.lateness: deque[float] = deque(maxlen=_LATENESS_NOTES)
        """How late each of our latest notes left (seconds)."""

    def receive(self, event: MidiEvent) -> list[Outgoing]:
        """Take what came in; returns what is passed thru at once. Our own echo ends here."""
        if self._echoes.is_echo(event, self._keys):
            return []
        self._follow_keys(event)
        self._reports.append(Heard(event))
        passed = self._thru(event)
        return [] if passed is None else self._sent(self._pass(passed), event.at)

    def accept(self, command: Command, now: float) -> list[Outgoing]:
        """Take a command; returns what it makes leave at once."""
        match command:
            case Play(note):
                self._scheduler.schedule(note)
                return []
            case Withdraw():
                return self._withdraw(now)

    def advance(self, now: float) -> list[Outgoing]:
        """The messages of our own notes due at `now` or before."""
        due_now = self._scheduler.pop_due(now)
        return self._sent([message for due in due_now for message in self._perform(due, now)], now)

    def next_deadline(self) -> float:
        """When `advance` has something to do (seconds), infinity when never."""
        return self._scheduler.next_deadline()

    def take_reports(self) -> list[Report]:
        """What happened since the last call, in order."""
        reports, self._reports = self._reports, []
        return reports

    def flush(self, now: float) -> list[Outgoing]:
        """Everything that must leave before the port closes: pedals up, a note-off for all that sounds.

        A note whose end had come ends at its own time; a note whose start had come starts no more.
        """
        ended = [
            message for due in self._scheduler.pop_due(now) if not due.starts for message in self._perform(due, now)
        ]
        self._scheduler.cancel_pending()
        pedals = [Outgoing(ControlChange(now, channel, SUSTAIN, 0), None) for channel in sorted(self._pedals)]
        self._pedals.clear()
        return [*ended, *pedals, *self._release(now, self._ledger.sounding())]

    def _sent(self, messages: list[Outgoing], now: float) -> list[Outgoing]:
        for message in messages:
            sent = self._echoes.sent_thru if message.serial is None else self._echoes.sent_response
            sent(now, message.event)
        return messages

    def _follow_keys(self, event: MidiEvent) -> None:
        match event:
            case NoteOn():
                self.notes_heard += 1
                self._keys.add((event.channel, event.pitch))
            case NoteOff():
                self._keys.discard((event.channel, event.pitch))
            case ControlChange(control=control) if control in CHANNEL_SILENCES:
                self._keys = {key for key in self._keys if key[0] != event.channel}
            case _:
                pass

    @property
    def sounding(self) -> int:
        """How many notes sound now."""
        return len(self._ledger)

    def _perform(self, due: Due, now: float) -> list[Outgoing]:
        note = due.note
        if not due.starts:
            if not self._ledger.release(note.channel, note.pitch, note.serial):
                return []
            return [Outgoing(NoteOff(due.at, note.channel, note.pitch), note.serial)]
        self.notes_played += 1
        self.lateness.append(now - note.at)
        self._reports.append(Played(note.serial, note.at, now))
        return self._strike(NoteOn(due.at, note.channel, note.pitch, note.velocity), note.serial, note.serial)

    def _strike(self, event: NoteOn, strike: int, serial: int | None) -> list[Outgoing]:
        messages = [Outgoing(event, serial)]
        if self._ledger.strike(event.channel, event.pitch, strike):
            messages.insert(0, Outgoing(NoteOff(event.at, event.channel, event.pitch), serial))
        return messages

    def _withdraw(self, now: float) -> list[Outgoing]:
        self._scheduler.cancel_pending()
        self._reports.append(Withdrawn(now))
        return self._release(now, [note for note in self._ledger.sounding() if note.strike >= 0])

    def _release(self, now: float, notes: list[Sounding]) -> list[Outgoing]:
        for channel, pitch, strike in notes:
            self._ledger.release(channel, pitch, strike)
        return [
            Outgoing(NoteOff(now, channel, pitch), strike if strike >= 0 else None) for channel, pitch, strike in notes
        ]

    def _pass(self, event: MidiEvent) -> list[Outgoing]:
        match event:
            case NoteOn():
                self._thru_strike -= 1
                return self._strike(event, self._thru_strike, None)
            case NoteOff(channel=channel, pitch=pitch):
                owner = self._ledger.owner(channel, pitch)
                if owner is None or owner >= 0:
                    return []
                self._ledger.release(channel, pitch, owner)
                return [Outgoing(event, None)]
            case ControlChange(control=control) if control in CHANNEL_SILENCES:
                hushed = [note for note in self._ledger.sounding() if note.channel == event.channel]
                return [*self._release(event.at, hushed), Outgoing(event, None)]
            case ControlChange(control=control) if control in (SUSTAIN, RESET_CONTROLLERS):
                self._note_pedal(event)
        return [Outgoing(event, None)]

    def _note_pedal(self, event: ControlChange) -> None:
        if event.control == SUSTAIN and event.value >= SUSTAIN_DOWN:
            self._pedals.add(event.channel)
        else:
            self._pedals.discard(event.channel)
