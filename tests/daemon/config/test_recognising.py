"""A config.toml of another program is left alone; one of ours is read, however it is misspelt."""

from __future__ import annotations

from pathlib import Path

import pytest

from musedaemon.config import loading
from musedaemon.config.loading import find, passed_over, settings
from musedaemon.config.recognising import looks_foreign
from musedaemon.errors import ConfigError

OURS = [
    "",
    "# nothing yet\n",
    "[tempo]\nbpm = 80\n",
    "[tempo]\nbmp = 80\n",
    "[turn]\nhand_over = 1.0\nlength = 2\n",
    "bpm = 90\n",
    "[ports]\n",
    "[tempo]\nbpm = 80\nswing = 0.6\n[extra]\nx = 1\n",
    "[ports]\ninput = Keystation\n",
    "[log]\nlevel = 'info'\n",
]
FOREIGN = [
    "baseURL = 'https://example.org'\ntitle = 'A site'\n[params]\nauthor = 'x'\n",
    "[build]\ntarget = 'x'\n[target.x]\nlinker = 'lld'\n",
    "[model]\nname = 'resnet'\nhidden = 512\nlayers = 4\n[training]\nlr = 0.1\nepochs = 3\n",
    "[package]\nname = 'x'\nversion = '1'\n[log]\nlevel = 'info'\n",
    "this is no TOML at all",
    "key: value\nother: [1, 2\n",
]


@pytest.mark.parametrize("text", OURS)
def test_what_may_be_ours_is_ours(text: str) -> None:
    assert not looks_foreign(text.encode())


@pytest.mark.parametrize("text", FOREIGN)
def test_what_has_hardly_a_word_of_ours_is_not(text: str) -> None:
    assert looks_foreign(text.encode())


def test_bytes_that_are_no_text_are_ours_only_with_a_section_of_ours() -> None:
    assert looks_foreign(b"\xff\xfe\x00nothing")
    assert not looks_foreign(b'[ports]\ninput = "Fl\xfcgel"\n')
    assert looks_foreign(b"[" * 100_000)


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """The folder it is started from, and the user's own file."""
    here, own = tmp_path / "here", tmp_path / "home" / "config.toml"
    here.mkdir()
    own.parent.mkdir()
    monkeypatch.chdir(here)
    monkeypatch.setattr(loading, "user_file", lambda: own)
    return here / "config.toml", own


def test_in_another_programs_folder_the_users_own_file_counts(folders: tuple[Path, Path]) -> None:
    here, own = folders
    here.write_text(FOREIGN[0])
    assert (find(None), passed_over(None)) == (None, Path("config.toml"))
    own.write_text("[tempo]\nbpm = 77\n")
    assert settings(None, []).tempo.bpm == 77
    assert passed_over(Path("other.toml")) is None


def test_our_own_is_not_passed_over(folders: tuple[Path, Path]) -> None:
    here, _ = folders
    assert passed_over(None) is None
    here.write_text("[tempo]\nbpm = 77\n")
    assert (find(None), passed_over(None)) == (Path("config.toml"), None)


def test_one_that_cannot_be_used_says_which_it_is_and_how_to_go_on(folders: tuple[Path, Path]) -> None:
    here, _ = folders
    here.write_text("[log]\nlevel = 'info'\n")
    with pytest.raises(ConfigError) as caught:
        settings(None, [])
    assert str(caught.value).splitlines() == [
        'config.toml: log.level: "info" is not one of quiet, normal, verbose.',
        "config.toml is the one in this folder; --config names another.",
    ]


def test_one_that_is_named_is_read_whatever_it_is(folders: tuple[Path, Path]) -> None:
    here, _ = folders
    here.write_text(FOREIGN[0])
    with pytest.raises(ConfigError, match="unknown section"):
        settings(here, [])
