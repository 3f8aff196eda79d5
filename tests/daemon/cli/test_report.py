"""What a session prints, to the letter."""

import io
from pathlib import Path

import pytest

from musedaemon.cli.report import Report, clock_line, number
from musedaemon.core.commands import TurnOver
from musedaemon.core.modes import Mode
from musedaemon.core.tempo import TempoFrom
from musedaemon.run.reporting import (
    ClockChange,
    ClockPhase,
    Reporter,
    SessionSummary,
    TurnSummary,
    tempo_of_clock,
    turn_summary,
)

TURN = TurnSummary(1, 96.0, "given", 12, 8.0, 11, 7.5)


class Screen:
    """A Report with its two streams."""

    def __init__(self, level: str) -> None:
        self.out, self.err = io.StringIO(), io.StringIO()
        self.report: Reporter = Report(level, out=self.out, err=self.err)

    def play_a_session(self) -> None:
        self.report.started("call.mid", "jam.mid", "default", 7)
        self.report.turn(TURN)
        self.report.detail("model loaded in 12 ms")
        self.report.warning("the port went away")
        self.report.finished(SessionSummary(4, 48, 45, written=Path("jam.mid")))

    @property
    def lines(self) -> tuple[list[str], list[str]]:
        return self.out.getvalue().splitlines(), self.err.getvalue().splitlines()


def test_a_session_is_a_line_at_the_start_a_line_a_turn_and_a_sum() -> None:
    screen = Screen("normal")
    screen.play_a_session()
    assert screen.lines == (
        [
            "call.mid -> jam.mid  model default  seed 7",
            "turn 1  96 bpm  call 12 notes, 8 beats  reply 11 notes, 7.5 beats",
            "4 turns, 48 notes heard, 45 played. Written: jam.mid",
        ],
        ["musedaemon: warning: the port went away"],
    )


def test_quiet_prints_nothing() -> None:
    screen = Screen("quiet")
    screen.play_a_session()
    assert screen.lines == ([], [])


def test_verbose_adds_details_and_whence_the_tempo_came() -> None:
    screen = Screen("verbose")
    screen.play_a_session()
    assert screen.lines == (
        [
            "call.mid -> jam.mid  model default  seed 7",
            "turn 1  96 bpm (given)  call 12 notes, 8 beats  reply 11 notes, 7.5 beats",
            "model loaded in 12 ms",
            "4 turns, 48 notes heard, 45 played. Written: jam.mid",
        ],
        ["musedaemon: warning: the port went away"],
    )


@pytest.mark.parametrize(
    ("turn", "line"),
    [
        (
            TurnSummary(2, 101.96, "found", 1, 1.04, 1, 0.96),
            "turn 2  102 bpm  call 1 note, 1 beat  reply 1 note, 1 beat",
        ),
        (TurnSummary(3, 88.5, "found", 9, 3.96, 0, 0.0), "turn 3  88.5 bpm  call 9 notes, 4 beats  no reply"),
        (
            TurnSummary(4, 90.0, "given", 9, 4.0, 0, 0.0, withdrawn=True),
            "turn 4  90 bpm  call 9 notes, 4 beats  reply cut short before its first note",
        ),
        (
            TurnSummary(5, 90.0, "given", 9, 4.0, 3, 1.25, withdrawn=True),
            "turn 5  90 bpm  call 9 notes, 4 beats  reply 3 notes, 1.2 beats, then cut short",
        ),
    ],
)
def test_a_turn_is_one_line(turn: TurnSummary, line: str) -> None:
    screen = Screen("normal")
    screen.report.turn(turn)
    assert screen.lines == ([line], [])


@pytest.mark.parametrize(
    ("summary", "line"),
    [
        (SessionSummary(0, 0, 0), "0 turns, 0 notes heard, 0 played."),
        (SessionSummary(1, 1, 1), "1 turn, 1 note heard, 1 played."),
        (SessionSummary(5, 60, 41, withdrawn=2), "5 turns (2 cut short), 60 notes heard, 41 played."),
        (SessionSummary(1, 9, 7, dropped=2), "1 turn, 9 notes heard, 7 played, 2 left out as too late."),
    ],
)
def test_the_sum_is_one_line(summary: SessionSummary, line: str) -> None:
    screen = Screen("normal")
    screen.report.finished(summary)
    assert screen.lines == ([line], [])


@pytest.mark.parametrize(("value", "text"), [(96.0, "96"), (96.04, "96"), (7.5, "7.5"), (0.0, "0"), (119.97, "120")])
def test_a_number_has_one_decimal_at_most(value: float, text: str) -> None:
    assert number(value) == text


class Pipe(io.StringIO):
    """A stream whose reader goes away after `lines` lines."""

    def __init__(self, lines: int) -> None:
        super().__init__()
        self.left = lines
        self.refused = 0

    def write(self, text: str) -> int:
        if self.left == 0:
            self.refused += 1
            raise BrokenPipeError
        self.left -= 1
        return super().write(text)


