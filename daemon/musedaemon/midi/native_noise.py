"""What C libraries print on the terminal behind Python's back: kept off it, and into the log."""

from __future__ import annotations

import logging
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

_log = logging.getLogger(__name__)
_STDERR = 2


@contextmanager
def quiet_native_stderr() -> Iterator[None]:
    """While inside, what the process writes to file descriptor 2 goes to the debug log instead.

    ALSA and JACK say there what they raise as an error anyway. Process-wide, so for short moments at start and end
    and by one thread at a time. Does nothing where there is no standard error (a service, a windowed program).
    """
    try:
        saved = os.dup(_STDERR)
    except OSError:
        yield
        return
    with tempfile.TemporaryFile() as noise:
        if sys.stderr is not None:
            sys.stderr.flush()
        os.dup2(noise.fileno(), _STDERR)
        try:
            yield
        finally:
            os.dup2(saved, _STDERR)
            os.close(saved)
            noise.seek(0)
            _log_lines(noise.read().decode(errors="replace"))


def _log_lines(text: str) -> None:
    for line in filter(None, map(str.strip, text.splitlines())):
        _log.debug("native: %s", line)
