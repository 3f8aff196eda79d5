"""The player's half of the core: scheduler and ledger together decide which messages leave, and when.

Owned by the player thread live and by the simulator in virtual time. No port here: it returns what is to be sent.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from musedaemon.core.beat_source import BeatSource, NoClock
from musedaemon.core.commands import (
    Cancel,
    Cancelled,
    ClockMoved,
    Command,
    Dropped,
    GoOn,
    Heard,
    Panicked,
    Play,
    Played,
    Report,
    Signalled,
    Withdraw,
    Withdrawn,
)
from musedaemon.core.echoes import EchoFilter
from musedaemon.core.events import CHANNEL_SILENCES, SUSTAIN, ControlChange, MidiEvent, NoteOff, NoteOn, Other
from musedaemon.core.midi_clock import ClockNews
from musedaemon.core.modes import Mode
from musedaemon.core.outlet import Outgoing, Outlet
from musedaemon.core.pedals import Pedals
from musedaemon.core.pulse import Pulse
from musedaemon.core.scheduler import Due, Scheduler
from musedaemon.core.signals import NO_SIGNALS, Signals, SignalSettings, Wish
from musedaemon.core.silence import Channels
from musedaemon.core.thru import Thru, unchanged

_LATENESS_NOTES = 10_000


def ignore_nothing(_event: MidiEvent) -> bool:
    """All that comes in is the musician's."""
    return False


@dataclass(frozen=True, slots=True)
class PlayerTiming:
    """How much earlier than it is to sound a message of ours leaves, and from when on a note is too late (seconds)."""

    offset: float = 0.0
    max_lateness: float = float("inf")


