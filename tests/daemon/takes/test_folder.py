from __future__ import annotations

import errno
import os
from datetime import datetime
from pathlib import Path

import mido  # type: ignore[import-untyped]
import pytest

from musedaemon.errors import ConfigError
from musedaemon.takes.folder import (
    JournalFile,
    free_name,
    journal_beside,
    journal_of,
    journals_left,
    left_beside,
    new_journal,
    new_take,
    read_lines,
    ready_folder,
    target_of,
)

WHEN = datetime(2026, 11, 20, 22, 31, 5)
posix = pytest.mark.skipif(os.name != "posix", reason="links and owners as POSIX has them")


def test_a_take_is_named_by_date_and_time_and_opens_before_a_note_is_in_it(tmp_path: Path) -> None:
    target = new_take(tmp_path, WHEN)
    assert target.name == "2026-11-20_22-31-05.mid"
    assert len(mido.MidiFile(target).tracks) == 1


def test_no_name_is_ever_used_twice(tmp_path: Path) -> None:
    (tmp_path / "2026-11-20_22-31-05.mid").write_bytes(b"precious")
    assert new_take(tmp_path, WHEN).name == "2026-11-20_22-31-05_2.mid"
    assert new_take(tmp_path, WHEN).name == "2026-11-20_22-31-05_3.mid"
    assert (tmp_path / "2026-11-20_22-31-05.mid").read_bytes() == b"precious"


def test_a_journal_that_has_no_room_for_its_first_lines_is_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It stayed, empty, and every session from then on was told that it is no take of ours."""

    def full(_descriptor: int, _data: bytes) -> int:
        raise OSError(28, "No space left on device")

    target = new_take(tmp_path, WHEN)
    monkeypatch.setattr(os, "write", full)
    with pytest.raises(OSError, match="No space"):
        JournalFile(journal_of(target), ["musedaemon-take-1 4/4 -"])
    assert [path.name for path in tmp_path.iterdir()] == [target.name]


def test_what_lies_where_a_journal_would_be_only_costs_the_name(tmp_path: Path) -> None:
    (tmp_path / ".2026-11-20_22-31-05.mid.take").write_text("left over\n")
    journal = new_journal(tmp_path, WHEN, ["musedaemon-take-1 4/4 -"])
    assert journal.path.name == ".2026-11-20_22-31-05_2.mid.take"
    journal.close()


@posix
def test_nothing_is_written_through_a_link(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    folder = tmp_path / "takes"
    folder.mkdir()
    (folder / "2026-11-20_22-31-05.mid").symlink_to(outside / "victim.mid")
    target = new_take(folder, WHEN)
    assert target.name == "2026-11-20_22-31-05_2.mid"
    journal_of(target).symlink_to(outside / "victim.take")
    with pytest.raises(FileExistsError):
        JournalFile(journal_of(target), [])
    assert list(outside.iterdir()) == []


@posix
def test_a_journal_that_is_a_link_or_no_file_is_not_read(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("musedaemon-take-1 4/4 -\n")
    link = tmp_path / ".a.mid.take"
    link.symlink_to(secret)
    os.mkfifo(tmp_path / ".b.mid.take")
    (tmp_path / ".c.mid.take").mkdir()
    assert journals_left(tmp_path) == []
    with pytest.raises(OSError, match=r"a\.mid\.take"):
        read_lines(link)


@posix
@pytest.mark.skipif(os.name == "posix" and os.geteuid() != 0, reason="only root can give a file away")
def test_another_users_journal_is_left_alone(tmp_path: Path) -> None:
    planted = tmp_path / ".a.mid.take"
    planted.write_text("musedaemon-take-1 4/4 -\n")
    os.chown(planted, 12345, -1)
    assert journals_left(tmp_path) == []
    with pytest.raises(PermissionError):
        read_lines(planted)


def test_a_journal_that_somebody_writes_is_not_left_over(tmp_path: Path) -> None:
    journal = JournalFile(tmp_path / ".a.mid.take", [])
    journal.append(["one", "two"])
    assert journals_left(tmp_path) == []
    journal.close()
    assert journals_left(tmp_path) == [journal.path]
    assert read_lines(journal.path) == ["one", "two"]
    assert target_of(journal.path) == tmp_path / "a.mid"
    assert journal_of(target_of(journal.path)) == journal.path


def test_a_line_without_its_end_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / ".a.mid.take"
    path.write_bytes(b"one\ntwo\nthr")
    assert read_lines(path) == ["one", "two"]


def test_a_folder_that_is_missing_is_made_for_its_owner_alone(tmp_path: Path) -> None:
    assert ready_folder(str(tmp_path / "takes")) == (tmp_path / "takes").resolve()
    assert os.name != "posix" or (tmp_path / "takes").stat().st_mode & 0o777 == 0o700
    assert list((tmp_path / "takes").iterdir()) == []


@pytest.mark.parametrize("name", ["no/such", "a file", "jam.mid", "a\0b"])
def test_what_can_be_no_folder_is_told_in_one_sentence(tmp_path: Path, name: str) -> None:
    (tmp_path / "a file").write_text("x")
    with pytest.raises(ConfigError) as refused:
        ready_folder(str(tmp_path / name))
    assert "\n" not in str(refused.value)
    assert [path.name for path in tmp_path.iterdir()] == ["a file"]


def test_a_full_disk_is_told_with_what_helps_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It said to name another folder."""

    def full(*_arguments: object, **_options: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "touch", full)
    with pytest.raises(ConfigError, match=r"\(no space left on device\); free some space there\.$"):
        ready_folder(str(tmp_path / "takes"))


