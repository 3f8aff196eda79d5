"""The first thing of the command that runs: all else is imported where a Ctrl-C already ends it quietly."""

from __future__ import annotations

import signal

INTERRUPTED = 130
"""The exit status of a start that Ctrl-C cut short; a session that was playing ends with 0."""


def start() -> int:
    """Run the command line; its exit status."""
    _outlive_wishes()
    try:
        from musedaemon.cli.main import main

        return main()
    except KeyboardInterrupt:
        return INTERRUPTED


def _outlive_wishes() -> None:
    """What a session is asked for by a signal (`run/outside.py`) does not end one that is only about to start."""
    for name in ("SIGUSR1", "SIGUSR2"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
