"""A player whose input and output may go and come back. Sans-IO, owned by the player thread.

What is to leave while there is no output is not kept for later: a reply is taken back, and the turns begin again when
the output is there. What sounded when it went is released then, for the synth behind it may have sounded on.
"""

from __future__ import annotations

from musedaemon.core.active_sensing import ActiveSensing
from musedaemon.core.commands import Command, Dropped, OutputFound, OutputLost, Play, Report
from musedaemon.core.events import HOLDING, SUSTAIN_DOWN, ControlChange, MidiEvent, NoteOff
from musedaemon.core.grip import Grip
from musedaemon.core.outlet import Outgoing
from musedaemon.core.player import Player

_UNNOTICED_S = 2.0
"""So long an output may have been gone before it is noticed: what was released meanwhile is released again."""
_CONTROLS = 128
"""From here on a number is a pedal's, below it a key's."""


class ConnectedPlayer:
    """A `Player`, and with the same words; besides, it is told what becomes of the ports (seconds)."""

    def __init__(self, player: Player) -> None:
        self._player = player
        self._grip = Grip(player.signal_controls)
        self._sensing = ActiveSensing()
        self._owed: list[Outgoing] | None = None
        self._released: dict[tuple[int, int], Outgoing] = {}
        self._reports: list[Report] = []

    @property
    def has_output(self) -> bool:
        """Whether anything can leave."""
        return self._owed is None

    def receive(self, event: MidiEvent) -> list[Outgoing]:
        """Take what came in; returns what is passed thru at once."""
        if self._sensing.receive(event):
            return []
        self._grip.follow(event)
        return self._leaving(self._player.receive(event))

    def receive_clock(self, event: MidiEvent) -> None:
        """Take what came in at the clock's own port."""
        self._player.receive_clock(event)

    def tap(self, at: float) -> None:
        """The musician taps the tempo at the terminal."""
        self._player.tap(at)

    def accept(self, command: Command, now: float) -> list[Outgoing]:
        """Take a command; returns what it makes leave at once."""
        if isinstance(command, Play) and not self.has_output:
            self._report(Dropped(command.note.serial, now), OutputLost(now))
            return []
        return self._leaving(self._player.accept(command, now))

    def advance(self, now: float, ahead: float = 0.0) -> list[Outgoing]:
        """The messages that are to leave at `now` or before, or for a port that times them `ahead` seconds later."""
        return self._leaving(self._player.advance(now, ahead))

    def panic(self, now: float) -> list[Outgoing]:
        """Silence, at once."""
        self._grip.let_go()
        return self._leaving(self._player.panic(now))

    def next_deadline(self, ahead: float = 0.0) -> float:
        """When `advance` has something to do, infinity when never."""
        return min(self._player.next_deadline(ahead), self._sensing.next_deadline())

    def take_reports(self) -> list[Report]:
        """What happened since the last call, in order."""
        reports, self._reports = [*self._reports, *self._player.take_reports()], []
        return reports

    def flush(self, now: float) -> list[Outgoing]:
        """Everything that must leave before the port closes."""
        return self._leaving(self._player.flush(now))

    def output_gone(self, now: float) -> None:
        """The output is gone: nothing sounds or is pending any more."""
        if self._owed is not None:
            return
        latest = [message for message in self._released.values() if message.event.at > now - _UNNOTICED_S]
        self._released.clear()
        self._owed = [message._replace(not_before=0.0) for message in [*latest, *self._player.hush(now)]]
        self._report(OutputLost(now))

    def output_back(self, now: float) -> list[Outgoing]:
        """The output is there (again): the releases of what sounded when it went."""
        owed, self._owed = self._owed, None
        self._player.hush(now)  # what was passed on meanwhile went nowhere
        self._report(OutputFound(now))
        return self._leaving([message._replace(event=message.event._replace(at=now)) for message in owed or []])

    def heard_nothing(self, now: float) -> list[Outgoing]:
        """All that has come in was received: what an instrument holds that has fallen silent is let go."""
        return self.input_gone(now) if self._sensing.is_gone(now) else []

    def input_gone(self, now: float) -> list[Outgoing]:
        """The input is gone: its keys and pedals are let go."""
        return [message for event in self._grip.letting_go(now) for message in self.receive(event)]

    def _report(self, *reports: Report) -> None:
        """After all that the player has to report."""
        self._reports += [*self._player.take_reports(), *reports]

    def _leaving(self, messages: list[Outgoing]) -> list[Outgoing]:
        if not self.has_output:
            return []
        for message in messages:
            match message.event:
                case NoteOff(_, channel, pitch):
                    self._released[channel, pitch] = message
                case ControlChange(_, channel, control, value) if control in HOLDING and value < SUSTAIN_DOWN:
                    self._released[channel, _CONTROLS + control] = message
        return messages
