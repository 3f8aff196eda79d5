"""Desk, writing and keeper together, without a process or a thread: what they leave in a folder."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest
from support.midi_balance import note_ons
from support.written import tracks

from musedaemon.core.commands import HandedOver, Heard
from musedaemon.core.events import NoteOff, NoteOn
from musedaemon.takes import folder
from musedaemon.takes.desk import NOWHERE, Desk, TakeSettings
from musedaemon.takes.folder import JournalFile
from musedaemon.takes.journal import Sounded
from musedaemon.takes.keeper import BEGUN, LOOK_IN, OVER, Keeper


class Studio:
    """A desk whose keeper is in the same process, with a clock that is turned by hand."""

    def __init__(self, settings: TakeSettings) -> None:
        self.now = 0.0
        self.warnings: list[str] = []
        self.told: list[tuple[str, str, str]] = []
        self.keeper = Keeper(lambda word, path, why: self.told.append((word, path.name, why)), lambda: self.now)
        self.desk = Desk(settings, self, self.warnings.append)

    def begun(self, journal: Path) -> None:
        self.keeper.receive(BEGUN, journal)

    def over(self, journal: Path) -> None:
        self.keeper.receive(OVER, journal)

    def play(self, pitches: range, start: float, step: float = 0.5) -> None:
        for index, pitch in enumerate(pitches):
            self.now = start + index * step
            self.desk.receive(Heard(NoteOn(self.now, 0, pitch, 80)))
            self.desk.receive(Heard(NoteOff(self.now + 0.2, 0, pitch)))
            self.desk.advance(self.now)
            if self.keeper.next_deadline() <= self.now:
                self.keeper.advance()


def pitches(path: Path) -> list[int]:
    return [data[1] for data in note_ons(tracks(path)["call"])]


def takes(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.suffix == ".mid")


def test_two_jams_are_two_files(tmp_path: Path) -> None:
    studio = Studio(TakeSettings(record=tmp_path, silence_s=10.0))
    studio.play(range(60, 64), 0.0)
    studio.desk.receive(Sounded(NoteOn(3.0, 1, 70, 90)))
    studio.desk.receive(Sounded(NoteOff(3.5, 1, 70)))
    studio.now = 14.0
    studio.desk.advance(14.0)
    assert not studio.desk.is_on
    studio.play(range(70, 73), 100.0)
    studio.desk.end(102.0)
    assert [pitches(path) for path in takes(tmp_path)] == [[60, 61, 62, 63], [70, 71, 72]]
    assert [len(tracks(path)["response"]) for path in takes(tmp_path)] == [2, 0]
    assert len(list(tmp_path.iterdir())) == 2
    assert studio.warnings == []


def test_while_it_is_played_a_file_lags_behind_by_a_second(tmp_path: Path) -> None:
    studio = Studio(TakeSettings(record=tmp_path))
    for start in range(10):
        studio.play(range(60, 62), float(start))
        assert len(pitches(takes(tmp_path)[0])) >= 2 * start - 1 if start else True


@pytest.mark.parametrize("begun", [True, False])
def test_on_windows_what_another_session_writes_is_left_to_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, begun: bool
) -> None:
    """No locks there; but what is open cannot be removed."""

    def unlink(path: Path, missing_ok: bool = False) -> None:
        if path.suffix == ".take":
            raise PermissionError(13, "used by another process")

    monkeypatch.setattr(folder, "fcntl", None)
    monkeypatch.setattr(Path, "unlink", unlink)
    journal = JournalFile(tmp_path / ".a.mid.take", ["musedaemon-take-1 4/4 -"] if begun else [])
    studio = Studio(TakeSettings(record=tmp_path))
    studio.keeper.receive(LOOK_IN, tmp_path)
    assert (studio.told, journal.is_gone) == ([], False)
    journal.close()


def test_a_keeper_whose_daemon_is_gone_finishes_what_had_begun(tmp_path: Path) -> None:
    studio = Studio(TakeSettings(record=tmp_path))
    studio.play(range(60, 64), 0.0)
    del studio.desk  # and with it the journal's owner
    studio.keeper.end()
    assert pitches(takes(tmp_path)[0]) == [60, 61, 62, 63]


def test_what_was_left_over_is_found(tmp_path: Path) -> None:
    journal = JournalFile(
        tmp_path / ".old.mid.take", ["musedaemon-take-1 4/4 120.0", "call 0.0 903c50", "call 0.5 803c40"]
    )
    journal.close()
    (tmp_path / ".bad.mid.take").write_text("nothing of ours\n")
    studio = Studio(TakeSettings(record=tmp_path))
    studio.keeper.receive(LOOK_IN, tmp_path)
    bad = tmp_path / ".bad.mid.take"
    assert studio.told == [
        ("failed", bad.name, f"{bad} is no take of musedaemon's; move it away"),
        ("found", "old.mid", ""),
    ]
    assert [path.name for path in takes(tmp_path)] == ["old.mid"]
    assert pitches(tmp_path / "old.mid") == [60]
    assert (tmp_path / ".bad.mid.take").exists()


def test_a_take_that_is_found_before_its_end_is_told_is_told_once(tmp_path: Path) -> None:
    studio = Studio(TakeSettings(record=tmp_path))
    journal = JournalFile(tmp_path / ".jam.mid.take", ["musedaemon-take-1 4/4 120.0", "call 0.0 903c50"])
    studio.begun(journal.path)
    journal.close()
    studio.keeper.receive(LOOK_IN, tmp_path)
    studio.over(journal.path)
    assert studio.told == [("found", "jam.mid", "")]


class _FullDisk(JournalFile):
    """A disk that has room for so many lines, until it is given more."""

    room = 8

    def append(self, lines: Sequence[str]) -> None:
        if len(lines) > type(self).room:
            raise OSError(28, "No space left on device")
        type(self).room -= len(lines)
        super().append(lines)


def test_a_full_disk_is_told_once_and_what_waited_is_written_when_there_is_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folder, "JournalFile", _FullDisk)
    monkeypatch.setattr(_FullDisk, "room", 8)
    studio = Studio(TakeSettings(record=tmp_path))
    studio.play(range(60, 90), 0.0)
    assert [warning.partition("(")[0] for warning in studio.warnings] == ["what is played is not written any more "]
    assert "no space left on device" in studio.warnings[0]
    monkeypatch.setattr(_FullDisk, "room", 1000)
    studio.desk.end(20.0)
    assert studio.warnings[1:] == ["what is played is written again"]
    assert pitches(takes(tmp_path)[0]) == list(range(60, 90))


def test_a_folder_that_goes_away_costs_the_take_and_nothing_else(tmp_path: Path) -> None:
    folder = tmp_path / "takes"
    folder.mkdir()
    studio = Studio(TakeSettings(record=folder, silence_s=5.0))
    folder.rmdir()
    studio.play(range(60, 64), 0.0)
    studio.desk.advance(20.0)
    assert len(studio.warnings) == 1
    folder.mkdir()
    studio.play(range(70, 72), 30.0)
    studio.desk.end(40.0)
    assert [pitches(path) for path in takes(folder)] == [[70, 71]]


@pytest.mark.skipif(os.name != "posix", reason="elsewhere an open file cannot be removed")
def test_a_journal_that_somebody_removes_is_written_again_whole(tmp_path: Path) -> None:
    """It went on growing where nobody could find it, and nothing was said."""
    studio = Studio(TakeSettings(record=tmp_path))
    studio.play(range(60, 64), 0.0)
    for path in tmp_path.iterdir():
        path.unlink()
    studio.play(range(70, 72), 10.0)
    studio.desk.end(11.0)
    (take,) = takes(tmp_path)
    assert pitches(take) == [60, 61, 62, 63, 70, 71]
    assert studio.warnings == []
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.skipif(os.name != "posix", reason="elsewhere the folder of an open file cannot be removed")
@pytest.mark.parametrize("single", [False, True])
def test_a_folder_that_is_removed_in_mid_jam_is_told_and_when_it_is_back_nothing_is_lost(
    tmp_path: Path, single: bool
) -> None:
    folder = tmp_path / "takes"
    folder.mkdir()
    studio = Studio(TakeSettings(single=folder / "jam.mid") if single else TakeSettings(record=folder))
    studio.play(range(60, 64), 0.0)
    shutil.rmtree(folder)
    studio.play(range(70, 72), 10.0)
    assert studio.warnings == [
        "what is played is not written any more (no such file or directory); bring its folder back"
    ]
    folder.mkdir()
    studio.play(range(80, 82), 20.0)
    studio.desk.end(21.0)
    assert studio.warnings[1:] == ["what is played is written again"]
    assert [pitches(take) for take in takes(folder)] == [[60, 61, 62, 63, 70, 71, 80, 81]]
    assert len(list(folder.iterdir())) == 1
    assert [word for word, _, _ in studio.told] == ["written"]


def test_what_cannot_be_kept_is_told_leaves_nothing_and_can_be_asked_for_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An empty take and its journal stayed, and what was told was of a jam that was not written."""
    monkeypatch.setattr(folder, "JournalFile", _FullDisk)
    monkeypatch.setattr(_FullDisk, "room", 0)
    studio = Studio(TakeSettings(keep=tmp_path))
    studio.play(range(60, 63), 0.0)
    studio.desk.keep(2.0)
    assert studio.warnings == ["the last minutes are not kept (no space left on device); make room, and ask again"]
    assert list(tmp_path.iterdir()) == []
    monkeypatch.setattr(_FullDisk, "room", 100)
    studio.desk.keep(3.0)
    assert [pitches(take) for take in takes(tmp_path)] == [[60, 61, 62]]


