"""Ways to break a .mid file, each a function of random numbers and good files' bytes."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Sequence
from random import Random

Broken = Callable[[Random, Sequence[bytes]], bytes]
"""From random numbers and some good files to the bytes of a bad one."""

_HEADER = 14
_EMPTY_TRACK = b"MTrk\x00\x00\x00\x04\x00\xff\x2f\x00"


def bits_flipped(random: Random, good: Sequence[bytes]) -> bytes:
    """Up to 20 bits anywhere, the header included."""
    data = bytearray(random.choice(good))
    for _ in range(random.randint(1, 20)):
        data[random.randrange(len(data))] ^= 1 << random.randrange(8)
    return bytes(data)


def bytes_overwritten(random: Random, good: Sequence[bytes]) -> bytes:
    """A stretch of noise behind the header."""
    data = random.choice(good)
    at = random.randrange(_HEADER, len(data))
    noise = random.randbytes(random.randint(1, 64))
    return data[:at] + noise + data[at + len(noise) :]


def cut_short(random: Random, good: Sequence[bytes]) -> bytes:
    """The beginning alone."""
    data = random.choice(good)
    return data[: random.randrange(len(data))]


def bytes_lost(random: Random, good: Sequence[bytes]) -> bytes:
    """Some bytes missing from the middle."""
    data = random.choice(good)
    at = random.randrange(_HEADER, len(data))
    return data[:at] + data[at + random.randint(1, 30) :]


def junk_behind(random: Random, good: Sequence[bytes]) -> bytes:
    """More bytes than the chunks tell of."""
    return random.choice(good) + random.randbytes(random.randint(1, 500))


def chunk_length_lies(random: Random, good: Sequence[bytes]) -> bytes:
    """A chunk, the header's too, of another length than it has."""
    data = random.choice(good)
    at = random.choice([0, *_tracks(data)])
    length = random.choice([0, 1, 3, 5, 7, 0x7FFFFFFF, 0xFFFFFFFF, random.randrange(2 * len(data))])
    return data[: at + 4] + length.to_bytes(4) + data[at + 8 :]


def endless_delta(random: Random, good: Sequence[bytes]) -> bytes:
    """Times of five bytes and more, negative ones to readers that count in 32 bits."""
    return _inserted(random, good, b"\xff" * random.choice([4, 5, 8, 5000]) + b"\x7f")


def longest_delta(random: Random, good: Sequence[bytes]) -> bytes:
    """A time of 268 million ticks."""
    return _inserted(random, good, b"\xff\xff\xff\x7f\x90\x3c\x40" * random.randint(1, 50))


def tempo_odd(random: Random, good: Sequence[bytes]) -> bytes:
    """The slowest and the fastest tempi, none at all, and tempi of the wrong length."""
    tempo = random.choice([b"\x03\xff\xff\xff", b"\x03\x00\x00\x01", b"\x03\x00\x00\x00", b"\x01\x07", b"\x00"])
    return _inserted(random, good, b"\x00\xff\x51" + tempo)


def slow_and_long(random: Random, good: Sequence[bytes]) -> bytes:
    """Weeks or years."""
    tempo, time = b"\x00\xff\x51\x03\xff\xff\xff", random.choice([b"\x8f\xff\x7f", b"\xff\xff\xff\x7f"])
    data = _inserted(random, good, tempo + time + b"\x90\x3c\x40" + time + b"\x90\x3c\x00")
    return data[:12] + random.randint(1, 480).to_bytes(2) + data[14:]


def division_odd(random: Random, good: Sequence[bytes]) -> bytes:
    """No ticks a beat, one, the most, and film frames."""
    data = random.choice(good)
    return data[:12] + random.choice([b"\0\0", b"\0\1", b"\x7f\xff", b"\xe7\x28", b"\xff\xff"]) + data[14:]


def another_format(random: Random, good: Sequence[bytes]) -> bytes:
    """Patterns, and formats that there are not."""
    data = random.choice(good)
    return data[:8] + random.choice([2, 2, 3, 255, 65_535]).to_bytes(2) + data[10:]


def track_count_lies(random: Random, good: Sequence[bytes]) -> bytes:
    """More or fewer tracks than there are."""
    data = random.choice(good)
    return data[:10] + random.choice([0, 1, 65_535, random.randrange(65_536)]).to_bytes(2) + data[12:]


def many_tracks(random: Random, good: Sequence[bytes]) -> bytes:
    """As many tracks as a header can tell of, one of them a good one."""
    data = random.choice(good)
    count = random.choice([1_000, 65_535])
    body = data[_tracks(data)[0] :] if _tracks(data) else b""
    return data[:8] + b"\x00\x01" + count.to_bytes(2) + data[12:14] + _EMPTY_TRACK * (count - 1) + body


