"""More than anybody plays, and much that nobody may: a flood of messages and garbage from a seed."""

from __future__ import annotations

from collections.abc import Iterable
from random import Random

Timed = tuple[float, bytes]


def flood(seconds: float, rate: float, seed: int = 0) -> list[Timed]:
    """So many messages a second: notes on all channels, struck twice, ended twice or never, pedals, a clock, garbage.

    In the end every key and pedal comes up, as often as it takes a queue that is full to be empty again.
    """
    rng = Random(seed)
    played = [(index / rate, _message(rng)) for index in range(int(seconds * rate))]
    played += [(seconds * index / (96 * seconds), b"\xf8") for index in range(int(96 * seconds))]
    return [*sorted(played, key=lambda one: one[0]), *all_up(seconds + 1.0)]


def all_up(at: float) -> list[Timed]:
    """Every key and pedal of all channels comes up, from then on, at 3,000 a second."""
    ups = [bytes((0x80 + channel, pitch, 0)) for channel in range(16) for pitch in range(128)]
    ups += [bytes((0xB0 + channel, control, 0)) for channel in range(16) for control in (64, 66, 69)]
    return [(at + index / 3_000, data) for index, data in enumerate(ups)]


def _message(rng: Random) -> bytes:
    channel, pitch = rng.randrange(16), rng.randrange(128)
    kind = rng.random()
    if kind < 0.45:
        return bytes((0x90 + channel, pitch, rng.randrange(128)))  # velocity 0 now and then
    if kind < 0.85:
        return bytes((0x80 + channel, pitch, rng.randrange(128)))
    if kind < 0.95:
        return bytes((0xB0 + channel, rng.choice((1, 7, 64, 64, 66, 69, 120, 121, 123)), rng.choice((0, 127))))
    return rng.choice(_ODD)(rng)


_ODD = (
    lambda rng: bytes((0xE0, rng.randrange(128), rng.randrange(128))),
    lambda rng: bytes((0xF0, *[7] * rng.randrange(400), 0xF7)),
    lambda rng: bytes((0xF0, 1, 0xF8, 2, 0xFE, 0xF7)),  # real-time bytes inside
    lambda rng: bytes((0x90, 60, 80, 62, 80, 60, 0, 62, 0)),  # running status
    lambda rng: bytes((0x90, rng.randrange(128))),  # cut short
    lambda rng: bytes((rng.randrange(128), rng.randrange(128))),  # no status at all
    lambda rng: bytes((0xF7,)),
    lambda rng: bytes((0xFE,)),
)


class Sounding:
    """The notes and pedals that are on at an instrument, by what it has heard."""

    def __init__(self) -> None:
        self.on: set[tuple[int, int]] = set()
        """(status less its bit of on and off, pitch or control)"""
        self._been: set[tuple[int, int]] = set()

    def hear(self, data: bytes) -> None:
        """One message."""
        kind, channel = data[0] & 0xF0, data[0] & 0x0F
        if len(data) != 3:
            return
        if kind in (0x80, 0x90):
            place = (0x90 + channel, data[1])
            (self.on.add if kind == 0x90 and data[2] else self.on.discard)(place)
        elif kind == 0xB0 and data[1] in (64, 66, 69):
            (self.on.add if data[2] >= 64 else self.on.discard)((data[0], data[1]))
        elif kind == 0xB0 and (data[1] == 120 or data[1] >= 123):
            self.on = {place for place in self.on if place[0] != 0x90 + channel}
        self._been |= self.on

    def is_off_already(self, data: bytes) -> bool:
        """Whether it ends a note that has ended, or lifts a pedal that was lifted; what never began it does not."""
        kind, channel = data[0] & 0xF0, data[0] & 0x0F
        if len(data) != 3:
            return False
        if kind == 0x80 or (kind == 0x90 and not data[2]):
            return (0x90 + channel, data[1]) in self._been - self.on
        lifts = kind == 0xB0 and data[1] in (64, 66, 69) and data[2] < 64
        return lifts and (data[0], data[1]) in self._been - self.on


def left_on(messages: Iterable[bytes]) -> set[tuple[int, int]]:
    """(status less its bit of on and off, pitch or control) of the notes and pedals that are on after these."""
    instrument = Sounding()
    for data in messages:
        instrument.hear(data)
    return instrument.on
