"""What can be typed while a session plays: a word and Enter, where standard input is a terminal."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Mapping

_STDIN = 0
_CHUNK = 1_024


def listen_at_terminal(words: Mapping[str, Callable[[], None]]) -> None:
    """From now on a word that is typed on a line of its own does what it stands for, on a thread of the console's.

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
                    print(f"No such word; there is {', '.join(words)}.", file=sys.stderr)
    except OSError:
        return
