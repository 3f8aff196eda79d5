"""Starting the processes that own ports. One may stand by: Python takes a fifth of a second to start, on a busy machine
ten times that, and a port that comes back is to be open at once.
"""

from __future__ import annotations

import subprocess
from contextlib import suppress

from musedaemon.own_process import Process, started


class Standby:
    """Starts the processes of one module, each of which waits to be told what to do. Used by one thread at a time."""

    def __init__(self, module: str) -> None:
        self._module = module
        self._ready: Process | None = None

    def make_ready(self) -> None:
        """One will be wanted soon. It ends with this process, like the others."""
        if self._ready is None or self._ready.poll() is not None:
            self._ready = started(self._module)

    def take(self) -> Process:
        """One that has been told nothing yet."""
        self._ready, ready = None, self._ready
        return ready if ready is not None and ready.poll() is None else started(self._module)

    def dismiss(self) -> None:
        """None will be wanted any more."""
        self._ready, ready = None, self._ready
        if ready is not None and ready.stdin and ready.stdout:
            ready.stdin.close()
            with suppress(subprocess.TimeoutExpired):
                ready.wait(1.0)
            ready.stdout.close()
