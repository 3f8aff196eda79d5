"""An Ableton Link session as the source of the beats: every peer may turn the tempo, start and stop, we too.

Link's beats never cease, and all of its peers share where the bars lie (its "phase"); so there are beats and bars also
before anybody starts its transport. Once it was started, a stop means what Stop means for a MIDI clock.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from musedaemon.core.beat_grid import Beat, BeatGrid, Meter, first_from
from musedaemon.core.beat_source import CLOCK_MESSAGES, moved
from musedaemon.core.commands import ClockMoved
from musedaemon.core.events import MidiEvent, Other
from musedaemon.core.link_peer import LinkPeer, LinkState
from musedaemon.core.midi_clock import ClockNews
from musedaemon.core.tap_tempo import Taps, TapSettings

_START, _CONTINUE, _STOP = 0xFA, 0xFB, 0xFC
_JUST_BEGUN = 0.01
"""Beats: a start so soon after a bar line was meant for it; times between two clocks are known to some microseconds."""
_SAME_BAR = 1e-3
"""Beats: bar lines nearer to each other are one."""


class _Turn(NamedTuple):
    """The transport turns at beat `beat`: a song begins there, or None ends."""

    beat: float
    song_begins: float | None


class LinkClock:
    """Looks at the session whenever the player wakes up, and once a beat, for not every move of it is announced.

    Start, Continue and Stop that come in by MIDI are wishes for the session's transport; taps are for its tempo.
    """

    doubt = None

    def __init__(self, peer: LinkPeer, meter: Meter, tap: TapSettings) -> None:
        self._peer = peer
        self._bar = meter.bar_beats
        self._taps = Taps(tap)
        self._grid: BeatGrid | None = None
        self._bar_line = 0.0
        self._song_begins: float | None = None
        self._turn: _Turn | None = None
        self._played = False
        self.starting = False
        """Whether Start came in by MIDI, and its song has not begun."""
        self._peers = 0
        self._tapped = False
        self._look_again = 0.0
        self._told: Beat | None = None
        self._reports: list[ClockMoved] = []

    @property
    def grid(self) -> BeatGrid | None:
        """Where the session's beats lie; no beat of it ever leaps by more than half a beat."""
        return self._grid

    def receive(self, event: MidiEvent) -> bool:
        """Taps, and what others send as a clock: of that, only the transport counts."""
        if isinstance(event, Other):
            return event.data[0] in CLOCK_MESSAGES and self._wish(event)
        if not self._taps.is_one(event):
            return False
        self._propose(self._taps.hear(event), event.at)
        return True

    def tap(self, at: float) -> None:
        """A tap at the terminal."""
        self._propose(self._taps.tap(at), at)

    def passes(self, event: MidiEvent) -> bool:
        """The clock messages of others, for none are ours."""
        return isinstance(event, Other)

    def advance(self, until: float) -> list[MidiEvent]:
        """Only looks at the session: Link sends by itself."""
        state = self._peer.look()
        grid = self._follow_beats(state.grid, until)
        self._follow_transport(state, grid, until)
        news = [*self._turned(grid, until), *self._company(state.peers), *self._tap_news()]
        beat = Beat(until, grid, self._song_begins)
        if not news and self._told and not moved(self._told, beat):
            return []
        self._told = beat
        self._reports += [ClockMoved(beat, one) for one in news or [ClockNews.PULSE]]
        return []

    def next_deadline(self) -> float:
        """A beat after the last look, or when the transport turns."""
        if self._turn is None or self._grid is None:
            return self._look_again
        return min(self._look_again, self._grid.time_of(self._turn.beat))

    def end(self, at: float) -> list[MidiEvent]:
        """Nothing: the session goes on without us."""
        return []

    def take_reports(self) -> list[ClockMoved]:
        """What changed."""
        reports, self._reports = self._reports, []
        return reports

    def _propose(self, bpm: float | None, at: float) -> None:
        if bpm is not None:
            self._peer.propose(bpm, at)
            self._tapped = True

    def _wish(self, event: Other) -> bool:
        if event.data[0] in (_START, _CONTINUE):
            self.starting = not self._played
            self._peer.start(event.at)
        elif event.data[0] == _STOP:
            self.starting = False
            self._peer.stop(event.at)
        return True

    def _follow_beats(self, grid: BeatGrid, now: float) -> BeatGrid:
        """Count on where the session's count leaps, so that a note that is pending moves by half a beat at most."""
        leap = round(self._grid.beat_at(now) - grid.beat_at(now)) if self._grid else 0
        self._bar_line = float(leap)
        self._grid = grid._replace(beat=grid.beat + leap)
        self._look_again = now + 60.0 / grid.bpm
        return self._grid

    def _follow_transport(self, state: LinkState, grid: BeatGrid, now: float) -> None:
        """What is to begin or to end, and on which beat."""
        turned = grid.beat_at(state.turned_at)
        if state.playing and (not self._played or state.turned_at > now):
            begins = self._bar_line + first_from(turned - _JUST_BEGUN - self._bar_line, self._bar)
            self._turn = _Turn(begins, begins)
        elif self._played and not state.playing:
            self._turn = _Turn(turned, None)
        elif self._turn is None and self._off_the_bars(grid, now):
            last = self._bar_line + math.floor((grid.beat_at(now) - self._bar_line) / self._bar) * self._bar
            self._turn = _Turn(last, last)
        self._played = state.playing

    def _off_the_bars(self, grid: BeatGrid, now: float) -> bool:
        """Whether nobody has counted bars yet, or those that we count are not the session's any more."""
        if self._song_begins is None:
            return self._told is None
        off = (self._song_begins - self._bar_line) % self._bar
        return min(off, self._bar - off) > _SAME_BAR

    def _turned(self, grid: BeatGrid, now: float) -> list[ClockNews]:
        if self._turn is None or now < grid.time_of(self._turn.beat):
            return []
        before, self._song_begins = self._song_begins, self._turn.song_begins
        self._turn, self.starting = None, False
        if self._song_begins == before:
            return []
        return [ClockNews.STOPPED if self._song_begins is None else ClockNews.STARTED]

    def _tap_news(self) -> list[ClockNews]:
        tapped, self._tapped = self._tapped, False
        return [ClockNews.TAPPED] if tapped else []

    def _company(self, peers: int) -> list[ClockNews]:
        before, self._peers = self._peers, peers
        if (before > 0) == (peers > 0):
            return []
        return [ClockNews.FOUND if peers else ClockNews.LOST]
