from __future__ import annotations

import pytest

from musedaemon.core.accents import Strike
from musedaemon.core.polyphony import most_at_once


@pytest.mark.parametrize(
    ("strikes", "most"),
    [
        ([], 0),
        ([(0.0, 1.0)], 1),
        ([(0.0, 0.5), (0.5, 1.0)], 1),
        # Legato: each key comes up after the next went down.
        ([(0.0, 0.58), (0.5, 1.08), (1.0, 1.5)], 1),
        # Held on below the next notes.
        ([(0.0, 2.0), (0.5, 1.0), (1.0, 1.5)], 2),
        # A staccato chord that does not fall quite together, whatever the order of its keys.
        ([(0.02, 0.06), (0.0, 0.05), (0.04, 0.09)], 3),
        # A quick run, its notes shorter than what a legato lets overlap.
        ([(0.0, 0.09), (0.08, 0.17), (0.16, 0.25)], 1),
        ([(0.0, 1.0), (0.01, 1.0), (1.0, 2.0), (1.01, 2.0), (1.02, 2.0)], 3),
    ],
)
def test_notes_at_once_are_counted_as_they_are_meant(strikes: list[tuple[float, float]], most: int) -> None:
    assert most_at_once([Strike(*strike) for strike in strikes]) == most
