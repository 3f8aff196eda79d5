from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from musedaemon.core.events import ControlChange, MidiEvent, NoteOff, NoteOn, Other
from musedaemon.errors import MidiFileError
from musedaemon.midi.files import TempoChange, read_midi_file


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
