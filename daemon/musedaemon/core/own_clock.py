"""A clock of our own as the source of the beats: others hear it, it clicks if wanted, and takes a tempo from taps."""

from __future__ import annotations

from musedaemon.core.beat_grid import Beat, BeatGrid, Meter
from musedaemon.core.beat_source import CLOCK_MESSAGES
from musedaemon.core.clock_master import PULSES_PER_BEAT, PULSES_PER_SONG_POSITION, ClockMaster
from musedaemon.core.commands import ClockMoved
from musedaemon.core.events import MidiEvent, NoteOff, NoteOn, Other
from musedaemon.core.metronome import Click, Metronome
from musedaemon.core.midi_clock import ClockNews
from musedaemon.core.tap_tempo import Taps, TapSettings


class OwnClock:
    """A clock of our own that others follow, a metronome if wanted, a count-in before the song, and a tempo to tap.

    Start, Stop, Continue and Song Position that come in are for it: the buttons of a keyboard. The pulses of others are
    neither heard nor passed on: one master is enough.
    """

    doubt = None

    def __init__(self, bpm: float, meter: Meter, metronome: Metronome | None, count_in_bars: int, tap: TapSettings):
        self._bpm = bpm
        self._meter = meter
        self._metronome = metronome
        self._count_in_beats = count_in_bars * meter.bar_beats
        self._taps = Taps(tap)
        self._master: ClockMaster | None = None
        self._click_ends: list[NoteOff] = []
        self._now = 0.0
        self._running = False
        self._tapped = False
        self._reports: list[ClockMoved] = []

    @property
    def grid(self) -> BeatGrid | None:
        """Where our beats lie."""
        return self._master.grid if self._master else None

    @property
    def starting(self) -> bool:
        """Until the next pulse, or through the count-in."""
        return self._master is not None and self._master.song_begins is not None and not self._running

    def receive(self, event: MidiEvent) -> bool:
        """Taps, and what others think the time is."""
        if isinstance(event, Other):
            return event.data[0] in CLOCK_MESSAGES and self._obey(event)
        if not self._taps.is_one(event):
            return False
        self._turn_to(self._taps.hear(event), event.at)
        return True

    def tap(self, at: float) -> None:
        """A tap at the terminal."""
        self._turn_to(self._taps.tap(at), at)

    def passes(self, event: MidiEvent) -> bool:
        """Nothing of it."""
        return False

    def advance(self, until: float) -> list[MidiEvent]:
        """Clock messages and clicks. The song begins with the first call, after the count-in."""
        self._now = until
        if self._master is None:
            self._master = ClockMaster(self._bpm, until)
            self._master.start(until, self._count_in_beats)
        messages: list[MidiEvent] = [Other(at, data) for at, data in self._master.pop_due(until)]
        messages += self._clicks(self._master, until)
        self._tell_start(self._master, until)
        return sorted(messages, key=lambda event: event.at)

    def next_deadline(self) -> float:
        """The next pulse or click."""
        if self._master is None:
            return 0.0
        ends = [event.at for event in self._click_ends]
        return min([self._master.next_deadline(), self._next_click(self._master), *ends])

    def end(self, at: float) -> list[MidiEvent]:
        """Those who follow us are stopped."""
        if self._master is None:
            return []
        self._master.stop(at)
        return [Other(at, message.data) for message in self._master.pop_due(at)]

    def take_reports(self) -> list[ClockMoved]:
        """What changed."""
        reports, self._reports = self._reports, []
        return reports

    def _obey(self, event: Other) -> bool:
        """A button acts at once, after what has left already. Start where the song runs says nothing: a DAW that
        follows us may tell us that it has started, too.
        """
        if self._master is not None:
            at = max(event.at, self._now)
            match event.data[0]:
                case 0xFA if self._master.song_begins is None:
                    self._master.start(at, self._count_in_beats)
                case 0xFB:
                    self._master.go_on(at)
                case 0xFC:
                    self._stop(self._master, at)
                case 0xF2 if len(event.data) == 3 and self._master.song_begins is None:
                    sixteenths = event.data[1] + 128 * event.data[2]
                    self._master.locate(sixteenths * PULSES_PER_SONG_POSITION / PULSES_PER_BEAT, at)
        return True

    def _stop(self, master: ClockMaster, at: float) -> None:
        master.stop(at)
        if self._metronome is not None:
            self._metronome.stop()
        if self._running:
            self._running = False
            self._report(master, at, ClockNews.STOPPED)

    def _turn_to(self, bpm: float | None, at: float) -> None:
        if bpm is not None and self._master is not None:
            self._master.turn_to(bpm, at)
            self._tapped = True
            self._tell_tap(self._master, at)

    def _tell_start(self, master: ClockMaster, until: float) -> None:
        if not self._running and master.runs_at(until):
            self._running = True
            self._report(master, until, ClockNews.STARTED)
            self._tell_tap(master, until)

    def _tell_tap(self, master: ClockMaster, at: float) -> None:
        """Nobody knows of our beats before they run."""
        if self._running and self._tapped:
            self._tapped = False
            self._report(master, at, ClockNews.TAPPED)

    def _report(self, master: ClockMaster, at: float, news: ClockNews) -> None:
        self._reports.append(ClockMoved(Beat(at, master.grid, master.song_begins), news))

    def _next_click(self, master: ClockMaster) -> float:
        song = master.song_grid
        if self._metronome is None or song is None:
            return float("inf")
        return self._metronome.next_deadline(song, self._now)

    def _clicks(self, master: ClockMaster, until: float) -> list[MidiEvent]:
        song = master.song_grid
        events: list[MidiEvent] = []
        for click in self._metronome.pop_due(song, until) if self._metronome and song else []:
            events.append(_strike(click))
            self._click_ends.append(NoteOff(click.until, click.channel, click.pitch))
        events += [event for event in self._click_ends if event.at <= until]
        self._click_ends = [event for event in self._click_ends if event.at > until]
        return events


def _strike(click: Click) -> NoteOn:
    return NoteOn(click.at, click.channel, click.pitch, click.velocity)
