"""Real time: the two threads of DESIGN 2, each the only owner of its half of the core.

The player thread owns the output port, thru, scheduler and ledger; the engine thread owns turns, tempo and model. They
talk through one queue each and block until there is input or a deadline: no polling, no spinning.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from enum import Enum
from queue import Empty, Queue
from typing import NamedTuple, TypeVar

import numpy as np

from musedaemon.core.commands import Cancel, Command, GoOn, Panic, Play, Report, Signalled, Withdraw
from musedaemon.core.connected import ConnectedPlayer
from musedaemon.core.engine import Engine, EngineSettings
from musedaemon.core.events import MidiEvent
from musedaemon.core.modes import Mode
from musedaemon.core.outlet import Outgoing
from musedaemon.core.player import Player
from musedaemon.errors import PortError
from musedaemon.midi import wire
from musedaemon.midi.ports import NoOutput, OutputPort
from musedaemon.run.clock import Clock
from musedaemon.run.musician import Musician
from musedaemon.run.recorder import Record
from musedaemon.run.routing import OnNews, OnTurn, Router, nobody


class Stop(Enum):
    """Put into a queue, it ends the thread that reads it."""

    NOW = "now"


class Wake(Enum):
    """Put into the player thread's queue, it makes it look at the source of its beats."""

    NOW = "now"


class OutputGone(NamedTuple):
    """The port the player thread sends to is gone: it closes it, and sends nothing until another comes."""


class OutputBack(NamedTuple):
    """The player thread sends to this port from now on, and owns it."""

    port: OutputPort


class InputGone(NamedTuple):
    """The port that was listened to is gone."""


class ClockHeard(NamedTuple):
    """This came in at the clock's own port."""

    event: MidiEvent


class Tap(NamedTuple):
    """The musician taps the tempo at the terminal, `at` (seconds)."""

    at: float


PortChange = OutputGone | OutputBack | InputGone


class Ping:
    """Put into the player thread's queue, it goes on to the engine thread, which answers: both are alive, and all that
    was put before it has come there.
    """

    def __init__(self) -> None:
        self.answered = threading.Event()


class Adopt(NamedTuple):
    """Put into the engine thread's queue: play by these settings from now on."""

    settings: EngineSettings


class Dial(NamedTuple):
    """Put into the engine thread's queue: the session memory has this place on its dial from now on, 0 to 1."""

    memory: float


PlayerItem = MidiEvent | ClockHeard | Command | Panic | Tap | PortChange | Wake | Ping
PlayerInbox = Queue[PlayerItem | Stop]
ForEngine = Report | Ping | Adopt | Mode | Dial | Stop
"""A `Mode` is one that was typed at the terminal."""
EngineInbox = Queue[ForEngine]
# Queue and not SimpleQueue: in Python 3.11 and 3.12 SimpleQueue.get(timeout) can wait for ever (docs/decisions.md 11).
_T = TypeVar("_T")


def next_item(inbox: Queue[_T], deadline: float, clock: Clock) -> _T | None:
    """The next item, None if the deadline (seconds) comes first."""
    try:
        if deadline == float("inf"):
            return inbox.get()
        wait = deadline - clock.now()
        return inbox.get(timeout=wait) if wait > 0 else inbox.get_nowait()
    except Empty:
        return None


OnRefusal = Callable[[PortError], None]
"""Hears, on the player thread, that the output refuses what it is sent: it counts as gone from then on."""


def raise_refusal(refusal: PortError) -> None:
    """Where nobody opens an output again, its end is that of the session."""
    raise refusal