class Player:
    """`receive` what the musician plays, `accept` the engine's commands, `advance` the time, `take_reports` for the
    engine, `flush` on every way out.
    """

    def __init__(
        self,
        echoes: EchoFilter,
        thru: Thru = unchanged,
        timing: PlayerTiming | None = None,
        signals: SignalSettings = NO_SIGNALS,
        beats: BeatSource | None = None,
        ignored: Callable[[MidiEvent], bool] = ignore_nothing,
    ) -> None:
        """What is `ignored` of what the musician plays counts for nothing and is not passed thru."""
        self._ignored = ignored
        self._echoes = echoes
        self._thru = thru
        self._timing = timing or PlayerTiming()
        self._signals = Signals(signals)
        self.signal_controls = signals.controls
        self._scheduler = Scheduler()
        self._beats = beats or NoClock()
        self._pulse = Pulse(self._beats, self._scheduler)
        self._outlet = Outlet(self._timing.offset)
        self._reports: list[Report] = []
        self._keys: dict[tuple[int, int], int] = {}
        self._thru_strike = 0  # the musician's strikes count down from -1, our serials up from 0
        self._clicks: dict[tuple[int, int], int] = {}
        self._pedals = Pedals()
        self._heard_on, self._sent_on = Channels(), Channels()
        self._starts_turn = False
        self._panics = 0  # that the engine does not know of yet
        self.notes_heard = 0
        self.notes_played = 0
        self.notes_dropped = 0
        self.lateness: deque[float] = deque(maxlen=_LATENESS_NOTES)
        """How late each of our latest notes left (seconds)."""

    def receive(self, event: MidiEvent) -> list[Outgoing]:
        """Take what came in; returns what is passed thru at once. Our own echo ends here."""
        if self._ignored(event) or self._echoes.is_echo(event, self._held()):
            return []
        keeps_time = self._beats.receive(event)
        self._follow_pulse(event.at)
        let_go = self._signals.let_go(event)
        if let_go is not None:
            self._reports.append(Signalled(event.at, let_go))
        reading = self._signals.read(event)
        if reading is not None and reading.wish is Wish.PANIC:
            self._reports.append(Signalled(event.at, None))
            return [*self.panic(event.at), *(self._passed_thru(event, None) if reading.passes else [])]
        if reading is not None:
            self._signal(event.at, reading.wish, keeps_time)
        elif keeps_time and not isinstance(event, Other):
            self._reports.append(Signalled(event.at, None))  # a tap; a file goes on once the engine knows what it did
        if reading is not None or keeps_time:
            passes = self._beats.passes(event) if keeps_time else reading is not None and reading.passes
            return self._passed_thru(event, None) if passes else []
        self._heard_on.follow(event)
        strike = self._follow_keys(event)
        self._reports.append(Heard(event))
        return self._passed_thru(event, strike)

    def receive_clock(self, event: MidiEvent) -> None:
        """Take what came in at the clock's own port. Nothing of it is passed thru."""
        keeps_time = self._beats.receive(event)
        self._follow_pulse(event.at)
        if (reading := self._signals.read(event)) is not None:
            self._signal(event.at, reading.wish, keeps_time)

    def tap(self, at: float) -> None:
        """The musician taps the tempo at the terminal (seconds)."""
        self._beats.tap(at)
        self._follow_pulse(at)

    def accept(self, command: Command, now: float) -> list[Outgoing]:
        """Take a command; returns what it makes leave at once."""
        match command:
            case Play(note):
                if not self._panics:
                    self._pulse.schedule(note)
                return []
            case GoOn():
                self._panics -= 1
                return []
            case Withdraw():
                return self._withdraw(now)
            case Cancel():
                self._scheduler.cancel_starts()
                self._reports.append(Cancelled(now))
                return []

    def advance(self, now: float, ahead: float = 0.0) -> list[Outgoing]:
        """The messages of our own notes that are to leave at `now` or before; those of the next `ahead` seconds too,
        for a port that wants them earlier and times them itself.
        """
        beaten = [message for event in self._beats.advance(now + ahead) for message in self._beat(event, now)]
        self._follow_pulse(now)
        due_now = self._pulse.pop_due(now, ahead + self._timing.offset)
        played = [message for due in due_now for message in self._perform(due, now)]
        return [*self._sent(beaten, now), *self._sent(played, now)]

    def next_deadline(self, ahead: float = 0.0) -> float:
        """When `advance` has something to do (seconds), infinity when never."""
        return min(self._pulse.next_deadline(ahead + self._timing.offset), self._beats.next_deadline() - ahead)

    def take_reports(self) -> list[Report]:
        """What happened since the last call, in order."""
        reports, self._reports = self._reports, []
        return reports

    def panic(self, now: float) -> list[Outgoing]:
        """Silence, at once: pedals up, a note-off for all that sounds, then All Notes Off and All Sound Off on every
        channel that was used. What is pending is dropped; state and memory are the engine's, and stay.
        """
        self._scheduler.cancel_pending()
        self._keys.clear()
        self._signals.put_up_all()
        self._panics += 1
        self._reports.append(Panicked(now, frozenset(self._heard_on)))
        others = [up for up in self._pedals.releases(now) if up.control != SUSTAIN]
        self._pedals = Pedals()
        pedals = [Outgoing(up, None) for up in (*self._sent_on.pedals_up(now), *others)]
        released = self._outlet.release(self._outlet.sounding(), now, now)
        last = max((message.not_before for message in released), default=0.0)
        silences = [Outgoing(event, None, last) for event in self._sent_on.silences(now)]
        return self._sent([*pedals, *released, *silences], now)

    def flush(self, now: float) -> list[Outgoing]:
        """Everything that must leave before the port closes: pedals up, a note-off for all that sounds.

        A note whose end had come ends at its own time; a note whose start had come starts no more.
        """
        return [*self.hush(now), *(Outgoing(event, None) for event in self._beats.end(now))]

    def hush(self, now: float) -> list[Outgoing]:
        """The same, but a clock of our own goes on."""
        due_now = self._scheduler.pop_due(now + self._timing.offset)
        ended = [message for due in due_now if not due.starts for message in self._perform(due, now)]
        self._scheduler.cancel_pending()
        pedals = [Outgoing(up, None) for up in self._pedals.releases(now)]
        self._pedals = Pedals()
        return [*ended, *pedals, *self._outlet.release(self._outlet.sounding(), now, now)]

    @property
    def sounding(self) -> int:
        """How many notes sound now."""
        return len(self._outlet)

    def _signal(self, at: float, wish: Wish | Mode | None, keeps_time: bool) -> None:
        waits = keeps_time and wish is Wish.HAND_OVER and self._beats.starting
        self._starts_turn = waits if keeps_time else self._starts_turn
        self._reports.append(Signalled(at, None if waits else wish))

    def _follow_pulse(self, now: float) -> None:
        """A turn that Start hands over begins with the song, whose beats it is to lie on."""
        for report in self._pulse.follow(now):
            self._reports.append(report)
            if self._starts_turn and isinstance(report, ClockMoved) and report.news is ClockNews.STARTED:
                self._starts_turn = False
                self._reports.append(Signalled(report.beat.at, Wish.HAND_OVER))

    def _passed_thru(self, event: MidiEvent, strike: int | None) -> list[Outgoing]:
        passed = self._thru(event)
        if passed is None or not self._echoes.may_pass(passed):
            return []
        return self._sent(self._pass(passed, strike), event.at)

    def _sent(self, messages: list[Outgoing], now: float) -> list[Outgoing]:
        for message in messages:
            self._sent_on.follow(message.event)
            sent = self._echoes.sent_thru if message.serial is None else self._echoes.sent_response
            sent(max(now, message.not_before), message.event)
        return messages

    def _held(self) -> set[tuple[int, int]]:
        """Where keys are down, and where thru sounds them."""
        passed = {(note.channel, note.pitch) for note in self._outlet.sounding() if note.strike < 0}
        return passed.union(self._keys)

    def _follow_keys(self, event: MidiEvent) -> int | None:
        """Keep which keys are down, and by which strike; returns the one that a note-on or note-off belongs to."""
        match event:
            case NoteOn():
                self.notes_heard += 1
                self._thru_strike -= 1
                self._keys[event.channel, event.pitch] = self._thru_strike
                return self._thru_strike
            case NoteOff():
                return self._keys.pop((event.channel, event.pitch), None)
            case ControlChange(control=control) if control in CHANNEL_SILENCES:
                self._keys = {key: strike for key, strike in self._keys.items() if key[0] != event.channel}
        return None

    def _perform(self, due: Due, now: float) -> list[Outgoing]:
        note = due.note
        leaves = due.at - self._timing.offset
        if not due.starts:
            return self._outlet.end(NoteOff(due.at, note.channel, note.pitch), note.serial, leaves, now)
        lateness = max(now - leaves, 0.0)
        if lateness > self._timing.max_lateness:
            self.notes_dropped += 1
            self._reports.append(Dropped(note.serial, now))
            return []
        self.notes_played += 1
        self.lateness.append(lateness)
        self._reports.append(Played(note.serial, note.at, max(now, leaves)))
        event = NoteOn(due.at, note.channel, note.pitch, note.velocity)
        return self._outlet.strike(event, note.serial, leaves, now)

    def _beat(self, event: MidiEvent, now: float) -> list[Outgoing]:
        """What the clock sends: its own messages, and clicks."""
        match event:
            case NoteOn():
                self._thru_strike -= 1
                self._clicks[event.channel, event.pitch] = self._thru_strike
                return self._outlet.strike(event, self._thru_strike, event.at, now)
            case NoteOff(channel=channel, pitch=pitch):
                click = self._clicks.pop((channel, pitch), None)
                ended = [note for note in self._outlet.sounding() if note.strike == click]
                return self._outlet.release(ended, event.at, now)
        return [Outgoing(event, None, event.at if event.at > now else 0.0)]

    def _withdraw(self, now: float) -> list[Outgoing]:
        self._scheduler.cancel_pending()
        self._reports.append(Withdrawn(now))
        return self._outlet.release([note for note in self._outlet.sounding() if note.strike >= 0], now, now)

    def _pass(self, event: MidiEvent, strike: int | None) -> list[Outgoing]:
        """What leaves for what thru gave, of the musician's `strike`."""
        match event:
            case NoteOn():
                assert strike is not None
                return self._outlet.strike(event, strike, event.at, event.at)
            case NoteOff():
                return [] if strike is None else self._outlet.end(event, strike, event.at, event.at)
            case ControlChange(control=control) if control in CHANNEL_SILENCES:
                hushed = [note for note in self._outlet.sounding() if note.channel == event.channel]
                return [*self._outlet.release(hushed, event.at, event.at), Outgoing(event, None)]
            case ControlChange():
                self._pedals.follow(event)
        return [Outgoing(event, None)]
