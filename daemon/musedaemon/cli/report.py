"""What a session prints: one line a turn and a sum on stdout, warnings on stderr."""

from __future__ import annotations

import sys
import threading
import traceback
from collections.abc import Sequence
from pathlib import Path

from musedaemon.cli.lines import Writable
from musedaemon.cli.opening import INVITATIONS
from musedaemon.cli.plain import plain
from musedaemon.core.modes import Mode
from musedaemon.run.reporting import ClockChange, ClockPhase, Minute, PortState, SessionSummary, TurnSummary

_RANK = {"quiet": 0, "normal": 1, "verbose": 2}


class Report:
    """A `Reporter` for a terminal or a log; every line is flushed as it is written.

    `level` is that of `config.log`; `opening` follows the line on what is connected. A reader that goes away (`| head`)
    ends the lines, not the music.
    """

    def __init__(
        self, level: str, opening: Sequence[str] = (), out: Writable | None = None, err: Writable | None = None
    ) -> None:
        self._rank = _RANK[level]
        self._opening = opening
        self._out = out if out is not None else sys.stdout
        self._err = err if err is not None else sys.stderr
        self._unread: list[Writable] = []
        self._one_at_a_time = threading.Lock()

    def started(self, input_name: str, output_name: str, model: str, seed: int) -> None:
        """Tell what is connected; the seed, so that a session worth keeping can be had again."""
        self._say(1, f"{input_name} -> {output_name}  model {model}  seed {seed}")
        for line in self._opening:
            self._say(1, line)

    def turn(self, summary: TurnSummary) -> None:
        """Tell one turn."""
        source = f" ({summary.tempo_source})" if self._rank > 1 else ""
        self._say(1, turn_line(summary, source))

    def port(self, name: str, state: PortState) -> None:
        """Tell what became of a port."""
        self._say(1, f'port "{name}" {state.value}')

    def clock(self, change: ClockChange) -> None:
        """Tell what became of the clock."""
        if change.phase is ClockPhase.LOST:
            self.warning(clock_line(change))
        else:
            self._say(1, clock_line(change))

    def mode(self, mode: Mode) -> None:
        """Tell what the partner does from now on, and what the musician may do."""
        self._say(1, f"mode {mode.value}: {INVITATIONS[mode]}")

    def panicked(self) -> None:
        """Tell of a panic."""
        self._say(1, "panic: all is silent, the partner waits until you play")

    def finished(self, summary: SessionSummary) -> None:
        """Tell the sum, and the file written."""
        self._say(1, sum_line(summary))

    def reloaded(self, changed: Sequence[str], waiting: Sequence[str]) -> None:
        """Tell which settings count from now on."""
        self._say(1, f"settings read again: {', '.join(changed) or 'nothing'} changed")
        if waiting:
            self.warning(waiting_line(waiting))

    def minute(self, minute: Minute) -> None:
        """Tell of a minute in which something was played."""
        if minute.heard or minute.played or minute.dropped:
            self._say(1, minute_line(minute))

    def kept(self, path: Path) -> None:
        """Tell of a take that is written."""
        self._say(1, f"take {path}")

    def answer(self, text: str) -> None:
        """Tell whoever typed, also where little is told."""
        self._write(self._err, text)

    def warning(self, text: str) -> None:
        """Tell of something that went wrong."""
        if self._rank > 0:
            self._write(self._err, f"musedaemon: warning: {text}")

    def detail(self, text: str) -> None:
        """Tell what only -v shows."""
        self._say(2, text)

    def refused(self, text: str) -> None:
        """Tell what the user can mend, a line each."""
        for line in text.splitlines():
            self._write(self._err, f"musedaemon: {line}")

    def crashed(self, error: BaseException) -> None:
        """Tell of a mistake of ours, with all that helps to find it."""
        for line in "".join(traceback.format_exception(error)).splitlines():
            self._write(self._err, line)
        self._write(self._err, "musedaemon: it has crashed; please report it with the lines above.")

    def _say(self, rank: int, line: str) -> None:
        if self._rank >= rank:
            self._write(self._out, line)

    def _write(self, stream: Writable | None, line: str) -> None:
        if stream is None or stream in self._unread:  # Windows gives a program without a console no streams
            return
        with self._one_at_a_time:
            try:
                stream.write(plain(line) + "\n")
                stream.flush()
            except (OSError, ValueError):  # the reader is gone, the disk is full, the stream is closed
                self._unread.append(stream)


