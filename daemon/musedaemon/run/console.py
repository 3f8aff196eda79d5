"""What can be typed while a session plays: a word and Enter, where standard input is a terminal."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Mapping

from musedaemon.run.clock import Clock

_TAPS_GO_ON_S = 3.0
"""Seconds: two beats of the slowest tempo that can be tapped."""
_STDIN = 0
_CHUNK = 1_024


def listen_at_terminal(words: Mapping[str, Callable[[], None]]) -> None:
    """From now on a word that is typed on a line of its own does what it stands for, on a thread of the console's. An
    empty line is the empty word.

    The process keeps playing in the background of its shell: what it cannot read there it does without. On the main
    thread.
    """
    if not _is_terminal():
        return
    if hasattr(signal, "SIGTTIN"):
        signal.signal(signal.SIGTTIN, signal.SIG_IGN)  # else reading in the background would stop the music
    threading.Thread(target=_listen, args=(words,), name="musedaemon console", daemon=True).start()


def _is_terminal() -> bool:
    try:
        return os.isatty(_STDIN)
    except OSError:
        return False


def _listen(words: Mapping[str, Callable[[], None]]) -> None:
    """To the end of what is typed. Not by `sys.stdin`: its lock, held by this thread, would crash the way out."""
    held = b""
    try:
        while typed := os.read(_STDIN, _CHUNK):
            *lines, held = (held + typed).split(b"\n")
            for line in lines:
                word = line.decode(errors="replace").strip().lower()
                if word in words:
                    words[word]()
                elif word:
                    print(f"No such word; there is {', '.join(filter(None, words))}.", file=sys.stderr)
    except OSError:
        return


class TerminalTaps:
    """Taps at the terminal: `begin` with the first, `go_on` with each line after it, in time. One thread."""

    def __init__(self, clock: Clock, tap: Callable[[float], None]) -> None:
        """`tap` hears of each (seconds)."""
        self._clock = clock
        self._tap = tap
        self._latest = float("-inf")

    def begin(self) -> None:
        """A tap."""
        self._latest = self._clock.now()
        self._tap(self._latest)

    def go_on(self) -> None:
        """One more, if it comes soon enough to be one."""
        if self._clock.now() - self._latest < _TAPS_GO_ON_S:
            self.begin()
