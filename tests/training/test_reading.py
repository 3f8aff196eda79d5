from __future__ import annotations

from pathlib import Path

import pytest
from support.music_files import Sound, midi_bytes, tune

from musedaemon_training.pieces import NO_METER, Meter
from musedaemon_training.reading import Piece, UnreadableError, read_pieces

SCALE = [Sound(i * 24, 60 + i, 24, 40 + i) for i in range(20)]


def read(path: Path, data: bytes) -> list[Piece | UnreadableError]:
    path.write_bytes(data)
    return list(read_pieces(path))


def piece(path: Path, data: bytes) -> Piece:
    (only,) = read(path, data)
    assert isinstance(only, Piece)
    return only


def reason(path: Path, data: bytes) -> str:
    (only,) = read(path, data)
    assert isinstance(only, UnreadableError)
    return str(only)


def test_tracks_are_merged_and_drums_left_out(tmp_path: Path) -> None:
    bass = [Sound(i * 48, 40, 48) for i in range(10)]
    notes = piece(tmp_path / "a.mid", midi_bytes(SCALE, bass, drums=[Sound(0, 36, 6)])).notes
    assert len(notes) == 30
    assert notes["onset"].tolist() == sorted([s.at for s in SCALE] + [s.at for s in bass])
    assert 36 not in notes["pitch"]


def test_any_resolution_comes_to_24_ticks_a_quarter(tmp_path: Path) -> None:
    fine = [Sound(s.at * 20, s.pitch, s.length * 20 - 9, s.velocity) for s in SCALE]
    notes = piece(tmp_path / "a.mid", midi_bytes(fine, ticks_per_quarter=480)).notes
    assert notes["onset"].tolist() == [s.at for s in SCALE]
    assert set(notes["duration"].tolist()) == {24}


def test_the_place_in_the_bar_follows_each_meter(tmp_path: Path) -> None:
    notes = piece(tmp_path / "a.mid", midi_bytes(SCALE, meters=[(0, 3, 4), (144, 6, 8)])).notes
    assert notes["bar_tick"][:9].tolist() == [0, 24, 48, 0, 24, 48, 0, 24, 48]
    assert set(notes["bar_length"].tolist()) == {72}


def test_without_a_meter_no_bar_is_known(tmp_path: Path) -> None:
    notes = piece(tmp_path / "a.mid", midi_bytes(SCALE, meters=[])).notes
    assert set(notes["bar_tick"].tolist()) == {-1}
    assert set(notes["bar_length"].tolist()) == {0}


def test_velocities_that_are_all_equal_say_nothing(tmp_path: Path) -> None:
    flat = [s._replace(velocity=80) for s in SCALE]
    assert set(piece(tmp_path / "a.mid", midi_bytes(flat)).notes["velocity"].tolist()) == {0}
    assert piece(tmp_path / "b.mid", midi_bytes(SCALE)).notes["velocity"].tolist() == [s.velocity for s in SCALE]


def test_why_a_file_is_left_out(tmp_path: Path) -> None:
    good = midi_bytes(SCALE)
    crowd = [Sound(0, 20 + i, 2) for i in range(80)]
    assert reason(tmp_path / "few.mid", midi_bytes(SCALE[:5])) == "has fewer than 16 notes"
    assert reason(tmp_path / "drums.mid", midi_bytes(drums=SCALE)) == "has no notes outside drum tracks"
    assert reason(tmp_path / "crowd.mid", midi_bytes(crowd)) == "has more than 64 notes a beat"
    assert reason(tmp_path / "text.mid", b"this is no MIDI file").startswith("is broken (")
    assert reason(tmp_path / "half.mid", good[: len(good) // 2]).startswith("is broken (")
    assert reason(tmp_path / "empty.mid", b"").startswith("is broken (")


def test_seconds_follow_every_tempo(tmp_path: Path) -> None:
    found = piece(tmp_path / "a.mid", midi_bytes(SCALE, tempos=[(240, 250_000), (360, 1_000_000)], meters=[(0, 6, 8)]))
    assert found.seconds == pytest.approx(10 * 0.5 + 5 * 0.25 + 5 * 1.0)
    assert found.tempo == pytest.approx(60 * 20 / 11.25)
    assert found.meter == Meter(6, 8)


def test_what_a_file_does_not_tell_stays_unknown(tmp_path: Path) -> None:
    found = piece(tmp_path / "a.mid", midi_bytes(SCALE, meters=[]))
    assert (found.seconds, found.tempo, found.meter) == (10.0, 0.0, NO_METER)


def test_too_many_notes_a_second_are_no_music(tmp_path: Path) -> None:
    thick = [Sound(i * 2, 30 + (i * 7) % 60, 2) for i in range(200)]
    assert piece(tmp_path / "a.mid", midi_bytes(thick)).seconds > 8
    rushed = midi_bytes(thick, tempos=[(0, 30_000)])
    assert reason(tmp_path / "b.mid", rushed) == "has more than 150 notes a second"


def test_a_file_that_vanished_is_a_reason_too(tmp_path: Path) -> None:
    (only,) = read_pieces(tmp_path / "gone.mid")
    assert str(only) == "cannot be opened (No such file or directory)"


ABC = """X:1
T:First
M:4/4
L:1/8
K:C
CDEF GABc | cBAG FEDC | CDEF GABc | cBAG FEDC |
X:2
T:Short
M:4/4
L:1/8
K:C
CDEF |
"""


def test_a_tune_book_holds_one_piece_for_each_tune(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    first, short = read(tmp_path / "book.abc", ABC.encode())
    assert isinstance(first, Piece)
    assert first.title == "tune 1"
    assert first.notes["onset"].tolist() == [12 * i for i in range(32)]
    assert first.notes["pitch"][:8].tolist() == [60, 62, 64, 65, 67, 69, 71, 72]
    assert set(first.notes["velocity"].tolist()) == {0}
    assert str(short) == "has fewer than 16 notes"
    capfd.readouterr()


def test_a_tune_of_the_tests_is_read_whole(tmp_path: Path) -> None:
    assert len(piece(tmp_path / "t.mid", midi_bytes(tune(3))).notes) == 64
