"""Processes of our own, each one module of this package, that outlive the daemon to finish what they do for it."""

from __future__ import annotations

import subprocess
import sys

Process = subprocess.Popen[bytes]


def started(module: str) -> Process:
    """One that is told what to do on its standard input. The folder it is started from is not on its path.

    What ends all programs of a terminal does not reach it: it has a session of its own (POSIX), or no console, for the
    window's end is that of all programs on it (Windows; CREATE_NO_WINDOW in Microsoft's "Process Creation Flags").
    """
    return subprocess.Popen(
        [sys.executable, "-P", "-m", module],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
    )