def turn_line(summary: TurnSummary, source: str) -> str:
    """`turn 1  96 bpm  call 12 notes, 8 beats  reply 11 notes, 7.5 beats`; `source` is whence the tempo came."""
    tempo = f"{number(summary.bpm)} bpm{source}"
    call = f"call {_extent(summary.call_notes, summary.call_beats)}"
    return f"turn {summary.number}  {tempo}  {call}  {_reply(summary)}"


_CLOCKS = {"midi": "the MIDI clock", "link": "Ableton Link", "internal": "the clock"}
_CLOCK_TOLD = {
    ("follow", ClockPhase.TAPPED): "the tempo is tapped:",
    ("midi", ClockPhase.AWAITED): 'no MIDI clock on "{port}" yet; until it comes the tempo is',
    ("link", ClockPhase.AWAITED): "nobody else is in the Ableton Link session yet; until somebody comes it is at",
    ("midi", ClockPhase.LOST): "the MIDI clock has fallen silent without Stop; the beats go on at",
    ("link", ClockPhase.LOST): "the last peer has left the Ableton Link session; the beats go on at",
    ("midi", ClockPhase.FOUND): "the MIDI clock is heard at",
    ("link", ClockPhase.FOUND): "Ableton Link has found company; the beats are those of its session, at",
}
_ANY_CLOCK_TOLD = {
    ClockPhase.STARTED: "runs at",
    ClockPhase.STOPPED: "has stopped; the tempo stays at",
    ClockPhase.TAPPED: "is tapped to",
}


def clock_line(change: ClockChange) -> str:
    """`the MIDI clock is heard at 123 bpm`."""
    told = _CLOCK_TOLD.get((change.clock, change.phase))
    told = told or f"{_CLOCKS[change.clock]} {_ANY_CLOCK_TOLD[change.phase]}"
    told = told.format(port=change.port)
    return f"{told} " + ("found in your playing" if change.bpm is None else f"{number(change.bpm)} bpm")


def waiting_line(keys: Sequence[str]) -> str:
    """One sentence on the settings that cannot change while it plays."""
    them = "it" if len(keys) == 1 else "them"
    return f"{', '.join(keys)} cannot change while it plays; start musedaemon again for {them}"


def minute_line(minute: Minute) -> str:
    """`last minute: 4 turns, 48 notes heard, 45 played, p99 1.2 ms late`, with what was left out."""
    late = "" if minute.lateness_p99_ms is None else f", p99 {minute.lateness_p99_ms:.1f} ms late"
    dropped = f", {minute.dropped} left out as too late" if minute.dropped else ""
    notes = f"{_count(minute.heard, 'note')} heard, {minute.played} played"
    return f"last minute: {_count(minute.turns, 'turn')}, {notes}{late}{dropped}"


def sum_line(summary: SessionSummary) -> str:
    """`4 turns, 48 notes heard, 45 played. Written: jam.mid`, with what was cut short, if anything was."""
    turns = _count(summary.turns, "turn") + (f" ({summary.withdrawn} cut short)" if summary.withdrawn else "")
    dropped = f", {summary.dropped} left out as too late" if summary.dropped else ""
    back = f", {_count(summary.reconnections, 'reconnection')}" if summary.reconnections else ""
    written = "" if summary.written is None else f" Written: {summary.written}"
    return f"{turns}, {_count(summary.call_notes, 'note')} heard, {summary.reply_notes} played{dropped}{back}.{written}"


def number(value: float) -> str:
    """A number as people write it: one decimal at most, none where it is 0."""
    return f"{value:.1f}".removesuffix(".0")


def _reply(summary: TurnSummary) -> str:
    if summary.reply_notes == 0:
        return "reply cut short before its first note" if summary.withdrawn else "no reply"
    reply = f"reply {_extent(summary.reply_notes, summary.reply_beats)}"
    return reply + (", then cut short" if summary.withdrawn else "")


def _extent(notes: int, beats: float) -> str:
    shown = number(beats)
    return f"{_count(notes, 'note')}, {shown} beat" + ("" if shown == "1" else "s")


def _count(amount: int, noun: str) -> str:
    return f"{amount} {noun}" + ("" if amount == 1 else "s")
