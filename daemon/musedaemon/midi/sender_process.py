"""An output whose messages are sent by a process of its own: it outlives the daemon, and then releases what sounds.

The processes are `run/guardian.py` and `run/jack_sender.py`.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence

from musedaemon.core.pulse import AHEAD_OF_PERIOD_S
from musedaemon.errors import PortError
from musedaemon.midi.port_process import PortProcess
from musedaemon.midi.port_time import PortTime
from musedaemon.midi.port_words import LISTENED, LOST, PERIOD, READING, reading_of
from musedaemon.midi.record_stream import AT_ONCE
from musedaemon.midi.tally import Tally
from musedaemon.own_process import Process

_log = logging.getLogger(__name__)


class SenderProcess:
    """An open output: one thread sends to its process and closes it. A thread of its own hears what that tells.

    `process` has been told nothing yet, `words` is what it is told; `port_time` says in which times.
    """

    def __init__(self, name: str, process: Process, words: Sequence[str], port_time: PortTime) -> None:
        self.name = name
        self.ahead_s = 0.0
        """A message is to be handed over so long before it is to leave: the period, and a margin."""
        self.listener: threading.Event | None = None
        self._time = port_time
        self._closed = False
        shed = Tally("messages to the MIDI output were left out: more than it takes", time.monotonic)
        self._process = PortProcess(process, "musedaemon sender", shed.count, self._hear, self._end)
        self._process.start(words)

    def send(self, data: bytes, at: float = 0.0) -> None:
        """Hand over one whole message to leave `at` (seconds), or at once where that is past."""
        if self._closed:
            raise PortError(f'The MIDI port "{self.name}" is closed; open it again.')
        if not data:
            raise PortError(f'The MIDI port "{self.name}" took no message (0 bytes); check what sent it.')
        try:
            self._process.pipe.put(data, self._time.stamp_of(self, at) if at > 0.0 else AT_ONCE)
        except OSError as error:
            if isinstance(error, TimeoutError):
                self._process.give_up()
            refusal = self._process.wait_for_refusal()
            told = f'The process that sends to the MIDI port "{self.name}" is gone ({error}); open it again.'
            raise PortError(refusal or told) from error

    def close(self) -> None:
        """Deliver what was sent, then close; closing twice is fine. Waits some seconds for a system that hangs."""
        if not self._closed:
            self._closed = True
            self._process.close()

    def _end(self) -> None:
        """On the thread that hears the process: it has ended, whoever ended it."""
        self._time.forget(self)
        if self.listener:
            self.listener.set()  # whoever waits is to go on, and find out

    def _hear(self, word: str, others: Sequence[str]) -> None:
        """On the thread that hears the process."""
        if word == PERIOD:
            rate, frames = map(int, others)
            self.ahead_s = frames / rate + AHEAD_OF_PERIOD_S
        elif word == LISTENED:
            self.listener = self.listener or threading.Event()
            if int(others[0]):
                self.listener.set()
        elif word == LOST:
            _log.warning("JACK has no room for a message of %s bytes; it is left out, send shorter ones.", *others)
        elif word == READING:
            self._time.follow(self, *reading_of(others))
