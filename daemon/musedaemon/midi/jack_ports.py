"""Outputs of JACK whose messages leave at their exact frame, each sent by a process of its own.

rtmidi lets all of them leave at the start of a period, which at 1,024 frames is 21 ms long. Python can do better
(`midi/jack_output.py`), but JACK takes nothing from a client that is late in a period, and a callback of a process that
also runs the model is late: at 64 frames it lost a note in seven while the model stepped without a pause.
"""

from __future__ import annotations

import logging
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from queue import Empty, Queue

from musedaemon.errors import PortError
from musedaemon.midi.ports import VIRTUAL_OUTPUT, InputPort, OutputPort, PortSystem, Receive, find_port

_log = logging.getLogger(__name__)

HEADER = struct.Struct("<dH")
"""Before each message's bytes: the second it is to leave at, 0 for at once, on the clock `time.perf_counter`, and how
many bytes it has."""
PERIOD, SERVING, LOST, REFUSED = "period", "serving", "lost", "refused"
"""What the sender tells, a line each: `period RATE FRAMES`, `serving` when all is open, `lost BYTES` of a message that
no period has room for, and `refused SENTENCE`."""

_MOST_BYTES = 0xFFFF
_MARGIN_S = 0.003
"""Before the period in which it leaves, a message is wanted so much earlier: for threads that wake up late."""
_STARTS_IN_S = 20.0
_ENDS_IN_S = 4.0


def with_frame_times(system: PortSystem, now: Callable[[], float], realtime: str = "auto") -> PortSystem:
    """The same system, with outputs that leave at their frame where it is JACK and JACK-Client can be loaded.

    `now` is the clock of the times that messages are to leave at (seconds), `realtime` the setting.
    """
    return JackFramePorts(system, now, realtime) if system.api == "JACK" and _can_be_loaded() else system


def _can_be_loaded() -> bool:
    try:
        import musedaemon.midi.jack_output  # noqa: F401
    except PortError as error:
        _log.debug("%s", error)
        return False
    return True


class JackFramePorts:
    """A `PortSystem` over JACK: inputs and names by another, outputs by senders. One thread at a time."""

    def __init__(self, others: PortSystem, now: Callable[[], float], realtime: str) -> None:
        self.api = others.api
        self._others = others
        self._now = now
        self._realtime = realtime

    def input_names(self) -> list[str]:
        """The ports one can listen to, as they are this moment."""
        return self._others.input_names()

    def output_names(self) -> list[str]:
        """The ports one can send to, as they are this moment."""
        return self._others.output_names()

    def open_input(self, name: str, receive: Receive) -> InputPort:
        """Listen to the port that `name` finds."""
        return self._others.open_input(name, receive)

    def open_virtual_input(self, name: str, receive: Receive) -> InputPort:
        """A port of our own that others send to."""
        return self._others.open_virtual_input(name, receive)

    def open_output(self, name: str) -> OutputPort:
        """Send to the port that `name` finds."""
        target = find_port(name, self.output_names(), "output")
        return JackFrameOutput(target, [self._realtime, VIRTUAL_OUTPUT, target], self._now)

    def open_virtual_output(self, name: str) -> OutputPort:
        """A port of our own that others listen to."""
        return JackFrameOutput(name, [self._realtime, name], self._now)


class JackFrameOutput:
    """An open output: one thread sends to its process and closes it. A thread of its own hears what that tells.

    `sender` is what the process is told (see `run/jack_sender.py`).
    """

    def __init__(self, name: str, sender: list[str], now: Callable[[], float]) -> None:
        self.name = name
        self.ahead_s = 0.0
        """A message is to be handed over so long before it is to leave: the period, and a margin."""
        self._began = _difference(time.perf_counter, now)
        self._refusal = ""
        self._serves: Queue[bool] = Queue()
        self._closed = False
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "musedaemon.run.jack_sender", *sender],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self._ear = threading.Thread(target=self._listen, name="musedaemon jack", daemon=True)
        self._ear.start()
        self._wait_until_it_serves()

    def send(self, data: bytes, at: float = 0.0) -> None:
        """Hand over one whole message to leave `at` (seconds), or with the next period where that is past."""
        if self._closed:
            raise PortError(f'The MIDI port "{self.name}" is closed; open it again.')
        if not 0 < len(data) <= _MOST_BYTES:
            raise PortError(f'The MIDI port "{self.name}" took no message ({len(data)} bytes); check what sent it.')
        leaves = at + self._began if at > 0.0 else 0.0
        try:
            assert self._process.stdin is not None
            self._process.stdin.write(HEADER.pack(leaves, len(data)) + data)
            self._process.stdin.flush()
        except OSError as error:
            self._ear.join(_ENDS_IN_S)
            raise PortError(self._refusal or f"The process that sends to JACK is gone ({error}).") from error

    def close(self) -> None:
        """Deliver what was sent, then close; closing twice is fine. Waits some seconds for a server that hangs."""
        if self._closed:
            return
        self._closed = True
        assert self._process.stdin is not None
        with suppress(OSError):  # it is gone: there is nothing to deliver to
            self._process.stdin.close()
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
            raise PortError(self._refusal or "JACK does not answer; start JACK and try again.")

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
