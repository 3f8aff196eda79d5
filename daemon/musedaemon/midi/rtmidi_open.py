"""Open ports of rtmidi: whoever has one sends or hears by it, and closes it, without knowing rtmidi.

rtmidi has no type stubs, raises its own errors, kills the process when a deleted client sends, and drops without a
trace what a callback raises. None of it gets past this file and `rtmidi_ports`, which makes these.
"""

from __future__ import annotations

import ctypes
import gc
import logging
import threading
import time
import weakref
from collections.abc import Callable
from typing import Any

from musedaemon.errors import PortError
from musedaemon.midi.ports import Receive
from musedaemon.midi.stamps import Stamps

try:
    import rtmidi as rtmidi  # type: ignore[import-untyped]  # also for `rtmidi_ports`
except ImportError as error:  # its Linux wheels need the system's libasound
    raise PortError(
        f"The MIDI library cannot be loaded ({error}); install libasound2 (its Debian name), or use .mid files."
    ) from error

_log = logging.getLogger(__name__)

_HEARD_IN = 0.06
"""Seconds: two periods of 1,024 frames at 48 kHz, and some more."""
_CALLBACK_ENDS_IN = 0.02
"""Seconds a callback in progress gets to end: a hundred times what it takes."""


class _Port:
    """An open port of ours. Its calls exclude each other: rtmidi crashes the process on a deleted client."""

    def __init__(self, client: Any) -> None:
        self.name = ""
        self._client: Any | None = client
        self._lock = threading.Lock()
        _open_ports.add(self)

    def close(self) -> None:
        """Deliver what was sent, then close; closing twice is fine. Waits at most a second on a dead JACK server."""
        with self._lock:
            client, self._client = self._client, None
            if client is not None:
                self._end(client)

    def abandon(self) -> None:
        """Forget the client for good: libjack has freed what is under it, and to delete it would crash."""
        with self._lock:
            if self._client is not None:
                _log.info("MIDI port %s: the JACK server it was on is gone", self.name)
                ctypes.pythonapi.Py_IncRef(ctypes.py_object(self._client))
                self._client = None

    def _end(self, client: Any) -> None:
        """`close_port` before `delete`: it is what waits until the last messages have left."""
        try:
            client.close_port()
        except rtmidi.RtMidiError as error:
            _log.warning("MIDI port %s: %s", self.name, reason_of(error))
        finally:
            client.delete()


_open_ports: weakref.WeakSet[_Port] = weakref.WeakSet()
"""All of this process: libjack loses all its clients at once."""


def open_ports() -> list[_Port]:
    """Those of this process, of whatever system."""
    return list(_open_ports)


class OpenOutput(_Port):
    """An open output."""

    def _end(self, client: Any) -> None:
        """Leave the last messages time to be heard.

        `close_port` waits until they have left the port, not until those behind it have had their turn in the same
        period: on a busy machine a last note-off was lost in one of 18 closings.
        """
        time.sleep(_HEARD_IN)
        super()._end(client)

    ahead_s = 0.0
    """rtmidi knows no other time than now."""
    listener = None
    """Nor who listens."""

    def send(self, data: bytes, at: float = 0.0) -> None:
        """Send one whole message now; PortError if the port is closed or the system refuses it."""
        with self._lock:
            if self._client is None:
                raise PortError(f'The MIDI port "{self.name}" is closed; open it again.')
            try:
                self._client.send_message(data)
            except (rtmidi.RtMidiError, ValueError) as error:
                raise PortError(
                    f'The MIDI port "{self.name}" took no message ({reason_of(error)}); check its connection.'
                ) from error


class OpenInput(_Port):
    """An open input. Made before its port is connected, so that not even the first message is missed."""

    def __init__(self, client: Any, receive: Receive, now: Callable[[], float]) -> None:
        super().__init__(client)
        self.failure: Exception | None = None
        self._receive = receive
        self._now = now
        self._stamps = Stamps()
        client.ignore_types(sysex=False, timing=False, active_sense=False)
        client.set_callback(self._heard, self)
        self._callback_cell = _cell_that_holds(self)

    is_gone = False
    """rtmidi never finds out."""

    def _heard(self, message: tuple[list[int], float], _data: object = None) -> None:
        """On rtmidi's thread, for each message. What escapes from here is lost in silence, so nothing does."""
        try:
            data, since_last = message
            self._receive(bytes(data), self._stamps.stamp(self._now(), since_last))
        except Exception as error:
            if self.failure is None:
                _log.exception("MIDI input %s: a message was lost", self.name)
                self.failure = error

    def _end(self, client: Any) -> None:
        """Cancel the callback first, and give one in progress the time to end.

        rtmidi keeps the interpreter lock while it waits for its thread, and a callback that has begun waits for that
        lock: they would wait for ever (measured, under a flood).
        """
        client.cancel_callback()
        time.sleep(_CALLBACK_ENDS_IN)
        super()._end(client)


def _cell_that_holds(data: object) -> list[object]:
    """rtmidi's own (function, data) cell of a callback, so that it outlives `cancel_callback`.

    rtmidi frees it there, while a callback that has begun and waits for the interpreter lock is still to read it.
    """
    return [cell for cell in gc.get_referrers(data) if isinstance(cell, tuple)]


def reason_of(error: Exception) -> str:
    """rtmidi's words without the name of its C++ method and without its punctuation."""
    return str(error).rpartition("::")[2].partition(": ")[2].rstrip(".?! ") or str(error).rstrip(".?! ")
