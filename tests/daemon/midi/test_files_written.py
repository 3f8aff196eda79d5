from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from musedaemon.core.events import ControlChange, MidiEvent, NoteOff, NoteOn, Other
from musedaemon.errors import MidiFileError
from musedaemon.midi.files import TempoChange, Track, check_writable, read_midi_file, write_midi_file

CALL = Track("call", [NoteOn(0.0, 0, 60, 64), NoteOff(0.5, 0, 60, 64)])
RESPONSE = Track("response", [ControlChange(1.0, 1, 64, 127), NoteOn(1.0, 1, 67, 80), NoteOff(2.0, 1, 67, 3)])


def test_a_file_of_two_tracks_byte_by_byte(tmp_path: Path) -> None:
    path = tmp_path / "jam.mid"
    write_midi_file(path, [CALL, RESPONSE], [TempoChange(0.0, 120.0), TempoChange(1.0, 60.0)], meter=(4, 4))
    assert path.read_bytes() == (
        bytes.fromhex("4d546864 00000006 0001 0003 01e0")
        + bytes.fromhex("4d54726b 0000001b 00ff580404021808 00ff510307a120 8740ff51030f4240 00ff2f00")
        + bytes.fromhex("4d54726b 00000015 00ff0304") + b"call" + bytes.fromhex("00903c40 8360803c40 00ff2f00")
        + bytes.fromhex("4d54726b 0000001e 00ff0308") + b"response"
        + bytes.fromhex("8740b1407f 00914350 8360814303 00ff2f00")
    )  # fmt: skip
    assert read_midi_file(path).events == (*CALL.events, *RESPONSE.events)


def test_without_tempi_the_file_says_120(tmp_path: Path) -> None:
    write_midi_file(tmp_path / "a.mid", [CALL])
    timed = read_midi_file(tmp_path / "a.mid")
    assert (timed.tempi, timed.meter) == ((TempoChange(0.0, 120.0),), None)


def test_what_a_file_cannot_hold_is_left_out(tmp_path: Path) -> None:
    sysex, bend = Other(0.0, b"\xf0\x01\xf7"), Other(0.0, b"\xe0\x00\x40")
    events = [Other(0.0, b"\xf8"), sysex, Other(0.0, b"\xf2\x01\x02"), bend, Other(0.0, b"\xfe")]
    write_midi_file(tmp_path / "a.mid", [Track("call", events)])
    assert read_midi_file(tmp_path / "a.mid").events == (sysex, bend)


def test_a_pause_of_a_week_is_kept(tmp_path: Path) -> None:
    week = 7 * 86_400.0
    write_midi_file(tmp_path / "a.mid", [Track("call", [NoteOn(week, 0, 60, 64), NoteOff(week + 1, 0, 60, 64)])])
    assert [event.at for event in read_midi_file(tmp_path / "a.mid").events] == [week, week + 1]


def test_strikes_within_one_tick_stay_separate_notes(tmp_path: Path) -> None:
    hasty: list[MidiEvent] = [NoteOn(0.0, 0, 60, 1), NoteOff(0.0, 0, 60), NoteOn(0.0, 0, 60, 2), NoteOff(0.0001, 0, 60)]
    write_midi_file(tmp_path / "a.mid", [Track("call", hasty)])
    tick = 0.5 / 480
    assert read_midi_file(tmp_path / "a.mid").events == (
        NoteOn(0.0, 0, 60, 1),
        NoteOff(tick, 0, 60),
        NoteOn(tick, 0, 60, 2),
        NoteOff(2 * tick, 0, 60),
    )


NOTES = st.lists(st.tuples(st.floats(0, 30), st.floats(0, 3), st.integers(0, 15), st.integers(60, 63)), max_size=30)
TEMPI = st.lists(st.builds(TempoChange, st.floats(0, 30), st.floats(30, 240)), max_size=5)


