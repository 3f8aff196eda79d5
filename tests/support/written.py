"""Looks into .mid files with mido alone, not through the daemon's own reading."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import mido  # type: ignore[import-untyped]


def tracks(path: Path) -> dict[str, list[bytes]]:
    """The messages of each track by its name, without times and meta messages."""
    return {
        track.name: [bytes(message.bytes()) for message in track if not message.is_meta]
        for track in mido.MidiFile(path).tracks
    }


def onsets(path: Path, name: str) -> list[int]:
    """The ticks of the note-ons of the track of that name."""
    track = next(track for track in mido.MidiFile(path).tracks if track.name == name)
    tick, found = 0, []
    for message in track:
        tick += message.time
        if message.type == "note_on" and message.velocity:
            found.append(tick)
    return found


def tempi(path: Path) -> list[float]:
    """The tempi of a file in bpm, to two places."""
    first = mido.MidiFile(path).tracks[0]
    return [round(mido.tempo2bpm(message.tempo), 2) for message in first if message.type == "set_tempo"]


def save_line(path: Path, pitches: Sequence[int], rest_ticks: int = 60) -> None:
    """A plain line at 120 bpm, 480 ticks a beat: notes of 60 ticks, rests of `rest_ticks` before each."""
    track = mido.MidiTrack()
    for pitch in pitches:
        track.append(mido.Message("note_on", note=pitch, velocity=80, time=rest_ticks))
        track.append(mido.Message("note_off", note=pitch, time=60))
    mido.MidiFile(tracks=[track], ticks_per_beat=480).save(path)
