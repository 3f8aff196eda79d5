"""Standard MIDI Files 1.0 <-> core events in seconds. Read by ourselves, written by mido, which is known here alone.

mido's reader takes time without bound for damaged files, and refuses whole ones for a key signature it does not know.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import mido  # type: ignore[import-untyped]

from musedaemon import whole_file
from musedaemon.core.events import MidiEvent, NoteOn
from musedaemon.errors import MidiFileError
from musedaemon.midi import file_chunks, wire
from musedaemon.midi.file_chunks import META, BrokenFileError, Entry, Header
from musedaemon.midi.file_order import Placed, in_playing_order, on_ticks
from musedaemon.midi.tempo_map import TempoChange, TempoMap, bpm_of
from musedaemon.plain_file import MEGABYTE, UnfitFileError, read_plain
from musedaemon.whole_file import reason

__all__ = ["TempoChange", "TimedFile", "Track", "check_writable", "read_midi_file", "write_midi_file"]

TICKS_PER_BEAT = 480
"""Of the files we write."""
MOST_BYTES = 16 * MEGABYTE
MOST_EVENTS = 1_000_000
"""Ten hours of dense piano with its pedals; they take 0.3 GB of memory. No file of our corpora has a tenth of it."""
LONGEST_S = 31 * 86_400.0
"""A damaged time can make a file last for years."""

_SMPTE = 0x8000
_LONGEST_DELTA = 0x0FFFFFFF
"""A delta time has four bytes of seven bits."""
_NAME, _TEMPO, _METER = 0x03, 0x51, 0x58
"""Types of meta events."""
_TEMPO_BEGINS = bytes((META, _TEMPO))
_SHORTEST_NOTE = 6
"""The denominator of a time signature is 2 to the power of at most this: 64ths."""


@dataclass(frozen=True, slots=True)
class TimedFile:
    """A .mid file as a performance: what a port would have heard, had the file been played into it.

    `events` rise in `at` (seconds from the start of the file). `tempi` are those of the whole file from 0 s on, none
    if it never sets one; `meter` is its first time signature. `duration` is in seconds, silence at the end included.
    """

    path: Path
    name: str
    events: tuple[MidiEvent, ...]
    tempi: tuple[TempoChange, ...]
    meter: tuple[int, int] | None
    ticks_per_beat: int
    duration: float

    @property
    def bpm(self) -> float | None:
        """The tempo in force at the first note; None if the file never sets a tempo."""
        first = next((event.at for event in self.events if isinstance(event, NoteOn)), 0.0)
        return max((tempo for tempo in self.tempi if tempo.at <= first), default=TempoChange(0.0, 0.0)).bpm or None


@dataclass(frozen=True, slots=True)
class Track:
    """One named track to write; `events` in seconds from the start of the file."""

    name: str
    events: Sequence[MidiEvent]


def read_midi_file(path: Path) -> TimedFile:
    """Read a .mid file of format 0 or 1, all its tracks as one. MidiFileError says in one sentence why it cannot be.

    Time and memory are bounded, whatever the file holds.
    """
    data = _bytes_of(path)
    division = _readable_header(data, path).division
    try:
        tracks = _tracks(data, path)
    except BrokenFileError as error:
        raise MidiFileError(f"{path} is damaged or cut short ({error}); save it again.") from error
    metas = [Entry(tick, data[1:]) for track in tracks for tick, data in track if data[0] == META]
    set_tempi = [(tick, int.from_bytes(data[1:])) for tick, data in metas if data[0] == _TEMPO and any(data[1:])]
    tempo_map = TempoMap(division, set_tempi)
    duration = tempo_map.seconds(max((track[-1].tick for track in tracks if track), default=0))
    if duration > LONGEST_S:
        days = f"{duration / 86_400:,.0f} days"
        raise MidiFileError(f"{path} is damaged: it would last {days}; save it again.")
    return TimedFile(
        path=path,
        name=_name(tracks) or path.stem,
        events=tuple(_events(tracks, tempo_map)),
        tempi=tuple(TempoChange(tempo_map.seconds(t), bpm_of(us)) for t, us in tempo_map.tempi if set_tempi),
        meter=_meter(metas),
        ticks_per_beat=division,
        duration=duration,
    )


def check_writable(path: Path) -> None:
    """MidiFileError if `write_midi_file` could not write here now; leaves nothing behind."""
    try:
        whole_file.check_writable(path)
    except (OSError, ValueError) as error:
        raise _unwritable(path, error) from error


def write_midi_file(
    path: Path, tracks: Sequence[Track], tempi: Sequence[TempoChange] = (), meter: tuple[int, int] | None = None
) -> None:
    """Write a file of format 1: a track of tempi (120 from the start if none), then `tracks`; whole or not at all.

    What a file cannot hold (clock, active sensing, song position) is left out. MidiFileError if it cannot be written,
    ValueError if an event is no MIDI message.
    """
    tempo_map = TempoMap.of_changes(TICKS_PER_BEAT, tempi)
    midi_file = mido.MidiFile(type=1, ticks_per_beat=TICKS_PER_BEAT, charset="utf-8")
    midi_file.tracks.append(_relative(_tempo_messages(tempo_map, meter)))
    for track in tracks:
        placed = on_ticks([event for event in track.events if _is_storable(wire.encode(event))], tempo_map)
        named = [(0, mido.MetaMessage("track_name", name=track.name))]
        midi_file.tracks.append(_relative(named + [(tick, _message(event)) for tick, event in placed]))
    buffer = io.BytesIO()
    midi_file.save(file=buffer)
    try:
        whole_file.write_whole(path, buffer.getvalue())
    except (OSError, ValueError) as error:
        raise _unwritable(path, error) from error


def _unwritable(path: Path, error: OSError | ValueError) -> MidiFileError:
    if isinstance(error, whole_file.UnfitTargetError):
        return MidiFileError(f"{path} cannot be written: {error.strerror}; {error.advice}.")
    todo = whole_file.advice(error, "name a file in a folder you can write to")
    return MidiFileError(f"{path} cannot be written ({reason(error)}); {todo}.")


def _tempo_messages(tempo_map: TempoMap, meter: tuple[int, int] | None) -> list[tuple[int, Any]]:
    tempi = [(tick, mido.MetaMessage("set_tempo", tempo=tempo)) for tick, tempo in tempo_map.tempi]
    if meter is None:
        return tempi
    return [(0, mido.MetaMessage("time_signature", numerator=meter[0], denominator=meter[1])), *tempi]


def _message(event: MidiEvent) -> Any:
    return mido.Message.from_bytes(wire.encode(event))


def _relative(placed: list[tuple[int, Any]]) -> Any:
    """A mido track of messages on rising ticks; a pause too long for one delta time is bridged by empty texts."""
    track = mido.MidiTrack()
    now = 0
    for tick, message in placed:
        while tick - now > _LONGEST_DELTA:
            track.append(mido.MetaMessage("text", text="", time=_LONGEST_DELTA))
            now += _LONGEST_DELTA
        track.append(message.copy(time=tick - now))
        now = tick
    return track


def _bytes_of(path: Path) -> bytes:
    try:
        return read_plain(path, MOST_BYTES)
    except FileNotFoundError as error:
        raise MidiFileError(f"{path} does not exist; check the path.") from error
    except UnfitFileError as error:
        raise MidiFileError(f"{path} cannot be played: {error.strerror}; name a .mid file.") from error
    except OSError as error:
        raise MidiFileError(f"{path} cannot be read ({reason(error)}); check the path and your rights.") from error


def _readable_header(data: bytes, path: Path) -> Header:
    """Refuses what is no MIDI file and what does not count time in beats."""
    if data[:4] != b"MThd":
        raise MidiFileError(f"{path} is not a MIDI file; name a Standard MIDI File (.mid).")
    try:
        header = file_chunks.header(data)
    except BrokenFileError as error:
        raise MidiFileError(f"{path} is damaged or cut short ({error}); save it again.") from error
    if header.file_format > 1:
        raise MidiFileError(
            f"{path} holds separate patterns (format {header.file_format}); save it again as format 0 or 1."
        )
    if header.division & _SMPTE:
        raise MidiFileError(f"{path} counts in film frames (SMPTE), not in beats; save it again with ticks per beat.")
    if header.division == 0:
        raise MidiFileError(f"{path} is damaged or cut short (no ticks per beat); save it again.")
    return header


def _tracks(data: bytes, path: Path) -> list[list[Entry]]:
    """What the file's tracks hold. BrokenFileError where they are damaged."""
    tracks: list[list[Entry]] = []
    room = MOST_EVENTS
    for entries in file_chunks.tracks(data, file_chunks.header(data).tracks):
        tracks.append(list(islice(entries, room + 1)))
        room -= len(tracks[-1])
        if room < 0:
            raise MidiFileError(f"{path} holds more than {MOST_EVENTS:,} events; cut a part out of it and play that.")
    if any(data[:2] == _TEMPO_BEGINS and len(data) != 5 for track in tracks for _, data in track):
        raise BrokenFileError("a tempo of the wrong length")
    return tracks


