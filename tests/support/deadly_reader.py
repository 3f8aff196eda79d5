"""A reader that dies, or never comes back, at files of certain names: for tests of reading in many processes."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable
from pathlib import Path

from musedaemon_training.pieces import Piece, UnreadableError
from musedaemon_training.reading import read_pieces


def read_or_die(path: Path) -> Iterable[Piece | UnreadableError]:
    """As `read_pieces`, but for `dies*` and `stalls*`."""
    if path.name.startswith("dies"):
        os._exit(9)
    if path.name.startswith("stalls"):
        threading.Event().wait()
    return read_pieces(path)
