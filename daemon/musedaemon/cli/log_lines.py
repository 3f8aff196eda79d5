"""What the parts of a session put into Python's log is told as all else is: by the session's report, in its format."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_log = logging.getLogger("musedaemon")


class _LogLines(logging.Handler):
    """From warnings on; any thread. A traceback follows its message, in the same text."""

    def __init__(self, warn: Callable[[str], None]) -> None:
        super().__init__(logging.WARNING)
        self._warn = warn

    def emit(self, record: logging.LogRecord) -> None:
        """Tell one."""
        self._warn(self.format(record))


@contextmanager
def log_told_by(warn: Callable[[str], None]) -> Iterator[None]:
    """While the body runs, `warn` hears what is logged, and what a thread died of that nobody waits for; else Python
    would print it as it is, among lines of JSON.
    """
    lines, printing = _LogLines(warn), threading.excepthook
    _log.addHandler(lines)
    threading.excepthook = _log_death
    try:
        yield
    finally:
        threading.excepthook = printing
        _log.removeHandler(lines)


def _log_death(died: threading.ExceptHookArgs) -> None:
    name = died.thread.name if died.thread else "without a name"
    _log.error("the thread %s has died; please report it", name, exc_info=died.exc_value)
