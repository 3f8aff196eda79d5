"""Signals of the operating system that ask a session for something, and do not end it."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import FrameType

Answers = Mapping[str, Callable[[], None]]
"""What is done at the signal of each name (`SIGUSR2`). It runs between two steps of whatever the main thread does, so
it only puts something into a queue, or tells the user."""


@contextmanager
def answering(answers: Answers) -> Iterator[None]:
    """On the main thread: none of these signals ends the process until the body does. They wait for `listening`.

    Not at once: one that comes while a port opens makes the MIDI system give up.
    """

    def on_signal(number: int, frame: FrameType | None) -> None:
        answers[signal.Signals(number).name]()

    numbers = _present(answers)
    before = {number: signal.signal(number, on_signal) for number in numbers}
    _mask("SIG_BLOCK", numbers)
    try:
        yield
    finally:
        _mask("SIG_UNBLOCK", numbers)
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def listening(answers: Answers) -> Iterator[None]:
    """On the main thread, inside of `answering`: the signals are answered while the body runs."""
    numbers = _present(answers)
    _mask("SIG_UNBLOCK", numbers)
    try:
        yield
    finally:
        _mask("SIG_BLOCK", numbers)


def _present(answers: Answers) -> list[signal.Signals]:
    return [getattr(signal, name) for name in answers if hasattr(signal, name)]


def _mask(how: str, numbers: list[signal.Signals]) -> None:
    """Windows has no masks, and none of these signals."""
    if numbers:
        signal.pthread_sigmask(getattr(signal, how), numbers)
