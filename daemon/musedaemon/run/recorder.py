"""What a session played, kept for the .mid file it writes: the musician's call, our response, the tempo."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from musedaemon.core.commands import Heard, Report, TurnOver
from musedaemon.core.events import MidiEvent
from musedaemon.core.player import Outgoing
from musedaemon.core.tempo import UNKNOWN_BPM
from musedaemon.midi.files import TempoChange, Track, write_midi_file

_SAME_BPM = 0.05


class Record(Protocol):
    """Hears of everything that is played. The notes come from the thread that owns the player, the turns from the
    one that owns the engine.
    """

    def report(self, report: Report) -> None:
        """The player reports."""

    def sent(self, messages: Sequence[Outgoing]) -> None:
        """Messages have left."""

    def turn(self, over: TurnOver) -> None:
        """A turn is over."""


class Unrecorded:
    """Where nothing is to be written: hours of playing leave no trace in memory."""

    def report(self, report: Report) -> None:
        """Nothing."""

    def sent(self, messages: Sequence[Outgoing]) -> None:
        """Nothing."""

    def turn(self, over: TurnOver) -> None:
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

    def turn(self, over: TurnOver) -> None:
        """Enter the tempo of a turn, from the beginning of its call."""
        if not self._tempi or abs(self._tempi[-1].bpm - over.bpm) > _SAME_BPM:
            self._tempi.append(TempoChange(over.call_at if self._tempi else 0.0, over.bpm))

    def write(self, path: Path, bpm: float | None) -> None:
        """Write tracks `call` and `response`. `bpm` is the tempo where no turn told one."""
        tempi = self._tempi or [TempoChange(0.0, bpm or UNKNOWN_BPM)]
        write_midi_file(path, [Track("call", self._call), Track("response", self._response)], tempi)
