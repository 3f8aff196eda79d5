"""Python in a process of its own, for what may take it along."""

from __future__ import annotations

import os
import subprocess
import sys


def run_python(code: str, *arguments: str, timeout_s: float = 60.0) -> subprocess.CompletedProcess[str]:
    """What this code, with what the tests can import, said and ended with."""
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=timeout_s,
    )
