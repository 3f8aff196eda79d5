"""The first thing of the command that runs: all else is imported where a Ctrl-C already ends it quietly."""

from __future__ import annotations

INTERRUPTED = 130
"""The exit status of a start that Ctrl-C cut short; a session that was playing ends with 0."""


def start() -> int:
    """Run the command line; its exit status."""
    try:
        from musedaemon.cli.main import main

        return main()
    except KeyboardInterrupt:
        return INTERRUPTED
