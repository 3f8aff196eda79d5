from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from musedaemon_training.files import whole_folder, whole_or_kept
from musedaemon_training.losses import Tally
from musedaemon_training.progress import Lines, Metrics, Standing, span_text
from musedaemon_training.reporting import LOG_EVERY_STEPS, Moment, Report

BITS = {"shift": 0.7, "pitch": 3.6, "duration": 1.3, "velocity": 0.5, "sum": 5.6, "total": 6.0}
STANDING = Standing(0.25, BITS, 12_345.0, 0.01, 3_900.0)


class Seen:
    def __init__(self) -> None:
        self.standings: list[Standing] = []

    def show(self, standing: Standing) -> None:
        self.standings.append(standing)

    def read(self, done: int, total: int) -> None:
        raise AssertionError

    def say(self, line: str) -> None:
        raise AssertionError(line)

    def close(self) -> None:
        raise AssertionError


def moment(step: int, seconds: float, done: float) -> Moment:
    return Moment({"step": step}, notes=step * 100, seconds=seconds, waited_s=seconds / 10, done=done, rate=1e-3)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (59.4, "59 s"), (60, "1 min"), (3599, "59 min"), (3660, "1 h 01 min"), (-5, "0 s")],
)
def test_spans_for_people(seconds: float, text: str) -> None:
    assert span_text(seconds) == text


def test_a_line_tells_bits_speed_and_time_left() -> None:
    bits = "shift 0.70 pitch 3.60 duration 1.30 velocity 0.50 | sum 5.600 | total 6.0000"
    assert STANDING.line() == f" 25.0% {bits} | 12,345 notes/s, 1% waiting | 1 h 05 min left"


def test_beside_its_bar_it_fits_80_columns() -> None:
    assert STANDING.short() == "shift 0.70 pitch 3.60 dur 1.30 vel 0.50 12.3k notes/s 1 h 05 min left"
    assert len(STANDING.short()) <= 80 - len("100% ") - 8 - 1 + 5


def test_a_log_gets_a_line_now_and_then_only(capsys: pytest.CaptureFixture[str]) -> None:
    lines = Lines()
    lines.show(STANDING)
    lines.show(STANDING)
    assert capsys.readouterr().out.count("\n") == 1


def test_a_short_reading_leaves_no_line_and_takes_none_away(capsys: pytest.CaptureFixture[str]) -> None:
    lines = Lines()
    lines.read(5, 10)
    lines.show(STANDING)
    assert capsys.readouterr().out.splitlines() == [STANDING.line()]


def test_speed_waiting_and_time_left_are_of_this_stretch(tmp_path: Path) -> None:
    seen, metrics = Seen(), Metrics(tmp_path / "metrics.jsonl")
    report = Report(seen, metrics, moment(0, 0.0, 0.0))
    for step in range(1, LOG_EVERY_STEPS + 1):
        report.add(Tally([1.0] * 4, [1.0] * 4), moment(step, step * 0.1, step / 100))
    (standing,) = seen.standings
    assert standing.speed == pytest.approx(1000.0)
    assert standing.waiting == pytest.approx(0.1)
    assert standing.seconds_left == pytest.approx(7.5)
    (line,) = (tmp_path / "metrics.jsonl").read_text().splitlines()
    assert json.loads(line)["step"] == LOG_EVERY_STEPS


def test_slow_steps_are_told_sooner(tmp_path: Path) -> None:
    seen = Seen()
    report = Report(seen, Metrics(tmp_path / "metrics.jsonl"), moment(0, 0.0, 0.0))
    report.add(Tally(), moment(1, 4.0, 0.1))
    report.add(Tally(), moment(2, 8.0, 0.2))
    assert len(seen.standings) == 1


def test_metrics_after_a_resumed_step_are_forgotten(tmp_path: Path) -> None:
    metrics = Metrics(tmp_path / "metrics.jsonl")
    metrics.cut_after(0)
    for step in (10, 20, 30):
        metrics.write({"kind": "training", "step": step})
    metrics.cut_after(20)
    assert [json.loads(line)["step"] for line in (tmp_path / "metrics.jsonl").read_text().splitlines()] == [10, 20]


def fill_the_disk(folder: Path) -> None:
    with whole_folder(folder) as part:
        (part / "a").write_text("2")
        raise OSError("the disk is full")


def test_half_a_line_left_by_a_killed_run_is_forgotten(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    path.write_text('{"step": 1}\n{"step": 2}\n{"ste')
    Metrics(path).cut_after(2)
    assert path.read_text() == '{"step": 1}\n{"step": 2}\n'


def test_a_folder_is_replaced_whole_or_not_at_all(tmp_path: Path) -> None:
    folder = tmp_path / "best"
    with whole_folder(folder) as part:
        (part / "a").write_text("1")
    with pytest.raises(OSError, match="full"):
        fill_the_disk(folder)
    assert (folder / "a").read_text() == "1"
    assert [path.name for path in tmp_path.iterdir()] == ["best"]


def test_a_folder_lost_between_two_renames_is_found(tmp_path: Path) -> None:
    (tmp_path / "best.old").mkdir()
    assert whole_or_kept(tmp_path / "best") == tmp_path / "best.old"
    (tmp_path / "best").mkdir()
    assert whole_or_kept(tmp_path / "best") == tmp_path / "best"


def test_a_reader_that_goes_away_ends_the_lines_and_not_the_training() -> None:
    script = (
        "import sys; from musedaemon_training.progress import Lines\n"
        "lines = Lines(); sys.stdin.readline(); lines.say('one'); lines.say('two')\n"
        "print('on it goes', file=sys.stderr)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as training:
        assert training.stdin
        assert training.stdout
        assert training.stderr
        training.stdout.close()
        training.stdin.write("\n")
        training.stdin.close()
        assert training.stderr.read() == "on it goes\n"
    assert training.returncode == 0
