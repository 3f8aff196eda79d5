"""What `musedaemon check` prints, and its exit status."""

from pathlib import Path

import pytest

from musedaemon.cli.check import print_findings
from musedaemon.cli.main import main
from musedaemon.run.check import Finding, Health

TINY = str(Path(__file__).parents[2] / "assets" / "tiny.onnx")
WELL = Finding(Health.OK, "input", "Keys")
SLOW = Finding(Health.WARNING, "model", "slow.")
BROKEN = Finding(Health.BROKEN, "output", "no port.")


@pytest.mark.parametrize(
    ("findings", "status", "last"),
    [
        ([WELL], 0, "Ready to play."),
        ([WELL, SLOW], 0, "Ready to play, but see the warnings."),
        ([BROKEN, SLOW], 2, "Not ready: mend what is broken, then check again."),
    ],
)
def test_a_line_each_then_what_they_come_to(
    findings: list[Finding], status: int, last: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert print_findings(findings) == status
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(findings) + 1
    assert lines[-1] == last


def test_the_parts_stand_under_each_other(capsys: pytest.CaptureFixture[str]) -> None:
    print_findings([WELL, SLOW, BROKEN])
    assert capsys.readouterr().out.splitlines()[:3] == [
        "ok     input     Keys",
        "warn   model     slow.",
        "broken output    no port.",
    ]


def test_a_missing_file_is_found_by_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source, target = tmp_path / "none.mid", tmp_path / "jam.mid"
    assert main(["check", "--in", str(source), "--out", str(target), "--model", TINY]) == 2
    told = capsys.readouterr()
    assert told.err == ""
    assert f"broken input     {source}" in told.out
    assert "ok     output" in told.out


def test_the_settings_file_is_named_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("config.toml").touch()
    main(["check", "--in", "none.mid", "--out", "jam.mid", "--model", TINY])
    assert capsys.readouterr().out.startswith("ok     settings  from ")
