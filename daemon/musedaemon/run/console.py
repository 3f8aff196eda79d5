"""What can be typed while a session plays: a word and Enter, where standard input is a terminal."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import NamedTuple

_STDIN, _STDOUT, _STDERR = 0, 1, 2
_CHUNK = 1_024
_HELP = ("?", "help")

Answer = Callable[[str], None]
"""Tells a line to whoever typed. On the console's thread."""


class Word(NamedTuple):
    """One that can be typed, under any of its `names`; `does` says what for, in a few words.

    `act` hears what was typed after it; where the word `takes` nothing (a name for what it takes), nothing may be.
    """

    names: tuple[str, ...]
    does: str
    act: Callable[[str], None]
    takes: str = ""


def is_terminal() -> bool:
    """Whether anybody can type."""
    return _is_terminal(_STDIN)


def listen_at_terminal(words: Sequence[Word], on_empty_line: Callable[[], None], tell: Answer) -> None:
    """From now on a word that is typed on a line of its own does what it stands for, on a thread of the console's.

    `?` makes `tell` tell what there is. The process keeps playing in the background of its shell: what it cannot read
    there it does without. On the main thread.
    """
    if not is_terminal():
        return
    if hasattr(signal, "SIGTTIN"):
        signal.signal(signal.SIGTTIN, signal.SIG_IGN)  # else reading in the background would stop the music
    console = _Console(words, on_empty_line, tell)
    threading.Thread(target=console.listen, name="musedaemon console", daemon=True).start()


def leave_echoed_line() -> None:
    """What is told next begins on a line of its own, where the terminal has echoed the Ctrl-C as `^C`."""
    if not _echoes_control_characters():
        return
    for stream in (_STDOUT, _STDERR):
        if _is_terminal(stream):
            with suppress(OSError):
                os.write(stream, b"\n")
            return


class _Console:
    def __init__(self, words: Sequence[Word], on_empty_line: Callable[[], None], tell: Answer) -> None:
        self._words = [*words, Word(_HELP, "tells what can be typed", lambda _: self._help())]
        self._on_empty_line = on_empty_line
        self._tell = tell

    def listen(self) -> None:
        """To the end of what is typed. Not by `sys.stdin`: its lock, held by this thread, would crash the way out."""
        held = b""
        try:
            while typed := os.read(_STDIN, _CHUNK):
                *lines, held = (held + typed).split(b"\n")
                for line in lines:
                    self._take(line.decode(errors="replace").strip().lower())
        except OSError:
            return

    def _take(self, line: str) -> None:
        if not line:
            self._on_empty_line()
            return
        name, _, rest = line.partition(" ")
        word = next((word for word in self._words if name in word.names), None)
        if word is None or (rest and not word.takes):
            self._tell("No such word; ? tells what there is.")
        else:
            word.act(rest.strip())

    def _help(self) -> None:
        typed = [f"{', '.join(word.names)} {word.takes}".rstrip() for word in self._words]
        width = max(map(len, typed))
        for shown, word in zip(typed, self._words, strict=True):
            self._tell(f"  {shown:{width}}  {word.does}")


def _is_terminal(stream: int) -> bool:
    try:
        return os.isatty(stream)
    except OSError:
        return False


def _echoes_control_characters() -> bool:
    try:
        import termios
    except ImportError:  # Windows echoes none
        return False
    try:
        flags: int = termios.tcgetattr(_STDIN)[3]
    except termios.error:
        return False
    return bool(flags & termios.ECHO and flags & termios.ECHOCTL)
