"""How much memory a process has of its own, and whether that grows. Linux."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np


class Growth(NamedTuple):
    """Megabytes at the first and the last sample, and per hour of the time axis, by least squares over all."""

    first: float
    last: float
    per_hour: float

    def __str__(self) -> str:
        return f"{self.first:.1f} MB -> {self.last:.1f} MB, {self.per_hour:+.2f} MB an hour"


def own_megabytes(process: int | str = "self") -> float:
    """Resident memory that is not shared with others (JACK maps 100 MB of its own into every client)."""
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith(("RssAnon", "RssFile"))) / 1024


def growth(samples: Sequence[tuple[float, float]]) -> Growth:
    """Of samples of (seconds, megabytes); the first fifth is warming up and does not count."""
    steady = samples[len(samples) // 5 :]
    times, sizes = np.array(steady).T
    slope = np.polyfit(times, sizes, 1)[0]
    return Growth(float(sizes[0]), float(sizes[-1]), float(slope) * 3600)
