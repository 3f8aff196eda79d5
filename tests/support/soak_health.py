"""What a process and its children take from the machine. Linux."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from support.memory_use import own_megabytes


class Health(NamedTuple):
    """Own memory of a process and of its children (megabytes), and how many of each it has."""

    own_mb: float
    family_mb: float
    children: int
    threads: int
    files: int

    def __str__(self) -> str:
        own = f"{self.own_mb:.1f} MB, {self.threads} threads, {self.files} files"
        return f"{own}; {self.children} children, {self.family_mb:.1f} MB"


def health_of(process: int) -> Health:
    """Now. A child that ends meanwhile does not count."""
    folder = Path(f"/proc/{process}")
    tasks = list((folder / "task").iterdir())
    sizes = [size for task in tasks for child in (task / "children").read_text().split() if (size := _size(child))]
    files = len(list((folder / "fd").iterdir()))
    return Health(own_megabytes(process), sum(sizes), len(sizes), len(tasks), files)


def _size(process: str) -> float:
    try:
        return own_megabytes(process)
    except OSError:
        return 0.0