def test_an_empty_journal_of_a_session_that_was_cut_short_goes_with_its_empty_file(tmp_path: Path) -> None:
    (tmp_path / "a.mid").write_bytes(folder.EMPTY_FILE)
    (tmp_path / ".a.mid.take").touch()
    (tmp_path / "b.mid").write_bytes(b"precious")
    (tmp_path / ".b.mid.take").touch()
    studio = Studio(TakeSettings(record=tmp_path))
    studio.keeper.receive(LOOK_IN, tmp_path)
    assert studio.told == []
    assert [path.name for path in tmp_path.iterdir()] == ["b.mid"]


def test_keep_that_writes_the_last_minutes_and_the_jam_goes_on(tmp_path: Path) -> None:
    studio = Studio(TakeSettings(record=tmp_path, keep=tmp_path, silence_s=600.0, keep_s=60.0))
    studio.play(range(60, 63), 0.0)
    studio.desk.receive(HandedOver(2.0, 0.0, 90.0))
    studio.play(range(70, 73), 100.0)
    studio.desk.keep(102.0)
    studio.play(range(80, 82), 103.0)
    studio.desk.end(105.0)
    jam, kept = sorted(takes(tmp_path), key=lambda path: "kept" in path.name)
    assert pitches(kept) == [70, 71, 72]
    assert pitches(jam) == [60, 61, 62, 70, 71, 72, 80, 81]


