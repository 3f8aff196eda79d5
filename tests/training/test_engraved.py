from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from musedaemon_training.pieces import Meter, Piece, UnreadableError
from musedaemon_training.reading import read_pieces

pytest.importorskip("music21")


def note(step: str, duration: int, *extra: str) -> str:
    ties = "".join(f'<tie type="{kind}"/>' for kind in extra if kind in {"start", "stop"})
    chord = "<chord/>" if "chord" in extra else ""
    pitch = f"<pitch><step>{step}</step><octave>4</octave></pitch>"
    if "grace" in extra:
        return f"<note><grace/>{pitch}<type>eighth</type></note>"
    return f"<note>{chord}{pitch}<duration>{duration}</duration>{ties}</note>"


def score(*measures: str, transpose: str = "") -> bytes:
    """A part in 3/4, two divisions a quarter, at 90 quarters a minute."""
    head = (
        "<attributes><divisions>2</divisions><time><beats>3</beats><beat-type>4</beat-type></time>"
        f"{transpose}</attributes><direction><direction-type><metronome><beat-unit>quarter</beat-unit>"
        "<per-minute>90</per-minute></metronome></direction-type></direction>"
    )
    body = "".join(
        f'<measure number="{number}">{head if number == 1 else ""}{content}</measure>'
        for number, content in enumerate(measures, 1)
    )
    return (
        '<?xml version="1.0"?><score-partwise version="3.1"><part-list><score-part id="P1"><part-name>p</part-name>'
        f'</score-part></part-list><part id="P1">{body}</part></score-partwise>'
    ).encode()


SCALE = note("C", 2) + note("D", 2) + note("E", 2)


def read(path: Path, data: bytes) -> Piece | UnreadableError:
    path.write_bytes(data)
    (only,) = read_pieces(path)
    return only


def piece(path: Path, data: bytes) -> Piece:
    only = read(path, data)
    assert isinstance(only, Piece), only
    return only


def test_measures_give_the_place_in_the_bar_and_the_tempo_the_time(tmp_path: Path) -> None:
    found = piece(tmp_path / "a.musicxml", score(*[SCALE] * 6))
    assert found.notes["onset"].tolist() == [24 * i for i in range(18)]
    assert found.notes["bar_tick"].tolist() == [0, 24, 48] * 6
    assert set(found.notes["bar_length"].tolist()) == {72}
    assert set(found.notes["velocity"].tolist()) == {0}
    assert found.meter == Meter(3, 4)
    assert found.tempo == pytest.approx(90.0)
    assert found.seconds == pytest.approx(18 * 60 / 90)


def test_tied_notes_are_one_even_across_a_bar_line(tmp_path: Path) -> None:
    tied = [note("C", 2) + note("D", 4, "start"), note("D", 2, "stop") + note("E", 4)]
    notes = piece(tmp_path / "a.xml", score(*tied, *[SCALE] * 5)).notes
    assert notes["onset"][:4].tolist() == [0, 24, 96, 144]
    assert notes["duration"][:3].tolist() == [24, 72, 48]


def test_an_upbeat_comes_late_in_its_bar(tmp_path: Path) -> None:
    notes = piece(tmp_path / "a.xml", score(note("G", 2), *[SCALE] * 6)).notes
    assert notes["bar_tick"][:4].tolist() == [48, 0, 24, 48]


def test_chords_grace_notes_and_transposing_instruments(tmp_path: Path) -> None:
    transpose = "<transpose><diatonic>-1</diatonic><chromatic>-2</chromatic></transpose>"
    first = note("A", 0, "grace") + note("C", 6) + note("E", 6, "chord")
    notes = piece(tmp_path / "a.xml", score(first, *[SCALE] * 5, transpose=transpose)).notes
    assert list(zip(notes["onset"][:3].tolist(), notes["pitch"][:3].tolist(), strict=True)) == [
        (0, 58),
        (0, 62),
        (72, 58),
    ]


def test_a_packed_score(tmp_path: Path) -> None:
    container = '<?xml version="1.0"?><container><rootfiles><rootfile full-path="s.xml"/></rootfiles></container>'
    with zipfile.ZipFile(tmp_path / "a.mxl", "w") as packed:
        packed.writestr("META-INF/container.xml", container)
        packed.writestr("s.xml", score(*[SCALE] * 6))
    (found,) = read_pieces(tmp_path / "a.mxl")
    assert isinstance(found, Piece)
    assert len(found.notes) == 18


def test_kern(tmp_path: Path) -> None:
    bars = "".join(f"={number}\n4c\n4d\n4e\n" for number in range(1, 7))
    found = piece(tmp_path / "a.krn", f"**kern\n*M3/4\n{bars}==\n*-\n".encode())
    assert found.notes["pitch"].tolist() == [60, 62, 64] * 6
    assert found.notes["bar_tick"].tolist() == [0, 24, 48] * 6
    assert found.meter == Meter(3, 4)
    assert found.tempo == 0.0


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.mxl", b"PK no archive"),
        ("a.xml", b"<html><body>a page</body></html>"),
        ("a.musicxml", score(SCALE)[:300]),
        ("a.krn", b"\xff\xfe\x00nothing"),
        ("b.xml", b""),
    ],
)
def test_what_is_no_score_is_left_out(name: str, data: bytes, tmp_path: Path) -> None:
    assert isinstance(read(tmp_path / name, data), UnreadableError)


def test_nothing_is_written_beside_or_into_a_folder_of_pickles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path / "scratch"))
    piece(tmp_path / "a.xml", score(*[SCALE] * 6))
    assert [path.name for path in tmp_path.iterdir()] == ["a.xml"]
