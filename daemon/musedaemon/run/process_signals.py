"""Signals of the operating system: those that end a session, and those that ask it for something."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager

Answers = Mapping[str, Callable[[], None]]
"""What is done at the signal of each name (`SIGUSR2`). On the main thread, between two waits (`run/wakeup.py`)."""
NO_ANSWERS: Answers = {}

_ENDING = ("SIGINT", "SIGTERM", "SIGHUP")
"""SIGHUP too: a terminal that is closed leaves no note ringing. Windows has none."""
_HANG_UP = "SIGHUP"


@contextmanager
def held_back(names: Iterable[str]) -> Iterator[None]:
    """On the main thread: these signals wait until they are `let_in`, or another thread of the process takes them.

    One that comes to the main thread while it opens a port makes the MIDI system give up.
    """
    numbers = list(present(names))
    _mask("SIG_BLOCK", numbers)
    try:
        yield
    finally:
        _mask("SIG_UNBLOCK", numbers)


@contextmanager
def let_in(names: Iterable[str]) -> Iterator[None]:
    """On the main thread, inside of `held_back`: these signals come in while the body runs."""
    numbers = list(present(names))
    _mask("SIG_UNBLOCK", numbers)
    try:
        yield
    finally:
        _mask("SIG_BLOCK", numbers)


def present(names: Iterable[str]) -> dict[signal.Signals, str]:
    """Those of these signals that the system has, and their names."""
    return {getattr(signal, name): name for name in names if hasattr(signal, name)}


def ending() -> list[str]:
    """The names of the signals that end a session.

    A hang-up that means something else, or nothing (`nohup`), is left alone.
    """
    usual = (signal.SIG_DFL, signal.default_int_handler)
    return [name for number, name in present(_ENDING).items() if name != _HANG_UP or signal.getsignal(number) in usual]


def _mask(how: str, numbers: list[signal.Signals]) -> None:
    """Windows has no masks, and none of these signals."""
    if numbers:
        signal.pthread_sigmask(getattr(signal, how), numbers)