@given(NOTES, TEMPI)
def test_notes_come_back_whole_in_number_order_and_time(
    tmp_path_factory: pytest.TempPathFactory, notes: list[tuple[float, float, int, int]], tempi: list[TempoChange]
) -> None:
    path = tmp_path_factory.getbasetemp() / "round.mid"
    struck = _one_at_a_time(notes)
    events: list[MidiEvent] = []
    for start, end, channel, pitch in struck:
        events += [NoteOn(start, channel, pitch, 64), NoteOff(end, channel, pitch)]
    write_midi_file(path, [Track("call", sorted(events, key=lambda event: event.at))], tempi)
    heard = _notes_of(read_midi_file(path).events)
    tick = 60 / min([120.0, *(tempo.bpm for tempo in tempi)]) / 480
    room = tick * (len(notes) + 1)
    assert len(heard) == len(struck)
    for (start, end, channel, pitch), back in zip(sorted(struck, key=_by_key), sorted(heard, key=_by_key), strict=True):
        assert back[2:] == (channel, pitch)
        assert back[0] == pytest.approx(start, abs=room)
        assert back[1] == pytest.approx(end, abs=room)


def _by_key(note: tuple[float, float, int, int]) -> tuple[int, int, float]:
    return note[2], note[3], note[0]


def _one_at_a_time(notes: list[tuple[float, float, int, int]]) -> list[tuple[float, float, int, int]]:
    """(start, end, channel, pitch), each key's next note starting no earlier than its last one ends."""
    free: dict[tuple[int, int], float] = {}
    struck = []
    for start, length, channel, pitch in sorted(notes):
        begin = max(start, free.get((channel, pitch), 0.0))
        struck.append((begin, begin + length, channel, pitch))
        free[channel, pitch] = begin + length
    return struck


def _notes_of(events: tuple[MidiEvent, ...]) -> list[tuple[float, float, int, int]]:
    """The notes; fails on a note-off without its note-on and on a note-on that is never off."""
    sounding: dict[tuple[int, int], float] = {}
    notes = []
    for event in events:
        if isinstance(event, NoteOn):
            assert (event.channel, event.pitch) not in sounding
            sounding[event.channel, event.pitch] = event.at
        elif isinstance(event, NoteOff):
            notes.append((sounding.pop((event.channel, event.pitch)), event.at, event.channel, event.pitch))
    assert not sounding
    return notes


def test_writing_twice_gives_the_same_bytes_and_leaves_no_other_file(tmp_path: Path) -> None:
    path = tmp_path / "jam.mid"
    write_midi_file(path, [CALL, RESPONSE])
    first = path.read_bytes()
    write_midi_file(path, [CALL, RESPONSE])
    assert path.read_bytes() == first
    assert list(tmp_path.iterdir()) == [path]


def test_a_refused_write_leaves_the_old_file_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "jam.mid"
    path.write_bytes(b"old")

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(
        MidiFileError, match=r"jam\.mid cannot be written \(no space left on device\); free some space there"
    ):
        write_midi_file(path, [CALL])
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("leads", ["precious.mid", "nowhere.mid", "folder"])
def test_a_link_is_refused_and_what_it_leads_to_stays(tmp_path: Path, leads: str) -> None:
    precious, link = tmp_path / "precious.mid", tmp_path / "jam.mid"
    precious.write_bytes(b"precious")
    (tmp_path / "folder").mkdir()
    link.symlink_to(tmp_path / leads)
    before = sorted(tmp_path.iterdir())
    with pytest.raises(MidiFileError, match=r"jam\.mid cannot be written: it is a link to another file; name the file"):
        check_writable(link)
    with pytest.raises(MidiFileError, match="is a link"):
        write_midi_file(link, [CALL])
    assert precious.read_bytes() == b"precious"
    assert link.is_symlink()
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize(
    ("name", "reason"),
    [("no/where.mid", "no folder"), (".", "is a folder"), ("long" * 100, "cannot be written")],
)
def test_a_place_that_cannot_be_written_is_told_before_and_after(tmp_path: Path, name: str, reason: str) -> None:
    with pytest.raises(MidiFileError, match=reason):
        check_writable(tmp_path / name)
    with pytest.raises(MidiFileError, match=reason):
        write_midi_file(tmp_path / name, [CALL])


def test_checking_a_good_place_leaves_nothing(tmp_path: Path) -> None:
    check_writable(tmp_path / "jam.mid")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_write_protected_file_or_folder_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "jam.mid"
    path.touch(mode=0o444)
    with pytest.raises(MidiFileError, match="write-protected"):
        check_writable(path)
    tmp_path.chmod(0o500)
    with pytest.raises(MidiFileError, match="permission denied"):
        check_writable(tmp_path / "other.mid")
