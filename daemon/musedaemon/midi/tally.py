"""Counts what was left out, and tells it in the log once a second at most."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

_log = logging.getLogger(__name__)
_TELLS_EVERY_S = 1.0


def _in_a_thread(after_s: float, do: Callable[[], None]) -> None:
    timer = threading.Timer(after_s, do)
    timer.daemon = True  # the end of a session waits for no line
    timer.start()


class Tally:
    """`what` was left out is told with a number before it: at once, and then all that came within the second.

    Any thread counts. `now` is in seconds; `later` does something after so many seconds, on a thread of its own.
    """

    def __init__(
        self,
        what: str,
        now: Callable[[], float],
        later: Callable[[float, Callable[[], None]], None] = _in_a_thread,
    ) -> None:
        self._what = what
        self._now = now
        self._later = later
        self._lock = threading.Lock()
        self._untold = 0
        self._told_at = float("-inf")
        self.total = 0
        """How many so far."""

    def count(self, more: int = 1) -> None:
        """So many more."""
        with self._lock:
            is_first = not self._untold
            self.total += more
            self._untold += more
            rests_for = self._told_at + _TELLS_EVERY_S - self._now()
        if rests_for <= 0.0:
            self._tell()
        elif is_first:
            self._later(rests_for, self._tell)

    def _tell(self) -> None:
        with self._lock:
            untold, self._untold, self._told_at = self._untold, 0, self._now()
        if untold:
            _log.warning("%d %s", untold, self._what)
