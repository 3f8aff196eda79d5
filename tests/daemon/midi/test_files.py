from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from musedaemon.core.events import ControlChange, MidiEvent, NoteOff, NoteOn, Other
from musedaemon.errors import MidiFileError
from musedaemon.midi.files import TempoChange, Track, check_writable, read_midi_file, write_midi_file


def smf(*tracks: str, file_format: int = 1, division: str = "00 60") -> bytes:
    """A file from hexadecimal track bodies; 0x60 = 96 ticks to a beat, end of track added."""
    header = b"MThd\x00\x00\x00\x06" + file_format.to_bytes(2) + len(tracks).to_bytes(2) + bytes.fromhex(division)
    bodies = [bytes.fromhex(track) + b"\x00\xff\x2f\x00" for track in tracks]
    return header + b"".join(b"MTrk" + len(body).to_bytes(4) + body for body in bodies)


def read(folder: Path, data: bytes) -> tuple[MidiEvent, ...]:
    path = folder / "a.mid"
    path.write_bytes(data)
    return read_midi_file(path).events


# A beat of C at 120, then tempo 60 (0f4240 microseconds), then a beat of E.
TWO_TEMPI = smf("00 ff 51 03 07 a1 20  60 ff 51 03 0f 42 40", "00 90 3c 40  60 3c 00  00 40 50  60 80 40 07")


def test_tracks_are_merged_and_timed_by_all_tempi(tmp_path: Path) -> None:
    path = tmp_path / "two.mid"
    path.write_bytes(TWO_TEMPI)
    timed = read_midi_file(path)
    assert timed.events == (
        NoteOn(0.0, 0, 60, 64),
        NoteOff(0.5, 0, 60, 64),
        NoteOn(0.5, 0, 64, 80),
        NoteOff(1.5, 0, 64, 7),
    )
    assert timed.tempi == (TempoChange(0.0, 120.0), TempoChange(0.5, 60.0))
    assert (timed.bpm, timed.ticks_per_beat, timed.name, timed.duration) == (120.0, 96, "two", 1.5)


def test_name_meter_and_the_silence_at_the_end_are_told(tmp_path: Path) -> None:
    path = tmp_path / "a.mid"
    path.write_bytes(smf("00 ff 03 04 43 61 66 e9  00 ff 58 04 06 03 18 08  00 90 3c 40 60 3c 00  81 40 ff 06 00"))
    timed = read_midi_file(path)
    assert (timed.name, timed.meter, timed.bpm) == ("Caf\u00e9", (6, 8), None)
    assert timed.duration == pytest.approx(1.5)


def test_the_tempo_told_is_that_of_the_first_note(tmp_path: Path) -> None:
    path = tmp_path / "a.mid"
    path.write_bytes(smf("30 ff 51 03 0f 42 40  30 90 3c 40  60 3c 00  00 ff 51 03 07 a1 20"))
    assert read_midi_file(path).bpm == 60.0


def test_at_one_tick_the_end_of_a_note_comes_before_the_next_start(tmp_path: Path) -> None:
    assert read(tmp_path, smf("00 90 3c 40  60 3c 41  00 80 3c 40  60 80 3c 40")) == (
        NoteOn(0.0, 0, 60, 64),
        NoteOff(0.5, 0, 60, 64),
        NoteOn(0.5, 0, 60, 65),
        NoteOff(1.0, 0, 60, 64),
    )


def test_a_note_without_length_still_ends_after_it_starts(tmp_path: Path) -> None:
    assert read(tmp_path, smf("00 90 3c 40  00 3c 00")) == (NoteOn(0.0, 0, 60, 64), NoteOff(0.0, 0, 60, 64))


def test_drums_controls_bends_programs_and_sysex_are_kept_and_clock_is_not(tmp_path: Path) -> None:
    data = smf("00 99 24 40  00 b9 40 7f  00 e9 00 40  00 c9 05  00 f0 03 01 02 f7  00 f8  00 89 24 40")
    assert read(tmp_path, data) == (
        NoteOn(0.0, 9, 36, 64),
        ControlChange(0.0, 9, 64, 127),
        Other(0.0, b"\xe9\x00\x40"),
        Other(0.0, b"\xc9\x05"),
        Other(0.0, b"\xf0\x01\x02\xf7"),
        NoteOff(0.0, 9, 36, 64),
    )


def test_a_file_without_tracks_is_empty(tmp_path: Path) -> None:
    assert read(tmp_path, smf()) == ()


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "is not a MIDI file"),
        (b"RIFF and more", "is not a MIDI file"),
        (b"MThd\x00\x00", "damaged or cut short"),
        (TWO_TEMPI[:-9], "damaged or cut short"),
        (smf("00 3c 40"), "damaged or cut short"),
        (smf("00 ff 51 01 07"), "damaged or cut short"),
        (smf("00 f9"), "damaged or cut short"),
        (smf("", division="00 00"), "damaged or cut short"),
        (smf("", division="e7 28"), "SMPTE"),
        (smf("", file_format=2), "format 2"),
    ],
)
def test_what_cannot_be_read_is_refused_in_one_sentence(tmp_path: Path, data: bytes, reason: str) -> None:
    path = tmp_path / "bad.mid"
    path.write_bytes(data)
    with pytest.raises(MidiFileError) as refusal:
        read_midi_file(path)
    assert reason in str(refusal.value)
    assert str(refusal.value).startswith(str(path))
    assert "\n" not in str(refusal.value)


@given(st.integers(0, len(TWO_TEMPI) - 1), st.integers(0, 255), st.integers(0, len(TWO_TEMPI)))
def test_a_damaged_file_is_read_or_refused_and_nothing_else(
    tmp_path_factory: pytest.TempPathFactory, place: int, byte: int, length: int
) -> None:
    path = tmp_path_factory.getbasetemp() / "damaged.mid"
    data = bytearray(TWO_TEMPI)
    data[place] = byte
    path.write_bytes(data[:length] if place % 2 else data)
    try:
        events = read_midi_file(path).events
    except MidiFileError:
        return
    assert [event.at for event in events] == sorted(event.at for event in events)


def test_a_folder_a_missing_file_and_a_pipe_are_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.mid")
    for name, reason in [("", "is a folder"), ("no.mid", "does not exist"), ("pipe.mid", "no regular file")]:
        with pytest.raises(MidiFileError, match=reason):
            read_midi_file(tmp_path / name)
    with pytest.raises(MidiFileError, match="cannot be read"):
        read_midi_file(tmp_path / ("long" * 100))


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
