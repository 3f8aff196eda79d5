"""The one place that touches mido: .mid files (Standard MIDI Files 1.0) <-> core events in seconds.

mido throws a dozen kinds of exception at a damaged file; all of them end here, as one sentence with the path.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mido  # type: ignore[import-untyped]

from musedaemon.core.events import MidiEvent, NoteOn
from musedaemon.errors import MidiFileError
from musedaemon.midi import wire
from musedaemon.midi.file_order import Placed, in_playing_order, on_ticks
from musedaemon.midi.tempo_map import TempoChange, TempoMap, bpm_of
from musedaemon.midi.whole_file import check_writable, write_whole

__all__ = ["TempoChange", "TimedFile", "Track", "check_writable", "read_midi_file", "write_midi_file"]

TICKS_PER_BEAT = 480
"""Of the files we write."""

_SMPTE = 0x8000
_LONGEST_DELTA = 0x0FFFFFFF
"""A delta time has four bytes of seven bits."""
_DAMAGE = (EOFError, OSError, ValueError, LookupError, TypeError, ArithmeticError, mido.KeySignatureError)
"""What mido was seen to raise on files cut short or overwritten at random."""


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
    """Read a .mid file of format 0 or 1, all its tracks as one. MidiFileError says in one sentence why it cannot be."""
    data = _bytes_of(path)
    ticks_per_beat = _ticks_per_beat(data, path)
    try:
        tracks: list[Any] = mido.MidiFile(file=io.BytesIO(data), clip=True).tracks
    except _DAMAGE as error:
        raise MidiFileError(f"{path} is damaged or cut short ({_reason(error)}); save it again.") from error
    metas = [(tick, message) for tick, _, message in _absolute(tracks) if message.is_meta]
    set_tempi = [(tick, meta.tempo) for tick, meta in metas if meta.type == "set_tempo" and meta.tempo]
    tempo_map = TempoMap(ticks_per_beat, set_tempi)
    return TimedFile(
        path=path,
        name=_name(tracks) or path.stem,
        events=tuple(_events(tracks, tempo_map)),
        tempi=tuple(TempoChange(tempo_map.seconds(t), bpm_of(us)) for t, us in tempo_map.tempi if set_tempi),
        meter=_meter(metas),
        ticks_per_beat=ticks_per_beat,
        duration=tempo_map.seconds(max((tick for tick, _, _ in _absolute(tracks)), default=0)),
    )


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
    write_whole(path, buffer.getvalue())


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
        if path.is_dir():
            raise MidiFileError(f"{path} is a folder; name a .mid file in it.")
        if path.exists() and not path.is_file():
            raise MidiFileError(f"{path} is no regular file; name a .mid file.")
        return path.read_bytes()
    except FileNotFoundError as error:
        raise MidiFileError(f"{path} does not exist; check the path.") from error
    except (OSError, ValueError) as error:
        raise MidiFileError(f"{path} cannot be read ({_reason(error)}); check the path and your rights.") from error


def _ticks_per_beat(data: bytes, path: Path) -> int:
    """The division of the header chunk; refuses what is no MIDI file and what does not count time in beats."""
    if data[:4] != b"MThd":
        raise MidiFileError(f"{path} is not a MIDI file; name a Standard MIDI File (.mid).")
    file_format, division = int.from_bytes(data[8:10]), int.from_bytes(data[12:14])
    if len(data) >= 14 and file_format > 1:
        raise MidiFileError(f"{path} holds separate patterns (format {file_format}); save it again as format 0 or 1.")
    if division & _SMPTE:
        raise MidiFileError(f"{path} counts in film frames (SMPTE), not in beats; save it again with ticks per beat.")
    if division == 0:
        raise MidiFileError(f"{path} is damaged or cut short (no ticks per beat); save it again.")
    return division


def _absolute(tracks: list[Any]) -> Iterator[tuple[int, int, Any]]:
    """(tick, track, message) of each message."""
    for index, track in enumerate(tracks):
        tick = 0
        for message in track:
            tick += message.time
            yield tick, index, message


def _events(tracks: list[Any], tempo_map: TempoMap) -> Iterator[MidiEvent]:
    """Channel messages and SysEx in playing order, each at its time."""
    placed: list[Placed] = []
    for tick, track, message in _absolute(tracks):
        event = None if message.is_meta else wire.decode(message.bytes(), tempo_map.seconds(tick))
        if event is not None and _is_storable(wire.encode(event)):
            placed.append(Placed(tick, track, event))
    return (one.event for one in in_playing_order(placed))


def _is_storable(data: bytes) -> bool:
    """Real-time and system common messages belong on a wire: a clock in a file would be heard as a tempo."""
    return data[0] <= wire.SYSEX


def _name(tracks: list[Any]) -> str:
    """The title: the name of the first track, "" if it has none. Read as UTF-8 where it is that, else as Latin-1."""
    name: str = next((m.name for m in tracks[0] if m.type == "track_name"), "") if tracks else ""
    try:
        return name.encode("latin-1").decode("utf-8").strip()
    except UnicodeDecodeError:
        return name.strip()


def _meter(metas: list[tuple[int, Any]]) -> tuple[int, int] | None:
    signatures = [(tick, meta) for tick, meta in metas if meta.type == "time_signature"]
    if not signatures:
        return None
    _, first = min(signatures, key=lambda signature: signature[0])
    return first.numerator, first.denominator


def _reason(error: BaseException) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    return str(error).splitlines()[0].rstrip(".") if str(error) else "the end is missing"