def test_there_may_be_nothing_to_keep_and_nowhere(tmp_path: Path) -> None:
    empty = Studio(TakeSettings(keep=tmp_path))
    empty.desk.keep(5.0)
    nowhere = Studio(TakeSettings())
    nowhere.play(range(60, 62), 0.0)
    nowhere.desk.keep(5.0)
    assert empty.warnings == ["nothing is kept: no note was played in the last minutes"]
    assert nowhere.warnings == [NOWHERE]
    assert list(tmp_path.iterdir()) == []


def test_a_session_that_goes_to_one_file_is_there_whole_however_long_its_rests_are(tmp_path: Path) -> None:
    studio = Studio(TakeSettings(single=tmp_path / "jam.mid", silence_s=5.0))
    studio.desk.advance(3.0)
    assert list(tmp_path.iterdir()) == []
    studio.play(range(60, 63), 4.0)
    assert (tmp_path / ".jam.mid.take").exists()
    studio.play(range(70, 72), 4000.0)
    studio.desk.end(5000.0)
    assert [path.name for path in tmp_path.iterdir()] == ["jam.mid"]
    assert pitches(tmp_path / "jam.mid") == [60, 61, 62, 70, 71]
    assert studio.told == [("written", "jam.mid", "")]


def test_beside_a_file_and_a_session_that_were_there_a_session_gets_a_number(tmp_path: Path) -> None:
    jam, others = tmp_path / "jam.mid", tmp_path / ".jam.mid.take"
    jam.write_bytes(b"precious")
    others.write_text("another session's\n")
    studio = Studio(TakeSettings(single=jam))
    studio.play(range(60, 63), 0.0)
    studio.desk.end(5.0)
    assert (jam.read_bytes(), others.read_text()) == (b"precious", "another session's\n")
    assert pitches(tmp_path / "jam_2.mid") == [60, 61, 62]
    assert studio.told == [("written", "jam_2.mid", "")]


def test_what_cannot_be_opened_is_told_once_and_leaves_what_is_in_its_way(tmp_path: Path) -> None:
    folder = tmp_path / "takes"
    studio = Studio(TakeSettings(single=folder / "jam.mid"))
    folder.write_bytes(b"precious")
    studio.play(range(60, 63), 0.0)
    studio.desk.end(5.0)
    assert folder.read_bytes() == b"precious"
    assert len(studio.warnings) == 1