def test_beside_what_is_there_a_file_gets_the_first_free_number(tmp_path: Path) -> None:
    jam = tmp_path / "jam.mid"
    assert free_name(jam) == jam
    jam.write_bytes(b"precious")
    journal_of(tmp_path / "jam_2.mid").write_text("musedaemon-take-1 4/4 -\n")
    assert free_name(jam) == tmp_path / "jam_3.mid"


def test_a_name_too_long_for_the_journal_beside_it_is_refused_before_a_note_is_played(tmp_path: Path) -> None:
    longest = 255 - len(".mid")
    free_name(tmp_path / f"{'a' * (longest - len('..take'))}.mid")
    with pytest.raises(ConfigError, match="shorter name"):
        free_name(tmp_path / f"{'a' * longest}.mid")


def test_sessions_that_are_to_be_the_same_file_and_begin_at_once_take_nothing_from_each_other(tmp_path: Path) -> None:
    """The second waited for the first one's journal to go, and then replaced what had become of it."""
    jam = tmp_path / "jam.mid"
    first, second = journal_beside(jam, ["one"]), journal_beside(jam, ["two"])
    first.close()
    first.path.unlink()
    jam.write_bytes(b"what became of the first")
    third = journal_beside(jam, ["three"])
    assert [file.path for file in (first, second, third)] == [
        journal_of(tmp_path / name) for name in ("jam.mid", "jam_2.mid", "jam_3.mid")
    ]
    second.close()
    third.close()


@posix
def test_the_journals_left_beside_a_file_are_those_of_its_names_that_nobody_writes(tmp_path: Path) -> None:
    jam = tmp_path / "jam.mid"
    journal_of(jam).write_text("musedaemon-take-1 4/4 -\n")
    written = JournalFile(journal_of(tmp_path / "jam_2.mid"), [])
    journal_of(tmp_path / "jam_3.mid").symlink_to(tmp_path / "elsewhere")
    journal_of(tmp_path / "jam_4.mid").write_text("musedaemon-take-1 4/4 -\n")
    journal_of(tmp_path / "other.mid").write_text("musedaemon-take-1 4/4 -\n")
    assert left_beside(jam) == [tmp_path / ".jam.mid.take", tmp_path / ".jam_4.mid.take"]
    written.close()
