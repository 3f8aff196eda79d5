"""What the parts of a session put into Python's log is told as all else is: by the session's report, in its format."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager


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
    """While the body runs, `warn` hears what is logged; else Python would print it as it is, among lines of JSON."""
    log = logging.getLogger("musedaemon")
    lines = _LogLines(warn)
    log.addHandler(lines)
    try:
        yield
    finally:
        log.removeHandler(lines)
