"""What a session played, kept for the .mid file it writes: the musician's call, our response, the tempo."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from musedaemon.core.beat_grid import Meter
from musedaemon.core.commands import ClockMoved, HandedOver, Heard, Report, TempoFound
from musedaemon.core.events import MidiEvent
from musedaemon.core.outlet import Outgoing
from musedaemon.core.tempo import UNKNOWN_BPM
from musedaemon.midi.files import TempoChange, Track, write_midi_file
from musedaemon.midi.hands import letting_go
from musedaemon.run.bar_map import BarMap

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

    def tempo_found(self, found: TempoFound) -> None:
        """The tempo was found in playing that is not over."""


class Unrecorded:
    """Where nothing is to be written: hours of playing leave no trace in memory."""

    def report(self, report: Report) -> None:
        """Nothing."""

    def sent(self, messages: Sequence[Outgoing]) -> None:
        """Nothing."""

    def handed_over(self, turn: HandedOver) -> None:
        """Nothing."""

    def tempo_found(self, found: TempoFound) -> None:
        """Nothing."""


class Recorder:
    """A `Record` that is kept and can be written."""

    def __init__(self, meter: Meter | None = None) -> None:
        """`meter`: the bars of a file along a clock; 4/4 if none."""
        self._meter = meter or Meter()
        self._bars = BarMap(self._meter.bar_beats)
        self._call: list[MidiEvent] = []
        self._response: list[MidiEvent] = []
        self._tempi: list[TempoChange] = []

    def report(self, report: Report) -> None:
        """Enter what the musician played, and where the clock's beats lie."""
        match report:
            case Heard(event):
                self._call.append(event)
            case ClockMoved(beat):
                self._bars.enter(beat)

    def sent(self, messages: Sequence[Outgoing]) -> None:
        """Enter what is ours among the messages that left."""
        self._response += [message.event for message in messages if message.serial is not None]

    def handed_over(self, turn: HandedOver) -> None:
        """Enter the tempo of a turn, from the beginning of its call."""
        self.tempo_found(TempoFound(turn.call_at, turn.bpm))

    def tempo_found(self, found: TempoFound) -> None:
        """Enter it, from where it holds."""
        if not self._tempi or abs(self._tempi[-1].bpm - found.bpm) > _SAME_BPM:
            self._tempi.append(TempoChange(found.at if self._tempi else 0.0, found.bpm))

    @property
    def is_empty(self) -> bool:
        """Whether nothing was played at all."""
        return not self._call and not self._response

    @property
    def response(self) -> Sequence[MidiEvent]:
        """What of ours has left."""
        return self._response

    def write(self, path: Path, bpm: float | None) -> None:
        """Write tracks `call` and `response`. `bpm` is the tempo where neither a clock nor a turn told one.

        Keys that were down as the session ended come up with its last event, and so do our notes if it was cut short.
        """
        end = max((event.at for event in [*self._call[-1:], *self._response[-1:]]), default=0.0)
        tracks = [Track(name, [*events, *letting_go(events, end)]) for name, events in self._tracks]
        if self._bars:
            tracks = [Track(track.name, _later(track.events, self._bars.shift)) for track in tracks]
            write_midi_file(path, tracks, self._bars.tempi, self._meter)
            return
        tempi = self._tempi or [TempoChange(0.0, bpm or UNKNOWN_BPM)]
        write_midi_file(path, tracks, tempi)

    @property
    def _tracks(self) -> list[tuple[str, list[MidiEvent]]]:
        return [("call", self._call), ("response", self._response)]


def _later(events: Sequence[MidiEvent], seconds: float) -> list[MidiEvent]:
    return [event._replace(at=event.at + seconds) for event in events]
