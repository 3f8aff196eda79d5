"""Small music files, written byte by byte (Standard MIDI Files 1.0): tests of reading rest on no reader's writer."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import NamedTuple

DRUM_CHANNEL = 9


class Sound(NamedTuple):
    """A note of a file, in its ticks."""

    at: int
    pitch: int
    length: int
    velocity: int = 64


def _varint(value: int) -> bytes:
    out = [value & 0x7F]
    while value := value >> 7:
        out.append(value & 0x7F | 0x80)
    return bytes(reversed(out))


def _chunk(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack(">I", len(body)) + body


def _track(events: list[tuple[int, bytes]]) -> bytes:
    body, now = b"", 0
    for at, message in sorted(events, key=lambda event: event[0]):
        body += _varint(at - now) + message
        now = at
    return _chunk(b"MTrk", body + b"\x00\xff\x2f\x00")


def _note_events(sounds: Sequence[Sound], channel: int) -> list[tuple[int, bytes]]:
    offs = [(s.at + s.length, bytes((0x80 | channel, s.pitch, 0))) for s in sounds]
    ons = [(s.at, bytes((0x90 | channel, s.pitch, s.velocity))) for s in sounds]
    return offs + ons


def midi_bytes(
    *tracks: Sequence[Sound],
    ticks_per_quarter: int = 24,
    meters: Sequence[tuple[int, int, int]] = ((0, 4, 4),),
    drums: Sequence[Sound] = (),
    tempos: Sequence[tuple[int, int]] = (),
) -> bytes:
    """A file of one track for each sequence, with (tick, numerator, denominator) meters, perhaps a drum track, and
    (tick, microseconds a quarter) tempos."""
    head = [(at, bytes((0xFF, 0x58, 4, n, d.bit_length() - 1, 24, 8))) for at, n, d in meters]
    head += [(at, b"\xff\x51\x03" + microseconds.to_bytes(3, "big")) for at, microseconds in tempos]
    bodies = [_track(head), *(_track(_note_events(sounds, 0)) for sounds in tracks)]
    if drums:
        bodies.append(_track(_note_events(drums, DRUM_CHANNEL)))
    return _chunk(b"MThd", struct.pack(">HHH", 1, len(bodies), ticks_per_quarter)) + b"".join(bodies)


def tune(seed: int, notes: int = 64, length: int = 12) -> list[Sound]:
    """A melody that a small net can learn: a scale whose turns depend on the seed, with dynamics."""
    scale = (0, 2, 4, 5, 7, 9, 11, 12)
    place, sounds = seed % 8, []
    for i in range(notes):
        sounds.append(Sound(i * length, 60 + scale[place], length, 50 + 10 * (i % 4)))
        place = (place + 1 + (seed >> (i % 8)) % 5) % 8
    return sounds


def random_melody(seed: int, transposed: int = 0, notes: int = 200) -> list[Sound]:
    """A melody like no other."""
    rng = Random(seed)
    at, sounds = 0, []
    for _ in range(notes):
        length = rng.choice((6, 12, 24))
        sounds.append(Sound(at, rng.randrange(48, 72) + transposed, length, rng.randrange(40, 90)))
        at += length
    return sounds


def write_corpus(folder: Path, pieces: int, notes: int = 64) -> Path:
    """A folder of tunes, each different."""
    folder.mkdir(parents=True, exist_ok=True)
    for seed in range(pieces):
        (folder / f"tune-{seed:02d}.mid").write_bytes(midi_bytes(tune(seed * 37 + 11, notes)))
    return folder
