from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.midi_balance import unbalanced
from support.written import onsets, tempi, tracks

from musedaemon.core.beat_grid import Beat, BeatGrid, Meter
from musedaemon.core.commands import ClockMoved, HandedOver, Heard
from musedaemon.core.events import ControlChange, MidiEvent, NoteOff, NoteOn, Other
from musedaemon.core.midi_clock import ClockNews
from musedaemon.midi.files import read_midi_file
from musedaemon.takes.journal import Entry, Scene, Sounded, heading, line, take_of

PLAYED: list[Entry] = [
    Heard(NoteOn(10.0, 0, 60, 80)),
    Heard(NoteOff(10.4, 0, 60)),
    HandedOver(11.0, 10.0, 96.0),
    Sounded(NoteOn(11.25, 1, 64, 70)),
    Sounded(NoteOff(11.5, 1, 64)),
]


def lines_of(entries: list[Entry], began: float = 10.0, scene: Scene | None = None) -> list[str]:
    return [*heading(Meter(), scene or Scene(), began), *(line(entry, began) for entry in entries)]


def written(lines: list[str], path: Path) -> Path:
    take = take_of(lines)
    assert take is not None
    take.record.write(path, take.bpm)
    return path


def test_a_take_begins_with_its_first_note_in_two_tracks_at_its_tempo(tmp_path: Path) -> None:
    target = written(lines_of(PLAYED), tmp_path / "take.mid")
    assert tracks(target)["call"] == [bytes((0x90, 60, 80)), bytes((0x80, 60, 64))]
    assert tracks(target)["response"] == [bytes((0x91, 64, 70)), bytes((0x81, 64, 64))]
    assert (tempi(target), onsets(target, "call")) == ([96.0], [0])
    assert onsets(target, "response") == [round(1.25 * 96 / 60 * 480)]


def test_where_no_turn_told_a_tempo_it_is_the_one_known_before(tmp_path: Path) -> None:
    target = written(lines_of(PLAYED[:2], scene=Scene(bpm=84.0)), tmp_path / "take.mid")
    assert tempi(target) == [84.0]


def test_a_take_that_begins_in_mid_song_opens_on_the_clocks_bars(tmp_path: Path) -> None:
    """At 120 bpm the song began at 2.0 s; the first note is on the second beat of its fifth bar."""
    playing = Beat(9.0, BeatGrid(0.0, 0.0, 120.0), 4.0)
    at = 2.0 + 17 * 0.5
    entries: list[Entry] = [Heard(NoteOn(at, 0, 60, 80)), Heard(NoteOff(at + 0.4, 0, 60))]
    target = written(lines_of(entries, at, Scene(beat=playing)), tmp_path / "take.mid")
    assert tempi(target)[-1] == 120.0
    assert onsets(target, "call") == [480]


def test_a_clock_that_moves_in_mid_take_is_in_its_tempo_map(tmp_path: Path) -> None:
    moved = ClockMoved(Beat(20.0, BeatGrid(20.0, 40.0, 60.0), 4.0), ClockNews.PULSE)
    late: list[Entry] = [Heard(NoteOn(22.0, 0, 62, 80)), Heard(NoteOff(22.5, 0, 62))]
    scene = Scene(beat=Beat(9.0, BeatGrid(0.0, 0.0, 120.0), 4.0))
    target = written(lines_of([*PLAYED[:2], moved, *late], scene=scene), tmp_path / "take.mid")
    first, second = onsets(target, "call")
    assert second - first == (20 + 2) * 480


def test_a_take_along_a_clock_has_its_meter(tmp_path: Path) -> None:
    scene = Scene(beat=Beat(9.0, BeatGrid(0.0, 0.0, 120.0), 4.0))
    lines = [*heading(Meter(7, 8), scene, 10.0), *(line(entry, 10.0) for entry in PLAYED)]
    assert read_midi_file(written(lines, tmp_path / "take.mid")).meter == (7, 8)


def test_a_daemon_that_was_killed_leaves_no_note_on_and_none_that_began_before(tmp_path: Path) -> None:
    entries: list[Entry] = [
        Heard(NoteOff(9.0, 0, 50)),
        Heard(NoteOn(10.0, 0, 60, 80)),
        Heard(ControlChange(10.0, 0, 64, 127)),
        Sounded(NoteOff(10.1, 0, 51)),
        Sounded(NoteOn(10.2, 0, 62, 80)),
    ]
    found = tracks(written(lines_of(entries), tmp_path / "take.mid"))
    assert unbalanced(found["call"]) == unbalanced(found["response"]) == {}
    assert bytes((0xB0, 64, 0)) in found["call"]
    assert {data[1] for data in found["call"] + found["response"]} == {60, 62, 64}


def test_a_line_cut_short_says_nothing(tmp_path: Path) -> None:
    lines = lines_of(PLAYED)
    for cut in range(len(lines[-1])):
        found = tracks(written([*lines[:-1], lines[-1][:cut]], tmp_path / "take.mid"))
        assert len(found["call"]) == 2
        assert unbalanced(found["response"]) == {}


@pytest.mark.parametrize("text", ["", "MThd", "musedaemon-take-1 0/4 -", "musedaemon-take-1 4000000000/4 -", "a b c"])
def test_what_does_not_begin_as_a_take_is_none(text: str) -> None:
    assert take_of([text, "call 0.0 903c50"]) is None


SEVEN_BITS = st.integers(0, 127)
AT = st.floats(10, 1e6)
EVENTS: st.SearchStrategy[MidiEvent] = st.one_of(
    st.builds(NoteOn, AT, st.integers(0, 15), SEVEN_BITS, st.integers(1, 127)),
    st.builds(NoteOff, AT, st.integers(0, 15), SEVEN_BITS, SEVEN_BITS),
    st.builds(ControlChange, AT, st.integers(0, 15), SEVEN_BITS, SEVEN_BITS),
    st.builds(Other, AT, st.binary(max_size=9).map(lambda data: bytes([0xF0, *(b & 0x7F for b in data), 0xF7]))),
)


@given(EVENTS)
def test_every_event_comes_back_as_it_was(event: MidiEvent) -> None:
    take = take_of([*lines_of([]), line(Heard(NoteOn(10.0, 0, 1, 1)), 10.0), line(Sounded(event), 10.0)])
    assert take is not None
    if isinstance(event, NoteOff):
        return  # of a note that began before: left out
    assert [one._replace(at=0.0) for one in take.record.response] == [event._replace(at=0.0)]
    assert take.record.response[0].at == pytest.approx(event.at - 10.0, abs=1e-5)


WORDS = st.sampled_from(["call", "response", "tempo", "beat", "-", "903c50", "f0f7", "nan", "inf", "1e308", "-1", "0"])


@given(st.lists(st.one_of(st.lists(WORDS, max_size=6).map(" ".join), st.text(max_size=40))))
def test_no_journal_however_damaged_is_more_than_a_take_with_less_in_it(lines: list[str]) -> None:
    take = take_of([*heading(Meter(), Scene(120.0), 0.0), *lines])
    assert take is not None