def _events(tracks: list[list[Entry]], tempo_map: TempoMap) -> Iterator[MidiEvent]:
    """Channel messages and SysEx in playing order, each at its time."""
    placed: list[Placed] = []
    for number, track in enumerate(tracks):
        for tick, data in track:
            event = None if data[0] == META else wire.decode(data, tempo_map.seconds(tick))
            if event is not None:
                placed.append(Placed(tick, number, event))
    return (one.event for one in in_playing_order(placed))


def _is_storable(data: bytes) -> bool:
    """Real-time and system common messages belong on a wire: a clock in a file would be heard as a tempo."""
    return data[0] <= wire.SYSEX


def _name(tracks: list[list[Entry]]) -> str:
    """The title: the name of the first track, "" if it has none. Read as UTF-8 where it is that, else as Latin-1."""
    named = (data[2:] for _, data in (tracks[0] if tracks else []) if data[:2] == bytes((META, _NAME)))
    name = next(named, b"")
    try:
        return name.decode("utf-8").strip()
    except UnicodeDecodeError:
        return name.decode("latin-1").strip()


def _meter(metas: list[Entry]) -> tuple[int, int] | None:
    """The first time signature that makes sense."""
    signatures = [(tick, data[1], data[2]) for tick, data in metas if data[0] == _METER and len(data) > 2]
    sensible = [(tick, beats, 2**power) for tick, beats, power in signatures if beats and power <= _SHORTEST_NOTE]
    return min(sensible, key=lambda signature: signature[0])[1:] if sensible else None