def test_a_reader_that_goes_away_ends_the_lines_and_not_the_session() -> None:
    out, err = Pipe(1), io.StringIO()
    report = Report("normal", out=out, err=err)
    for _ in range(3):
        report.turn(TURN)
    report.warning("still here")
    assert (len(out.getvalue().splitlines()), out.refused) == (1, 1)
    assert err.getvalue() == "musedaemon: warning: still here\n"


class CountsFlushes(io.StringIO):
    flushes = 0

    def flush(self) -> None:
        self.flushes += 1


def test_every_line_is_flushed_as_it_is_written() -> None:
    out = CountsFlushes()
    report = Report("normal", out=out, err=io.StringIO())
    report.turn(TURN)
    assert out.flushes == 1
    report.finished(SessionSummary(1, 12, 11))
    assert out.flushes == 2


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (
            ClockChange("midi", ClockPhase.AWAITED, None, "DAW:clock"),
            'no MIDI clock on "DAW:clock" yet; until it comes the tempo is found in your playing',
        ),
        (
            ClockChange("midi", ClockPhase.AWAITED, 96.0, "musedaemon in"),
            'no MIDI clock on "musedaemon in" yet; until it comes the tempo is 96 bpm',
        ),
        (
            ClockChange("link", ClockPhase.AWAITED, 120.0),
            "nobody else is in the Ableton Link session yet; until somebody comes it is at 120 bpm",
        ),
        (ClockChange("midi", ClockPhase.FOUND, 123.04), "the MIDI clock is heard at 123 bpm"),
        (ClockChange("midi", ClockPhase.STARTED, 123.0), "the MIDI clock runs at 123 bpm"),
        (ClockChange("link", ClockPhase.STOPPED, 99.5), "Ableton Link has stopped; the tempo stays at 99.5 bpm"),
        (ClockChange("internal", ClockPhase.TAPPED, 104.0), "the clock is tapped to 104 bpm"),
    ],
)
def test_what_becomes_of_the_clock_is_one_line(change: ClockChange, line: str) -> None:
    screen = Screen("normal")
    screen.report.clock(change)
    assert screen.lines == ([line], [])


@pytest.mark.parametrize("clock", ["midi", "link", "internal"])
@pytest.mark.parametrize("phase", ClockPhase)
def test_every_clock_has_words_for_all_that_becomes_of_it(clock: str, phase: ClockPhase) -> None:
    if clock == "internal" and phase in (ClockPhase.AWAITED, ClockPhase.FOUND, ClockPhase.LOST):
        return  # it is always there
    assert clock_line(ClockChange(clock, phase, 120.0)).endswith("120 bpm")


def test_a_clock_that_is_lost_is_a_warning() -> None:
    screen = Screen("normal")
    screen.report.clock(ClockChange("midi", ClockPhase.LOST, 120.0))
    told = "musedaemon: warning: the MIDI clock has fallen silent without Stop; the beats go on at 120 bpm"
    assert screen.lines == ([], [told])


def test_a_mode_and_a_panic_are_told() -> None:
    screen = Screen("normal")
    screen.report.mode(Mode.DUET)
    screen.report.panicked()
    assert screen.lines == (
        ["mode duet: play; it joins in", "panic: all is silent, the partner waits until you play"],
        [],
    )


@pytest.mark.parametrize(
    ("came_from", "clock", "phase", "told"),
    [
        (TempoFrom.GIVEN, "follow", None, "given"),
        (TempoFrom.FOUND, "follow", None, "found"),
        (TempoFrom.ASSUMED, "midi", None, "assumed"),
        (TempoFrom.CLOCK, "midi", None, "clock"),
        (TempoFrom.CLOCK, "link", ClockPhase.TAPPED, "link"),
        (TempoFrom.CLOCK, "internal", None, "given"),
        (TempoFrom.CLOCK, "internal", ClockPhase.TAPPED, "tapped"),
    ],
)
def test_a_turn_says_where_its_tempo_came_from(
    came_from: TempoFrom, clock: str, phase: ClockPhase | None, told: str
) -> None:
    over = TurnOver(9.0, 1, 96.0, came_from, 12, 8.0, 11, 7.5, withdrawn=False)
    assert turn_summary(over, tempo_of_clock(clock, phase)).tempo_source == told


def test_what_a_name_would_order_a_terminal_is_written_out() -> None:
    screen = Screen("normal")
    screen.report.started("Keys\x1b]0;owned\x07", "Klang\u202eerl\n2", "Fl\u00fcgel", 7)
    screen.report.warning("\x9b31m")
    assert screen.lines == (
        ["Keys\\x1b]0;owned\\x07 -> Klang\\u202eerl\\n2  model Fl\u00fcgel  seed 7"],
        ["musedaemon: warning: \\x9b31m"],
    )
