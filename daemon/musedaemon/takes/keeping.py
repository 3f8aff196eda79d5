"""The keeper's process as the daemon sees it: told of journals, heard of .mid files, started again if it dies."""

from __future__ import annotations

import json
import subprocess
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from musedaemon.own_process import Process, started
from musedaemon.takes.keeper import BEGUN, FAILED, LOOK_IN, OVER

_ENDS_IN_S = 15.0
"""A take of eight hours is made in 12 s; our units give a service 20 to end."""


class KeeperProcess:
    """Starts it at once. One thread tells; a thread of its own hears.

    `kept` hears of each take that is a .mid file now, `failed` of the journal of each that could not be, and why in one
    sentence without its full stop.
    """

    def __init__(self, kept: Callable[[Path], None], failed: Callable[[Path, str], None]) -> None:
        self._kept = kept
        self._failed = failed
        self._growing: set[Path] = set()
        self._start()

    def begun(self, journal: Path) -> None:
        """A journal is being written."""
        self._growing.add(journal)
        self._say(BEGUN, journal)

    def over(self, journal: Path) -> None:
        """A journal is written to its end."""
        self._growing.discard(journal)
        self._say(OVER, journal)

    def look_in(self, folder: Path) -> None:
        """Journals may have been left in this folder."""
        self._say(LOOK_IN, folder)

    def close(self) -> bool:
        """Wait until every take is a .mid file; False where that takes very long, and goes on by itself."""
        assert self._process.stdin is not None
        with suppress(OSError):
            self._process.stdin.close()
        try:
            self._process.wait(_ENDS_IN_S)
        except subprocess.TimeoutExpired:
            return False
        self._ear.join(_ENDS_IN_S)
        return True

    def _start(self) -> None:
        self._process = started("musedaemon.takes.keeper")
        self._ear = threading.Thread(
            target=self._listen, args=(self._process,), name="musedaemon takes told", daemon=True
        )
        self._ear.start()

    def _say(self, word: str, path: Path) -> None:
        try:
            self._write(word, path)
        except OSError:  # it was killed: another one takes over
            with suppress(OSError):
                self._start()
                for journal in self._growing - {path}:
                    self._write(BEGUN, journal)
                self._write(word, path)

    def _write(self, word: str, path: Path) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps([word, str(path)]).encode() + b"\n")
        self._process.stdin.flush()

    def _listen(self, process: Process) -> None:
        assert process.stdout is not None
        with process.stdout as lines:
            for line in lines:
                word, path, reason = json.loads(line)
                if word == FAILED:
                    self._failed(Path(path), reason)
                else:
                    self._kept(Path(path))
