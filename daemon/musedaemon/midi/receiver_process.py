"""An input whose messages are heard by a process of its own: its callback never waits for the model.

JACK hands on nothing to a client that is late in a period, and while it waits for one, it waits with all the others: a
callback in the daemon's own process, late whenever the model is at work, loses notes and a clock's pulses, and makes
JACK's time stand still. The process is `run/jack_receiver.py`.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from contextlib import nullcontext

from musedaemon.midi.port_process import PortProcess, Urgently
from musedaemon.midi.port_time import PortTime
from musedaemon.midi.port_words import MISSED, READING, reading_of
from musedaemon.midi.ports import Receive
from musedaemon.midi.tally import Tally
from musedaemon.own_process import Process

_log = logging.getLogger(__name__)


class ReceiverProcess:
    """An open input: one thread opens and closes it, a thread of its own hears what the process hands over.

    `process` has been told nothing yet, `words` is what it is told; `port_time` says in which times it speaks;
    the thread lives inside of what `urgently` returns.
    """

    def __init__(
        self,
        name: str,
        process: Process,
        words: Sequence[str],
        port_time: PortTime,
        receive: Receive,
        urgently: Urgently = nullcontext,
    ) -> None:
        self.name = name
        self.failure: Exception | None = None
        self._receive = receive
        self._time = port_time
        self._closed = False
        self._lost = Tally("messages that came in were lost: more than are taken", time.monotonic)
        self._missed = Tally("ms of JACK's time passed unheard: what was held is let go", time.monotonic)
        self._process = PortProcess(
            process, "musedaemon receiver", _nothing, self._hear, self._end, self._take, urgently
        )
        self._process.start(words)

    @property
    def is_gone(self) -> bool:
        """Whether the process has ended by itself."""
        return not self._closed and self._process.has_ended

    def close(self) -> None:
        """Stop listening, then close; closing twice is fine."""
        if not self._closed:
            self._closed = True
            self._process.close()

    def _take(self, stamp: float, data: bytes) -> None:
        """On the thread that hears the process."""
        if self._closed:
            return
        try:
            self._receive(data, self._time.second_of(self, stamp))
        except Exception as error:
            if self.failure is None:
                _log.exception("MIDI input %s: a message was lost", self.name)
                self.failure = error

    def _end(self) -> None:
        """On the thread that hears the process: it has ended, whoever ended it."""
        self._time.forget(self)

    def _hear(self, word: str, others: Sequence[str]) -> None:
        """On the thread that hears the process."""
        if word == READING:
            self._time.follow(self, *reading_of(others))
        elif word == MISSED:
            lost, missed_ms = map(int, others)
            if lost:
                self._lost.count(lost)
            if missed_ms:
                self._missed.count(missed_ms)


def _nothing() -> None:
    """Nothing but the first words is written to it."""
