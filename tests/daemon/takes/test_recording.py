"""The thread that writes, with a keeper that is a process: what a session hears of its one file."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.midi_balance import note_ons
from support.written import tracks

from musedaemon.core.commands import Heard
from musedaemon.core.events import NoteOff, NoteOn
from musedaemon.errors import MidiFileError
from musedaemon.run.clock import SessionClock
from musedaemon.run.reporting import Silent
from musedaemon.takes.desk import TakeSettings
from musedaemon.takes.recording import Takes, recorded


def play(takes: Takes | None) -> None:
    assert takes is not None
    takes.report(Heard(NoteOn(0.1, 0, 60, 80)))
    takes.report(Heard(NoteOff(0.2, 0, 60)))


def test_the_file_of_a_session_is_there_when_it_is_over(tmp_path: Path) -> None:
    target = tmp_path / "jam.mid"
    with recorded(TakeSettings(single=target), SessionClock(), Silent()) as takes:
        play(takes)
    assert takes is not None
    assert takes.written == target
    assert len(note_ons(tracks(target)["call"])) == 1
    assert list(tmp_path.iterdir()) == [target]


def test_a_session_whose_file_cannot_be_written_does_not_end_as_if_it_were(tmp_path: Path) -> None:
    target = tmp_path / "gone" / "jam.mid"
    with (
        pytest.raises(MidiFileError, match="lacks what was played last"),
        recorded(TakeSettings(single=target), SessionClock(), Silent()) as takes,
    ):
        play(takes)
    assert list(tmp_path.iterdir()) == []