class PlayerThread:
    """Sends what is due, passes thru, releases everything on the way out and closes the port it sends to."""

    def __init__(
        self,
        player: Player,
        port: OutputPort,
        clock: Clock,
        inbox: PlayerInbox,
        engine: EngineInbox,
        record: Record,
        on_refusal: OnRefusal = raise_refusal,
    ) -> None:
        self._player = ConnectedPlayer(player)
        self._port = port
        self._clock = clock
        self._inbox = inbox
        self._engine = engine
        self._record = record
        self._on_refusal = on_refusal

    def run(self) -> None:
        """The life of the thread: until `Stop`, or an error, which is raised after every note is off."""
        try:
            while (item := self._next_item()) is not Stop.NOW:
                self._handle(item)
        finally:
            try:
                self._send(self._player.flush(self._clock.now()))
            finally:
                self._port.close()

    def _next_item(self) -> PlayerItem | Stop | None:
        return next_item(self._inbox, self._player.next_deadline(self._port.ahead_s), self._clock)

    def _handle(self, item: PlayerItem | None) -> None:
        now = self._clock.now()
        match item:
            case Play() | Withdraw() | Cancel() | GoOn():
                self._send(self._player.accept(item, now))
            case OutputGone():
                self._lose_output(now)
            case OutputBack(port):
                self._port.close()
                self._port = port
                self._send(self._player.output_back(now))
            case InputGone():
                self._send(self._player.input_gone(now))
            case Panic():
                self._send(self._player.panic(now))
            case ClockHeard(event):
                self._player.receive_clock(event)
            case Tap(at):
                self._player.tap(at)
            case Wake.NOW:
                pass
            case None:
                self._send(self._player.heard_nothing(now))
            case Ping():
                self._engine.put(item)
            case _:
                self._send(self._player.receive(item))
        self._send(self._player.advance(now, self._port.ahead_s))
        for report in self._player.take_reports():
            self._record.report(report)
            self._engine.put(report)

    def _send(self, messages: list[Outgoing]) -> None:
        """Send all of them: what one message met with must not keep the note-offs behind it."""
        refused: PortError | None = None
        for message in messages:
            try:
                self._port.send(wire.encode(message.event), message.not_before)
            except PortError as error:
                refused = refused or error
        self._record.sent(messages)
        if refused:
            self._lose_output(self._clock.now())
            self._on_refusal(refused)

    def _lose_output(self, now: float) -> None:
        self._player.output_gone(now)
        self._port.close()
        self._port = NoOutput(self._port.ahead_s)


class EngineThread:
    """Hears reports, thinks ahead, and plays the musician's part where that is a file."""

    def __init__(
        self,
        engine: Engine,
        musician: Musician,
        clock: Clock,
        inbox: EngineInbox,
        player: PlayerInbox,
        record: Record,
        on_turn: OnTurn,
        on_news: OnNews = nobody,
    ) -> None:
        self._engine = engine
        self._musician = musician
        self._clock = clock
        self._inbox = inbox
        self._player = player
        self._router = Router(player.put, musician, record, on_turn, on_news)
        self._behind_played: Ping | None = None

    def run(self) -> None:
        """The life of the thread: until `Stop`, or until a file that plays has had its last answer.

        ModelError where the model answers with what is no number.
        """
        with np.errstate(all="ignore"):  # sampling judges what numbers come to
            self._play_on()

    def _play_on(self) -> None:
        while not self._all_said():
            item = next_item(self._inbox, self._deadline(), self._clock)
            if item is Stop.NOW:
                self._router.route(self._engine.break_off(self._clock.now()))
                return
            if item is not None:
                self._take(item)
            elif self._musician.next_deadline() <= self._engine.next_deadline():
                self._play(self._musician.advance(min(self._clock.now(), self._engine.next_deadline())))
            else:
                self._router.route(self._engine.advance(self._clock.now()))

    def _take(self, item: Report | Ping | Adopt | Mode | Dial) -> None:
        match item:
            case Ping():
                item.answered.set()
            case Adopt(settings):
                self._router.route(self._engine.adopt(settings, self._clock.now()))
            case Mode():
                self._router.route(self._engine.receive(Signalled(self._clock.now(), item)))
            case Dial(memory):
                self._engine.memory.dial = memory
            case _:
                self._router.route(self._engine.receive(item))

    def _deadline(self) -> float:
        """Never, while what a file has played is on its way here: time must not run past it, nor a turn begin."""
        if self._is_on_its_way:
            return float("inf")
        return min(self._engine.next_deadline(), self._musician.next_deadline())

    def _play(self, events: list[MidiEvent]) -> None:
        for event in events:
            self._player.put(event)
        self._behind_played = Ping()
        self._player.put(self._behind_played)

    @property
    def _is_on_its_way(self) -> bool:
        return self._behind_played is not None and not self._behind_played.answered.is_set()

    def _all_said(self) -> bool:
        return self._musician.done and not self._is_on_its_way and self._engine.idle
