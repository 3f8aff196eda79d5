"""An output whose messages are sent by a process of its own: it outlives the daemon, and then releases what sounds.

A port of ours that others are connected to is that process's, so that it is still there when the daemon was killed: no
MIDI system lets another process take it over. The processes are `run/guardian.py` and `run/jack_sender.py`.
"""

from __future__ import annotations

import logging
import os
import subprocess
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from queue import Empty, Queue

from musedaemon.errors import PortAbsentError, PortError
from musedaemon.midi.message_pipe import MessagePipe, as_message
from musedaemon.midi.standby import Process
from musedaemon.midi.tally import Tally

_log = logging.getLogger(__name__)

PERIOD, SERVING, LOST, REFUSED = "period", "serving", "lost", "refused"
"""What the process tells, a line each: `period RATE FRAMES`, `serving` when all is open, `lost BYTES` of a message that
there is no room for, and `refused SENTENCE`."""

_MARGIN_S = 0.003
"""Before the period in which it leaves, a message is wanted so much earlier: for threads that wake up late."""
_STARTS_IN_S = 20.0
_ENDS_IN_S = 4.0


class SenderProcess:
    """An open output: one thread sends to its process and closes it. A thread of its own hears what that tells.

    `process` has been told nothing yet, `arguments` is what it is told; `now` the clock of the times that messages
    leave at.
    """

    def __init__(self, name: str, process: Process, arguments: list[str], now: Callable[[], float]) -> None:
        self.name = name
        self.ahead_s = 0.0
        """A message is to be handed over so long before it is to leave: the period, and a margin."""
        self._began = _difference(time.perf_counter, now)
        self._refusal = ""
        self._serves: Queue[bool] = Queue()
        self._closed = False
        self._process = process
        stdin, self._process.stdin = self._process.stdin, None
        assert stdin is not None
        descriptor = os.dup(stdin.fileno())  # which no other process inherits: it ends with this one
        stdin.close()
        shed = Tally("messages to the MIDI output were left out: more than it takes", time.monotonic)
        self._pipe = MessagePipe(descriptor, shed.count)
        self._ear = threading.Thread(target=self._listen, name="musedaemon sender", daemon=True)
        self._ear.start()
        with suppress(OSError):  # it has ended: its silence tells
            self._pipe.put(as_message(arguments), 0.0)
        self._wait_until_it_serves()

    def send(self, data: bytes, at: float = 0.0) -> None:
        """Hand over one whole message to leave `at` (seconds), or at once where that is past."""
        if self._closed:
            raise PortError(f'The MIDI port "{self.name}" is closed; open it again.')
        if not data:
            raise PortError(f'The MIDI port "{self.name}" took no message (0 bytes); check what sent it.')
        try:
            self._pipe.put(data, at + self._began if at > 0.0 else 0.0)
        except OSError as error:
            self._ear.join(0.0 if isinstance(error, TimeoutError) else _ENDS_IN_S)
            told = f'The process that sends to the MIDI port "{self.name}" is gone ({error}); open it again.'
            raise PortError(self._refusal or told) from error

    def close(self) -> None:
        """Deliver what was sent, then close; closing twice is fine. Waits some seconds for a system that hangs."""
        if self._closed:
            return
        self._closed = True
        with suppress(OSError):  # it is gone: there is nothing to deliver to
            self._pipe.close(_ENDS_IN_S)
        try:
            self._process.wait(_ENDS_IN_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._ear.join(_ENDS_IN_S)

    def _wait_until_it_serves(self) -> None:
        try:
            serves = self._serves.get(timeout=_STARTS_IN_S)
        except Empty:
            serves = False
        if not serves:
            self.close()
            raise PortAbsentError(self._refusal or "The MIDI system does not answer; start it and try again.")

    def _listen(self) -> None:
        """On a thread of its own, to the end of what the process tells."""
        assert self._process.stdout is not None
        with self._process.stdout as lines:
            for line in lines:
                word, _, what = line.decode(errors="replace").strip().partition(" ")
                if word == PERIOD:
                    rate, frames = what.split()
                    self.ahead_s = int(frames) / int(rate) + _MARGIN_S
                elif word == LOST:
                    _log.warning("JACK has no room for a message of %s bytes; it is left out, send shorter ones.", what)
                elif word == REFUSED:
                    self._refusal = what
                elif word == SERVING:
                    self._serves.put(True)
        self._serves.put(False)


def _difference(one: Callable[[], float], other: Callable[[], float]) -> float:
    """How far one clock is ahead of the other (seconds): of some readings the one that took least."""
    readings = [(one(), other(), one()) for _ in range(9)]
    before, between, after = min(readings, key=lambda reading: reading[2] - reading[0])
    return (before + after) / 2 - between
