"""Real-time priority for the thread that sends the notes: which system grants it how, and what to do where none does.

with precedence("auto") as grant: ...     on the thread itself, for as long as it plays
grant = precedence_here()                 tried on a thread of its own, for whoever only wants to know
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple, Protocol

LEVEL = 5
"""Of 1 to 99 on Linux: before every ordinary program, behind everything that has to do with sound itself."""


class Grant(NamedTuple):
    """Whether the system gives our notes precedence. `told` says how, or why not and what to do: one sentence."""

    granted: bool
    told: str


class Precedence(Protocol):
    """One system's way. Both are called on the thread they are for, and never raise."""

    def ask(self) -> Grant:
        """Ask for real-time priority for the calling thread."""

    def give_back(self) -> None:
        """The thread is about to end."""


class NotAsked:
    """For those who do not want it, and for systems without a way."""

    def __init__(self, why: str) -> None:
        self._why = why

    def ask(self) -> Grant:
        """Not granted, because not asked for."""
        return Grant(False, self._why)

    def give_back(self) -> None:
        """Nothing to give back."""


NOT_ASKED = NotAsked('Real-time priority is not asked for (realtime = "off").')


def ignore(grant: Grant) -> None:
    """For those who need not know."""


def system_precedence(choice: str) -> Precedence:
    """This system's way; `choice` is the setting `realtime`, "auto" or "off"."""
    if choice == "off":
        return NOT_ASKED
    if sys.platform == "linux":
        from musedaemon.run.priority_linux import LinuxPrecedence

        return LinuxPrecedence(LEVEL)
    if sys.platform == "darwin":
        from musedaemon.run.priority_macos import MacPrecedence

        return MacPrecedence()
    if sys.platform == "win32":
        from musedaemon.run.priority_windows import WindowsPrecedence

        return WindowsPrecedence()
    return NotAsked(f"musedaemon knows no real-time priority on {sys.platform}.")


def jack_thread_precedence(choice: str) -> Precedence:
    """The way for JACK's own threads, which have priority already, but on Linux only where its server has it."""
    return system_precedence(choice) if sys.platform == "linux" else NOT_ASKED


@contextmanager
def precedence(way: Precedence) -> Iterator[Grant]:
    """Have it, if granted, for as long as the body runs. On the thread that it is for."""
    grant = way.ask()
    try:
        yield grant
    finally:
        way.give_back()


def precedence_here(choice: str = "auto") -> Grant:
    """Whether this system would grant it now. Any thread may ask: it is tried on one of its own, which ends."""
    answers: list[Grant] = []

    def ask() -> None:
        with precedence(system_precedence(choice)) as grant:
            answers.append(grant)

    thread = threading.Thread(target=ask, name="musedaemon priority")
    thread.start()
    thread.join()
    return answers[0]
