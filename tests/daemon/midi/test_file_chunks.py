"""Damaged .mid files, as hexadecimal: what is refused, and what is read all the same."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from musedaemon.core.events import MidiEvent, NoteOff, NoteOn, Other
from musedaemon.errors import MidiFileError
from musedaemon.midi import files
from musedaemon.midi.file_chunks import BrokenFileError, Entry, Header, header, tracks
from musedaemon.midi.files import TimedFile, read_midi_file

HEADER = "4d546864 00000006 0001 0001 0060"
"""One track, 96 ticks to a beat."""
END = "00 ff2f00"
A_NOTE = (NoteOn(0.0, 0, 60, 64), NoteOff(0.5, 0, 60))


def track(body: str) -> str:
    return f"4d54726b {len(bytes.fromhex(body)):08x} {body}"


def file(folder: Path, *parts: str) -> Path:
    path = folder / "a.mid"
    path.write_bytes(bytes.fromhex("".join(parts)))
    return path


def events(folder: Path, *parts: str) -> tuple[MidiEvent, ...]:
    return read_midi_file(file(folder, *parts)).events


@pytest.mark.parametrize(
    ("parts", "reason"),
    {
        "a time without an end": ((HEADER, track("ffffffffff 903c40")), "a time or length has no end"),
        "a time cut off by its track": ((HEADER, track("00 903c40 81")), "a time or length has no end"),
        "a meta event that claims more than there is": ((HEADER, track("00 ff01 8fffff7f 61")), "the end of a track"),
        "a SysEx that claims more than there is": ((HEADER, track("00 f0 ffffff7f 01f7")), "the end of a track"),
        "a track that claims 4 GB": ((HEADER, "4d54726b ffffffff 00903c40"), "the end is missing"),
        "a header that promises 65,535 tracks": (("4d546864 00000006 0001 ffff 0060", track(END)), "the end is"),
        "a header of 4 GB": (("4d546864 ffffffff 0001 0001 0060", track(END)), "the end is missing"),
        "a header of 2 bytes": (("4d546864 00000002 0001 0001 0060", track(END)), "its header is cut short"),
        "running status with nothing before it": ((HEADER, track("00 3c40")), "a message has no beginning"),
        "running status after a stray clock": ((HEADER, track("00 f8 00 3c40")), "a message has no beginning"),
        "a time and no message": ((HEADER, track("00")), "a message has no beginning"),
        "a status that does not exist": ((HEADER, track("00 f4")), "the byte f4 begins no message"),
        "a note cut off by its track": ((HEADER, track("00 903c"), track(END)), "the end of a track is missing"),
        "a tempo of one byte": ((HEADER, track("00 ff5101 07")), "a tempo of the wrong length"),
    }.values(),
)
def test_what_could_cost_notes_is_refused(tmp_path: Path, parts: tuple[str, ...], reason: str) -> None:
    with pytest.raises(MidiFileError) as refusal:
        events(tmp_path, *parts)
    assert reason in str(refusal.value)
    assert str(refusal.value).endswith("; save it again.")


@pytest.mark.parametrize(
    "parts",
    {
        "a chunk of a stranger before and between": (
            ("4d546864 00000006 0001 0002 0060", "58464948 00000002 0102"),  # XFIH, of Yamaha's XF
            (track(END), "58464b4d 00000000", track("00 903c40 60 803c40 " + END)),
        ),
        "a longer header": (("4d546864 00000008 0001 0001 0060 0000",), (track("00 903c40 60 803c40"),)),
        "a key signature of 32 sharps": ((HEADER,), (track("00 ff5902 2000 00 903c40 60 803c40" + END),)),
        "a time signature over 2 to the power of 255": (
            (HEADER,),
            (track("00 ff5804 04ff1808 00 903c40 60 803c40"),),
        ),
        "a time signature of one byte": ((HEADER,), (track("00 ff5801 04 00 903c40 60 803c40"),)),
        "a tempo of no microseconds": ((HEADER,), (track("00 ff5103 000000 00 903c40 60 803c40"),)),
        "no end of track": ((HEADER,), (track("00 903c40 60 803c40"),)),
        "running status over a meta event": ((HEADER,), (track("00 903c40 60 ff0100 00 3c00"),)),
        "an escape": ((HEADER,), (track("00 f702 f8f8 00 903c40 60 803c40"),)),
        "junk behind the last track": ((HEADER,), (track("00 903c40 60 803c40"), "0000")),
    }.values(),
)
def test_what_costs_no_note_is_read(tmp_path: Path, parts: tuple[tuple[str, ...], tuple[str, ...]]) -> None:
    timed = read_midi_file(file(tmp_path, *parts[0], *parts[1]))
    assert timed.events == A_NOTE
    assert timed.meter is None


def test_numbers_above_127_count_as_127_and_a_sysex_gets_its_end(tmp_path: Path) -> None:
    assert events(tmp_path, HEADER, track("00 90fc40 00 f002 01c0")) == (
        NoteOn(0.0, 0, 127, 64),
        Other(0.0, b"\xf0\x01\x7f\xf7"),
    )


def test_a_file_that_would_last_for_years_is_refused(tmp_path: Path) -> None:
    slow = "4d546864 00000006 0001 0001 0001", track("00 ff5103 ffffff ffffff7f 903c40")
    with pytest.raises(MidiFileError, match=r"is damaged: it would last 52,125 days; save it again\."):
        events(tmp_path, *slow)


def test_more_events_than_can_be_kept_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MOST_EVENTS", 3)
    assert len(events(tmp_path, HEADER, track("00 903c40 603c00 003c40"))) == 3
    with pytest.raises(MidiFileError, match="more than 3 events; cut a part out"):
        events(tmp_path, HEADER, track("00 903c40 603c00 003c40 603c00"))


def test_a_file_too_large_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = file(tmp_path, HEADER, track(END))
    with path.open("r+b") as stream:
        stream.truncate(10**12)  # a hole: it takes no room
    with pytest.raises(MidiFileError, match=r"cannot be played: it is larger than 16 MB; name a \.mid file"):
        read_midi_file(path)


CHUNKS = st.one_of(
    st.binary(max_size=60),
    st.builds(lambda size, body: b"MTrk" + size.to_bytes(4) + body, st.integers(0, 2**32 - 1), st.binary(max_size=60)),
    st.builds(lambda body: b"MTrk" + len(body).to_bytes(4) + body, st.binary(max_size=60)),
)
HEADERS = st.builds(
    lambda size, kind, count, division: b"MThd" + b"".join((size.to_bytes(4), kind, count.to_bytes(2), division)),
    st.sampled_from([6, 6, 6, 0, 10, 2**32 - 1]),
    st.sampled_from([b"\0\0", b"\0\1", b"\0\1", b"\0\2", b"\xff\xff"]),
    st.sampled_from([0, 1, 1, 2, 3, 65_535]),
    st.one_of(st.just(b"\1\xe0"), st.binary(min_size=2, max_size=2)),
)


@given(st.one_of(st.binary(max_size=200), st.builds(lambda a, b: a + b"".join(b), HEADERS, st.lists(CHUNKS))))
def test_any_bytes_give_notes_or_one_sentence(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "any.mid"
    path.write_bytes(data)
    try:
        timed = read_midi_file(path)
    except MidiFileError as error:
        refusal = str(error)
    else:
        _is_a_performance(timed, len(data))
        return
    assert refusal.startswith(str(path))
    assert refusal.endswith(".")
    assert "\n" not in refusal


def _is_a_performance(timed: TimedFile, size: int) -> None:
    times = [event.at for event in timed.events]
    assert times == sorted(times)
    assert all(0 <= at <= timed.duration <= files.LONGEST_S for at in times)
    assert len(times) <= size / 2


@given(st.binary(max_size=300))
def test_the_entries_of_a_track_are_whole_messages(body: bytes) -> None:
    data = bytes.fromhex(HEADER) + b"MTrk" + len(body).to_bytes(4) + body
    assert header(data) == Header(1, 1, 96)
    found: list[Entry] = []
    try:
        for entries in tracks(data, 1):
            found += entries
    except BrokenFileError:
        pass
    assert [entry.tick for entry in found] == sorted(entry.tick for entry in found)
    assert all(entry.data[0] >= 0x80 for entry in found)


@pytest.mark.parametrize("byte", [0xFF, 0x80, 0x00])
def test_a_megabyte_of_one_byte_takes_no_time(tmp_path: Path, byte: int) -> None:
    body = bytes([byte]) * 1_000_000
    path = tmp_path / "a.mid"
    path.write_bytes(bytes.fromhex(HEADER) + b"MTrk" + len(body).to_bytes(4) + body)
    began = time.process_time()
    with pytest.raises(MidiFileError, match="damaged"):
        read_midi_file(path)
    assert time.process_time() - began < 10.0  # mido took minutes
