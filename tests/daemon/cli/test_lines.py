"""What is told reaches a terminal or a log in order, and whoever tells it waits for nobody."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from typing import TextIO

import pytest

from musedaemon.cli.lines import Lines, Writable
from musedaemon.cli.report import Report
from musedaemon.midi.native_noise import quiet_native_stderr
from musedaemon.run.reporting import TurnSummary

TURN = TurnSummary(1, 96.0, "given", 12, 8.0, 11, 7.5)
TOLD = "turn 1  96 bpm  call 12 notes, 8 beats  reply 11 notes, 7.5 beats"
MORE_THAN_A_PIPE_HOLDS = 2_000


class Log:
    """A pipe, and a text stream into it."""

    def __init__(self, encoding: str = "utf-8") -> None:
        self.reading, writing = os.pipe()
        self.stream: TextIO = os.fdopen(writing, "w", encoding=encoding)

    def lines(self) -> list[str]:
        """All that was written, once the stream is closed."""
        self.stream.close()
        with os.fdopen(self.reading, "rb", closefd=False) as read:
            return read.read().decode().split(os.linesep)[:-1]


def way_to(log: Log, lines: Lines) -> Writable:
    way = lines.to(log.stream)
    assert way is not None
    return way


@pytest.fixture
def log() -> Iterator[Log]:
    made = Log()
    yield made
    with suppress(OSError):
        made.stream.close()
    with suppress(OSError):
        os.close(made.reading)


def test_lines_to_two_streams_are_written_in_order(log: Log) -> None:
    with Lines() as lines:
        one, other = way_to(log, lines), way_to(log, lines)
        for number in range(100):
            (one if number % 2 else other).write(f"{number}\n")
    assert log.lines() == [str(number) for number in range(100)]


def test_a_session_whose_log_nobody_reads_goes_on_and_ends(log: Log) -> None:
    with Lines(patience_s=0.05) as lines:
        report = Report("normal", (), lines.to(log.stream), lines.to(log.stream))
        for _ in range(MORE_THAN_A_PIPE_HOLDS):
            report.turn(TURN)
    with os.fdopen(log.reading, "rb", closefd=False, buffering=0) as read:
        begun = read.read(10 * len(TOLD)).decode()
    assert begun.startswith(TOLD + os.linesep + TOLD)


def test_the_end_waits_for_a_reader_that_is_slow(log: Log) -> None:
    with Lines(patience_s=60.0) as lines:
        way = way_to(log, lines)
        for _ in range(MORE_THAN_A_PIPE_HOLDS):
            way.write(f"{TOLD}\n")
        with os.fdopen(log.reading, "rb", closefd=False) as read:
            found = [read.readline() for _ in range(MORE_THAN_A_PIPE_HOLDS)]
    assert {line.decode().strip() for line in found} == {TOLD}


def test_a_reader_that_is_gone_ends_its_lines_alone(log: Log) -> None:
    other = Log()
    with Lines() as lines:
        gone, there = way_to(log, lines), way_to(other, lines)
        os.close(log.reading)
        gone.write("nobody\n")
        there.write("somebody\n")
        gone.write("nobody\n")
    assert other.lines() == ["somebody"]
    os.close(other.reading)


def test_a_name_that_the_log_cannot_spell_is_written_with_escapes() -> None:
    log = Log("ascii")
    with Lines() as lines:
        way = way_to(log, lines)
        way.write("Flügel\n")
    assert log.lines() == ["Fl\\xfcgel"]
    os.close(log.reading)


def test_what_is_no_file_is_written_to_at_once() -> None:
    with Lines() as lines:
        screen = io.StringIO()
        assert lines.to(screen) is screen
        assert lines.to(None) is None


def test_what_is_told_while_the_noise_of_c_libraries_is_caught_is_no_noise(capfd: pytest.CaptureFixture[str]) -> None:
    """A line of the JSON log that came just then was lost in the debug log."""
    with ExitStack() as told:
        way = told.enter_context(Lines()).to(sys.stderr)
        assert way is not None
        with quiet_native_stderr() as noise:
            way.write('{"event": "turn"}\n')
            told.close()
    assert (noise, capfd.readouterr().err) == ([], '{"event": "turn"}\n')
