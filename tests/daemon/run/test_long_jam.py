"""A few minutes of what benchmarks/jam.py plays for an hour."""

from __future__ import annotations

import gc
import tracemalloc
from itertools import count
from statistics import median

from support.fakes import FakeModel
from support.long_jam import jam_in_virtual_time
from support.memory_use import growth
from support.playing import jamming

_FLAT_BYTES = 45_000
"""In a third of the jam, some 17 turns, their notes alone would take 50,000 and what the model said of them 200,000."""
_TURNS_A_SAMPLE = 4


def test_a_long_jam_keeps_nothing_of_what_is_over() -> None:
    jam_in_virtual_time(jamming(20.0), FakeModel(certain=False), lambda at: None)  # fills what is filled once for all
    turns, sizes = count(), []

    def at_turn(_at: float) -> None:
        if next(turns) % _TURNS_A_SAMPLE == 0:
            gc.collect()  # Python's own lists of free objects count else
            sizes.append(tracemalloc.get_traced_memory()[0])

    tracemalloc.start()
    try:
        balance, _ = jam_in_virtual_time(jamming(400.0, seed=2), FakeModel(certain=False), at_turn)
    finally:
        tracemalloc.stop()
    third = len(sizes) // 3
    assert median(sizes[2 * third :]) - median(sizes[third : 2 * third]) < _FLAT_BYTES
    assert balance.hanging == {}
    assert balance.turns > 30
    assert balance.withdrawn > 5


def test_growth_is_the_slope_of_what_comes_after_warming_up() -> None:
    samples = [(0.0, 50.0), *((60.0 * minute, 100.0 + minute) for minute in range(1, 10))]
    first, last, per_hour = growth(samples)
    assert (first, last, round(per_hour, 6)) == (102.0, 109.0, 60.0)
