"""The command as a whole: what is run with which settings, and how it ends."""

import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from musedaemon import __version__
from musedaemon.cli.main import main
from musedaemon.config import loading
from musedaemon.config.schema import Config, Tempo
from musedaemon.errors import ModelError, PortError
from musedaemon.run.reporting import Reporter, SessionSummary

Play = Callable[[Config, Reporter, Callable[[], Config]], int]


@pytest.fixture(autouse=True)
def _nothing_configured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(loading, "user_file", lambda: tmp_path / "none" / "config.toml")


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch) -> Callable[[Play], None]:
    """Puts a function in the place of the session."""

    def install(play: Play) -> None:
        module = ModuleType("musedaemon.run.preparing")
        module.__dict__["play"] = play
        monkeypatch.setitem(sys.modules, "musedaemon.run.preparing", module)

    return install


def test_options_win_over_the_file_and_reach_the_session(session: Callable[[Play], None]) -> None:
    seen: list[Config] = []

    def play(config: Config, report: Reporter, reread: Callable[[], Config]) -> int:
        seen.append(config)
        return 0

    session(play)
    Path("config.toml").write_text("[tempo]\nbpm = 80\n[model]\nseed = 3\n", encoding="utf-8")
    assert main(["--bpm", "96"]) == 0
    assert [(config.tempo, config.model.seed) for config in seen] == [(Tempo(bpm=96.0), 3)]


def test_the_session_reports_at_the_level_asked_for(
    session: Callable[[Play], None], capsys: pytest.CaptureFixture[str]
) -> None:
    def play(config: Config, report: Reporter, reread: Callable[[], Config]) -> int:
        report.finished(SessionSummary(1, 12, 11))
        return 0

    session(play)
    assert main(["-q"]) == 0
    assert capsys.readouterr() == ("", "")
    assert main([]) == 0
    assert capsys.readouterr() == ("1 turn, 12 notes heard, 11 played.\n", "")


def test_the_status_of_the_session_is_that_of_the_command(session: Callable[[Play], None]) -> None:
    session(lambda config, report, reread: 3)
    assert main([]) == 3


@pytest.mark.parametrize("error", [PortError("no port."), ModelError("no model.")])
def test_an_error_of_the_users_is_one_sentence_and_its_status(
    error: PortError | ModelError, session: Callable[[Play], None], capsys: pytest.CaptureFixture[str]
) -> None:
    def play(config: Config, report: Reporter, reread: Callable[[], Config]) -> int:
        raise error

    session(play)
    assert main([]) == 2
    assert capsys.readouterr() == ("", f"musedaemon: {error}\n")


def test_wrong_settings_are_told_a_line_each_and_nothing_is_played(
    session: Callable[[Play], None], capsys: pytest.CaptureFixture[str]
) -> None:
    played: list[Config] = []

    def play(config: Config, report: Reporter, reread: Callable[[], Config]) -> int:
        played.append(config)
        return 0

    session(play)
    Path("config.toml").write_text("[tempo]\nbmp = 80\n", encoding="utf-8")
    assert main(["--temperature", "hot"]) == 2
    assert played == []
    assert capsys.readouterr() == (
        "",
        "musedaemon: config.toml: tempo.bmp: unknown key. Did you mean bpm?\n"
        "musedaemon: config.toml is the one in this folder; --config names another.\n"
        'musedaemon: --temperature: must be a number, not "hot".\n',
    )


def test_ctrl_c_while_starting_is_quiet(session: Callable[[Play], None], capsys: pytest.CaptureFixture[str]) -> None:
    def play(config: Config, report: Reporter, reread: Callable[[], Config]) -> int:
        raise KeyboardInterrupt

    session(play)
    assert main([]) == 130
    assert capsys.readouterr() == ("", "")


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert (ended.value.code, capsys.readouterr().out) == (0, f"musedaemon {__version__}\n")


def test_help_names_every_command_and_where_the_settings_lie(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("musedaemon.cli.arguments.user_file", lambda: Path("folder") / "config.toml")
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    told = capsys.readouterr().out
    assert ended.value.code == 0
    assert str(Path("folder") / "config.toml") in told
    assert "list the MIDI ports there are" in told
