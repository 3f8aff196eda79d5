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
def quiet_native_stderr() -> Iterator[list[str]]:
    """While inside, what the process writes to file descriptor 2 is kept: its lines are in the list at the end.

    ALSA and JACK say there what they raise as an error anyway, so the lines go to the debug log. Process-wide, so for
    short moments and by one thread at a time. Does nothing where there is no standard error (a service, a windowed
    program) or no folder for temporary files.
    """
    lines: list[str] = []
    try:
        noise = tempfile.TemporaryFile()  # noqa: SIM115  # closed below
    except OSError:
        yield lines
        return
    try:
        saved = os.dup(_STDERR)
    except OSError:
        noise.close()
        yield lines
        return
    if sys.stderr is not None:
        sys.stderr.flush()
    os.dup2(noise.fileno(), _STDERR)
    try:
        yield lines
    finally:
        os.dup2(saved, _STDERR)
        os.close(saved)
        noise.seek(0)
        lines += filter(None, map(str.strip, noise.read().decode(errors="replace").splitlines()))
        noise.close()
        for line in lines:
            _log.debug("native: %s", line)
