"""What a session played, kept for the .mid file it writes: the musician's call, our response, the tempo."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from musedaemon.core.commands import HandedOver, Heard, Report
from musedaemon.core.events import MidiEvent
from musedaemon.core.player import Outgoing
from musedaemon.core.tempo import UNKNOWN_BPM
from musedaemon.midi.files import TempoChange, Track, write_midi_file
from musedaemon.midi.hands import letting_go

_SAME_BPM = 0.05


class Record(Protocol):
    """Hears of everything that is played. The notes come from the thread that owns the player, the tempi from the
    one that owns the engine.
    """

    def report(self, report: Report) -> None:
        """The player reports."""

    def sent(self, messages: Sequence[Outgoing]) -> None:
        """Messages have left."""

    def handed_over(self, turn: HandedOver) -> None:
        """A call is over and its tempo known."""


class Unrecorded:
    """Where nothing is to be written: hours of playing leave no trace in memory."""

    def report(self, report: Report) -> None:
        """Nothing."""

    def sent(self, messages: Sequence[Outgoing]) -> None:
        """Nothing."""

    def handed_over(self, turn: HandedOver) -> None:
        """Nothing."""


class Recorder:
    """A `Record` that is kept and can be written."""

    def __init__(self) -> None:
        self._call: list[MidiEvent] = []
        self._response: list[MidiEvent] = []
        self._tempi: list[TempoChange] = []

    def report(self, report: Report) -> None:
        """Enter what the musician played, if the report is of that."""
        if isinstance(report, Heard):
            self._call.append(report.event)

    def sent(self, messages: Sequence[Outgoing]) -> None:
        """Enter what is ours among the messages that left."""
        self._response += [message.event for message in messages if message.serial is not None]

    def handed_over(self, turn: HandedOver) -> None:
        """Enter the tempo of a turn, from the beginning of its call."""
        if not self._tempi or abs(self._tempi[-1].bpm - turn.bpm) > _SAME_BPM:
            self._tempi.append(TempoChange(turn.call_at if self._tempi else 0.0, turn.bpm))

    @property
    def is_empty(self) -> bool:
        """Whether nothing was played at all."""
        return not self._call and not self._response

    def write(self, path: Path, bpm: float | None) -> None:
        """Write tracks `call` and `response`. `bpm` is the tempo where no turn told one.

        Keys that were down as the session ended come up with its last event.
        """
        end = max((event.at for event in [*self._call[-1:], *self._response[-1:]]), default=0.0)
        call = [*self._call, *letting_go(self._call, end)]
        tempi = self._tempi or [TempoChange(0.0, bpm or UNKNOWN_BPM)]
        write_midi_file(path, [Track("call", call), Track("response", self._response)], tempi)
