"""Bytes that nobody means, from a seed."""

from __future__ import annotations

from random import Random

from support.flood import Timed, all_up

_A_SECOND = 200
_LONGEST = 60
_SYSEX_ENDS = b"\xf7"


def garbage(seconds: float, seed: int) -> list[Timed]:
    """Runs of random bytes, each handed over as one message; then what was begun ends, and all keys come up."""
    rng = Random(seed)
    runs = [(index / _A_SECOND, rng.randbytes(rng.randrange(1, _LONGEST))) for index in range(int(seconds * _A_SECOND))]
    return [*runs, (seconds, _SYSEX_ENDS), *all_up(seconds + 0.1)]
