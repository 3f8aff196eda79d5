"""A session from its settings to its end: opens what is to be opened, drives it, writes what is to be written."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from musedaemon.config.schema import Config
from musedaemon.core.commands import ClockState, ModeChanged, News, Silenced, TurnOver
from musedaemon.core.engine import Engine
from musedaemon.core.modes import Mode
from musedaemon.core.player import Player
from musedaemon.core.tempo import TempoTracker
from musedaemon.midi.files import TimedFile
from musedaemon.midi.ports import NoOutput, OutputPort
from musedaemon.run.chosen import (
    engine_settings,
    first_bpm,
    meter,
    player_timing,
)
from musedaemon.run.clock import SessionClock
from musedaemon.run.console import listen_at_terminal
from musedaemon.run.intake import BoundedReports
from musedaemon.run.link_session import LinkSession
from musedaemon.run.missing import opening, opening_system
from musedaemon.run.musician import FilePlayer, Musician, PortMusician, WaitingFilePlayer
from musedaemon.run.outside import Outside
from musedaemon.run.priority import Grant, system_precedence
from musedaemon.run.process_signals import Answers, held_back, present
from musedaemon.run.realtime import RealTime
from musedaemon.run.recorder import Record, Recorder
from musedaemon.run.reporting import (
    AWAITED,
    ClockChange,
    ClockPhase,
    PortState,
    Reporter,
    SessionSummary,
    TempoSource,
    clock_change,
    tempo_of_clock,
    turn_summary,
)
from musedaemon.run.simulator import Simulator
from musedaemon.run.threads import OnRefusal, Wake
from musedaemon.run.typed_words import TerminalTaps, words_of_session
from musedaemon.run.wakeup import Wakeup
from musedaemon.takes.desk import NOWHERE, TakeSettings
from musedaemon.takes.recording import Takes, recorded

SETTLE_S = 0.5
"""A file starts to play into real ports this long after they are open: a new connection may take a moment."""


@dataclass(slots=True)
class Session:
    """The parts of one session and what it counts. Made by `prepare`, played once on the main thread.

    Whoever measures puts a `record` and a `clock` of their own in place before it is played.
    """

    config: Config
    reporter: Reporter
    score: TimedFile | None
    target: Path | None
    tempo: TempoTracker
    make_engine: Callable[[float], Engine]
    """For an output that wants its notes so long before they leave (seconds)."""
    player: Player
    record: Record
    model_name: str
    seed: int
    link: LinkSession | None
    """Ourselves in an Ableton Link session, if that is where the beats come from."""
    takes: TakeSettings
    outside: Outside
    clock: SessionClock = field(default_factory=SessionClock)
    live: RealTime | None = None
    turns: int = 0
    withdrawn: int = 0
    reconnections: int = 0
    written: Path | None = None
    """The file that it was written to, once it is there."""
    _tempo_of_clock: TempoSource = "given"
    _takes_written: Takes | None = None

    def play(self) -> None:
        """Open what is to be opened, play to the end, write what is to be written."""
        try:
            if self.score and self.target:
                self._in_virtual_time(self.score, self.target)
            else:
                self._recorded_in_real_time()
        except BaseException:
            if isinstance(self.record, Recorder) and not self.record.is_empty:
                self._write()
            raise
        self._write()
        self._tell_lateness()
        self.reporter.finished(self._summary())

    def _on_turn(self, over: TurnOver) -> None:
        """On the thread that drives the engine."""
        self.turns += 1
        self.withdrawn += over.withdrawn
        self.reporter.turn(turn_summary(over, self._tempo_of_clock))

    def _on_news(self, news: News) -> None:
        """On the thread that drives the engine."""
        match news:
            case ClockState():
                change = clock_change(news, self.config.tempo.clock)
                if change.phase is ClockPhase.TAPPED:
                    self._tempo_of_clock = tempo_of_clock(change.clock, change.phase)
                self.reporter.clock(change)
            case ModeChanged(mode=mode):
                self.reporter.mode(mode)
            case Silenced():
                self.reporter.panicked()

    def _summary(self) -> SessionSummary:
        return SessionSummary(
            turns=self.turns,
            call_notes=self.player.notes_heard,
            reply_notes=self.player.notes_played,
            withdrawn=self.withdrawn,
            dropped=self.player.notes_dropped,
            reconnections=self.reconnections,
            written=self.written,
        )

    def _in_virtual_time(self, score: TimedFile, target: Path) -> None:
        self._started(str(score.path), str(target))
        musician = self._file_player(score, 0.0)
        Simulator(self.make_engine(0.0), self.player, musician, self.record, self._on_turn, self._on_news).run()

    def _recorded_in_real_time(self) -> None:
        answers = self.outside.answers(self._keep, self._panic)
        wakeup = Wakeup()
        # Outermost: a signal that comes while the takes are finished must not end us.
        with wakeup.noting(present(answers)), held_back(answers):
            with recorded(self.takes, self.clock, self.reporter) as takes:
                self.record = takes or self.record
                self._takes_written = takes
                self._in_real_time(answers, wakeup)
            self.written = takes.written if takes else None

    def _in_real_time(self, answers: Answers, wakeup: Wakeup) -> None:
        # Only now: rtmidi is slow to import, and a file session needs no MIDI system at all.
        from musedaemon.run.opening import open_ports
        from musedaemon.run.wiring import Wiring

        score, target, clock = self.score, self.target, self.clock
        with opening_system(self.config.ports.input, self.config.ports.output):
            system = open_ports(self.config, clock)
        wiring = Wiring(self.config, system, clock, self.reporter.port)
        with ExitStack() as cleanup:
            cleanup.callback(wiring.close)
            ports = self.config.ports
            with opening(system, ports.output, ["" if score else ports.input, ports.clock_input]):
                output: OutputPort = NoOutput() if target else wiring.open_output()
            if score and not ports.output:
                self._await_listener(output, wiring.output_name, wakeup)
            musician: Musician = self._file_player(score, clock.now() + SETTLE_S) if score else PortMusician()
            live = self._real_time(musician, output, wiring.refuse, wakeup)
            wiring.lead_to(live.inbox)
            if self.link:
                self.link.join(clock.reckoned, lambda: live.inbox.put(Wake.NOW))
                cleanup.callback(self.link.leave)
            with opening(system, ports.input, [ports.clock_input]):
                input_name = ports.input if score else wiring.open_input()
            with opening(system, ports.clock_input):
                clock_name = wiring.open_clock() if ports.clock_input else input_name
            self._started(input_name, str(target) if target else wiring.output_name, clock_name)
            wiring.watch()
            self.live = live
            self._listen_at_terminal(live)
            self._attend(live)
            live.run(answers)
            self.reconnections = wiring.reconnections
            for name, failure in wiring.failures:
                self.reporter.warning(f'messages from "{name}" were lost ({failure}); please report it')

    def _listen_at_terminal(self, live: RealTime) -> None:
        tell = self.reporter.answer
        taps = TerminalTaps(self.clock, live.tap, tell)
        listen_at_terminal(words_of_session(live, self.config, self._keep, taps, tell), taps.go_on, tell)

    def _await_listener(self, output: OutputPort, name: str, wakeup: Wakeup) -> None:
        """A port of our own is open, and a file is to play: its first phrase is for somebody."""
        if output.listener is None:
            self.reporter.port(name, PortState.UNWATCHED)
        elif not output.listener.is_set():
            self.reporter.port(name, PortState.UNHEARD)
            wakeup.wait_for(output.listener)

    def _attend(self, live: RealTime) -> None:
        timing = player_timing(self.config)

        def adopt(config: Config) -> None:
            live.adopt(engine_settings(config, self.seed, timing))

        self.outside.attend(live, self.player, lambda: self.turns, self.clock.now())
        self.outside.offer_settings(live, self.config, adopt)

    def _real_time(self, musician: Musician, output: OutputPort, on_refusal: OnRefusal, wakeup: Wakeup) -> RealTime:
        engine = self.make_engine(output.ahead_s)
        way = system_precedence(self.config.timing.realtime)
        return RealTime(
            engine,
            self.player,
            musician,
            output,
            self.clock,
            self.record,
            self._on_turn,
            way,
            self._tell_grant,
            self._on_news,
            on_refusal,
            None if self.score else BoundedReports(self.clock.now),
            wakeup,
        )

    def _panic(self) -> None:
        """At the signal SIGUSR1."""
        if self.live:
            self.live.panic()

    def _keep(self) -> None:
        """At the signal SIGUSR2, or typed at the terminal. Any thread."""
        if self._takes_written:
            self._takes_written.keep()
        else:
            self.reporter.warning(NOWHERE)

    def _tell_grant(self, grant: Grant) -> None:
        """For -v."""
        self.reporter.detail(grant.told)

    def _file_player(self, score: TimedFile, starts_at: float) -> FilePlayer:
        if len(score.tempi) <= 1:
            self.tempo.begin_written(starts_at)
        turns = self.config.turns
        if not turns.wait_for_reply:
            return FilePlayer(score.events, starts_at)
        trades = Mode(turns.mode) is Mode.TRADE
        return WaitingFilePlayer(score.events, starts_at, meter(self.config.tempo).bar_beats if trades else 1.0)

    def _write(self) -> None:
        if self.target and isinstance(self.record, Recorder):
            self.record.write(self.target, self.tempo.bpm)
            self.written = self.target

    def _tell_lateness(self) -> None:
        """For -v: how late our notes left, in milliseconds."""
        if lateness := self.player.lateness:
            p50, p99, most = (1000 * value for value in np.percentile(lateness, (50, 99, 100)))
            self.reporter.detail(f"notes left {p50:.1f} ms late at the median, p99 {p99:.1f} ms, at most {most:.1f} ms")

    def _started(self, input_name: str, output_name: str, clock_name: str = "") -> None:
        """`clock_name` is the port at which a MIDI clock would come in."""
        self.reporter.started(input_name, output_name, self.model_name, self.seed)
        clock = self.config.tempo.clock
        self._tempo_of_clock = tempo_of_clock(clock)
        if clock in AWAITED:
            port = clock_name if clock == "midi" else None
            self.reporter.clock(ClockChange(clock, ClockPhase.AWAITED, first_bpm(self.config.tempo), port))
