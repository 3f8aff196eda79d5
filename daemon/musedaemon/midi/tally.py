"""Counts what was left out, and tells it in the log once a second at most."""

from __future__ import annotations

import logging
from collections.abc import Callable

_log = logging.getLogger(__name__)
_TELLS_EVERY_S = 1.0


class Tally:
    """`what` was left out is told with a number before it. Used by one thread at a time; `now` is in seconds."""

    def __init__(self, what: str, now: Callable[[], float]) -> None:
        self._what = what
        self._now = now
        self._untold = 0
        self._told_at = float("-inf")
        self.total = 0
        """How many so far."""

    def count(self, more: int = 1) -> None:
        """So many more."""
        self.total += more
        self._untold += more
        now = self._now()
        if now - self._told_at >= _TELLS_EVERY_S:
            _log.warning("%d %s", self._untold, self._what)
            self._untold, self._told_at = 0, now