def tracks_spliced(random: Random, good: Sequence[bytes]) -> bytes:
    """The beginning of one file, the end of another."""
    first, second = random.choice(good), random.choice(good)
    return first[: random.randrange(_HEADER, len(first))] + second[random.randrange(len(second)) :]


def endless_running_status(random: Random, good: Sequence[bytes]) -> bytes:
    """Thousands of notes under one status, all at once or a tick apart, without ends."""
    time = random.choice([b"\x00", b"\x01", b"\x60"])
    notes = b"".join(time + bytes((random.randrange(128), random.randrange(128))) for _ in range(5_000))
    body = b"\x00\x90\x3c\x40" + notes
    return random.choice(good)[:8] + b"\0\1\0\1\x01\xe0MTrk" + len(body).to_bytes(4) + body


def status_missing(random: Random, good: Sequence[bytes]) -> bytes:
    """Data bytes where a status should stand."""
    data = random.choice(good)
    places = [at for at in range(_HEADER, len(data)) if data[at] >= 0x80]
    gone = set(random.sample(places, min(len(places), random.randint(1, 20))))
    return bytes(byte & 0x7F if at in gone else byte for at, byte in enumerate(data))


def status_everywhere(random: Random, good: Sequence[bytes]) -> bytes:
    """Status bytes where data should stand, real-time and undefined ones among them."""
    data = bytearray(random.choice(good))
    for _ in range(random.randint(1, 20)):
        data[random.randrange(_HEADER, len(data))] = random.randrange(0x80, 0x100)
    return bytes(data)


def sysex_unending(random: Random, good: Sequence[bytes]) -> bytes:
    """System exclusive messages and texts that claim to be longer than the file, or never end."""
    begins = random.choice([b"\x00\xf0", b"\x00\xf7", b"\x00\xff\x01", b"\x00\xff\x7f"])
    return _inserted(random, good, begins + random.choice([b"\xff\xff\xff\x7f", b"\xff\xff\xff\xff\x7f", b"\x05\x01"]))


def long_texts(random: Random, good: Sequence[bytes]) -> bytes:
    """Names and texts of a hundred thousand bytes that are no text."""
    noise = random.randbytes(100_000)
    return _inserted(random, good, b"\x00\xff" + random.choice([b"\x01", b"\x03"]) + b"\x86\x8d\x20" + noise)


def text(random: Random, good: Sequence[bytes]) -> bytes:
    """Something else under the name of a MIDI file."""
    return random.choice([b"", b"\n", b"C D E F G", b"MThd", b"<html>" * 99, b"\xef\xbb\xbfMThd", bytes(5_000)])


def compressed(random: Random, good: Sequence[bytes]) -> bytes:
    """A MIDI file in gzip's format, and a bomb in it."""
    return gzip.compress(random.choice([random.choice(good), bytes(5_000_000)]))


def noise_behind_header(random: Random, good: Sequence[bytes]) -> bytes:
    """A good header, and a track of random bytes."""
    body = random.randbytes(random.randint(0, 3_000))
    return b"MThd\0\0\0\6\0\1\0\1\x01\xe0MTrk" + len(body).to_bytes(4) + body


WAYS: tuple[Broken, ...] = (
    bits_flipped,
    bytes_overwritten,
    cut_short,
    bytes_lost,
    junk_behind,
    chunk_length_lies,
    endless_delta,
    longest_delta,
    tempo_odd,
    slow_and_long,
    division_odd,
    another_format,
    track_count_lies,
    many_tracks,
    tracks_spliced,
    endless_running_status,
    status_missing,
    status_everywhere,
    sysex_unending,
    long_texts,
    text,
    compressed,
    noise_behind_header,
)


def _tracks(data: bytes) -> list[int]:
    """Where the track chunks of a good file begin."""
    found, at = [], 8 + int.from_bytes(data[4:8])
    while at + 8 <= len(data):
        if data[at : at + 4] == b"MTrk":
            found.append(at)
        at += 8 + int.from_bytes(data[at + 4 : at + 8])
    return found


def _inserted(random: Random, good: Sequence[bytes], events: bytes) -> bytes:
    """Events at the beginning of a track, whose length tells of them."""
    data = random.choice(good)
    if not (tracks := _tracks(data)):
        return data[:_HEADER] + b"MTrk" + len(events).to_bytes(4) + events
    at = random.choice(tracks)
    length = int.from_bytes(data[at + 4 : at + 8]) + len(events)
    return data[: at + 4] + length.to_bytes(4) + events + data[at + 8 :]
