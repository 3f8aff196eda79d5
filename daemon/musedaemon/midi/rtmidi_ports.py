"""The one place that touches rtmidi: the ports of ALSA, JACK, CoreMIDI and WinMM as our `PortSystem`.

rtmidi has no type stubs, raises its own errors, kills the process when a deleted client sends, and drops without a
trace what a callback raises. None of it gets past this file. Import it late: it loads the system's MIDI libraries.
"""

from __future__ import annotations

import ctypes
import gc
import logging
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from musedaemon.errors import PortAbsentError, PortError
from musedaemon.midi.native_noise import quiet_native_stderr
from musedaemon.midi.ports import (
    VIRTUAL_INPUT,
    VIRTUAL_OUTPUT,
    InputPort,
    OutputPort,
    PortSystem,
    Receive,
    find_port,
)
from musedaemon.midi.stamps import Stamps

try:
    import rtmidi  # type: ignore[import-untyped]
except ImportError as error:  # its Linux wheels need the system's libasound
    raise PortError(
        f"The MIDI library cannot be loaded ({error}); install libasound2 (its Debian name), or use .mid files."
    ) from error

_log = logging.getLogger(__name__)

_APIS: dict[str, tuple[int, str]] = {
    "alsa": (rtmidi.API_LINUX_ALSA, "ALSA"),
    "coremidi": (rtmidi.API_MACOSX_CORE, "CoreMIDI"),
    "winmm": (rtmidi.API_WINDOWS_MM, "WinMM"),
    "jack": (rtmidi.API_UNIX_JACK, "JACK"),
}
"""Ours for "auto" in this order: the platform's own first, JACK when that fails."""

_LOOKING = "musedaemon-ports"
_HEARD_IN = 0.06
"""Seconds: two periods of 1,024 frames at 48 kHz, and some more."""
_CALLBACK_ENDS_IN = 0.02
"""Seconds a callback in progress gets to end: a hundred times what it takes."""

_CLIENTS_LOST = "clients are still allocated"
"""What libjack prints when a new client finds the server gone that older ones were on, and frees those."""

_ADVICE = {
    "alsa": "load the kernel's sequencer (modprobe snd-seq) or use --api jack",
    "coremidi": "restart the MIDI server in Audio MIDI Setup",
    "winmm": "check the MIDI drivers",
    "jack": "start JACK (jackd, or PipeWire's pw-jack) and try again",
}
_NO_SYSTEM = (
    "No MIDI system answers here (tried {tried}): load ALSA's sequencer (modprobe snd-seq), start JACK, "
    "or use .mid files for --in and --out."
)


def open_port_system(choice: str, now: Callable[[], float]) -> PortSystem:
    """The MIDI system of that name ("auto", "alsa", "jack", "coremidi", "winmm"). PortError if it does not answer.

    "auto" is the platform's own, or JACK when that fails. `now` stamps what comes in, in seconds, and is called on the
    ports' threads. Starts no JACK server and prints nothing.
    """
    compiled = [name for name, (api, _) in _APIS.items() if api in rtmidi.get_compiled_api()]
    if choice != "auto" and choice not in compiled:
        raise PortError(f'This machine has no MIDI system "{choice}"; choose one of auto, {", ".join(compiled)}.')
    candidates = compiled if choice == "auto" else [choice]
    for name in candidates:
        system = RtMidiPorts(name, now)
        try:
            system.input_names()
        except PortError:
            if choice != "auto":
                raise
            continue
        return system
    raise PortAbsentError(_NO_SYSTEM.format(tried=", ".join(_APIS[name][1] for name in candidates) or "none"))


class RtMidiPorts:
    """A `PortSystem` over one API of rtmidi. Each call makes fresh clients: an old one does not see a server die.

    Methods may be called on any thread, one at a time.
    """

    def __init__(self, api_name: str, now: Callable[[], float]) -> None:
        self._name = api_name
        self._api, self.api = _APIS[api_name]
        self._now = now

    def input_names(self) -> list[str]:
        """The ports one can listen to, as they are this moment."""
        return self._names(rtmidi.MidiIn)

    def output_names(self) -> list[str]:
        """The ports one can send to, as they are this moment."""
        return self._names(rtmidi.MidiOut)

    def open_input(self, name: str, receive: Receive) -> InputPort:
        """Listen to the port that `name` finds; `receive` runs on rtmidi's thread."""
        with self._new_client(rtmidi.MidiIn, _client_name(VIRTUAL_INPUT)) as client:
            port = _Input(client, receive, self._now)
            port.name = _connect(client, name, "input", VIRTUAL_INPUT)
            return port

    def open_output(self, name: str) -> OutputPort:
        """Send to the port that `name` finds."""
        with self._new_client(rtmidi.MidiOut, _client_name(VIRTUAL_OUTPUT)) as client:
            port = _Output(client)
            port.name = _connect(client, name, "output", VIRTUAL_OUTPUT)
            return port

    def system_lost(self) -> None:
        """What is sent to a port of JACK's is refused from now on: libjack has freed what is under it."""
        if self.api == "JACK":
            for port in list(_open_ports):
                port.abandon()

    def expect_input(self) -> None:
        """Nothing takes long here."""

    def expect_output(self) -> None:
        """Nothing takes long here."""

    def expect_nothing(self) -> None:
        """Nothing was prepared."""

    def open_virtual_input(self, name: str, receive: Receive) -> InputPort:
        """A port of our own that others send to; `receive` runs on rtmidi's thread."""
        with self._new_client(rtmidi.MidiIn, _client_name(name)) as client:
            port = _Input(client, receive, self._now)
            port.name = self._open_virtual(client, name)
            return port

    def open_virtual_output(self, name: str) -> OutputPort:
        """A port of our own that others listen to."""
        with self._new_client(rtmidi.MidiOut, _client_name(name)) as client:
            port = _Output(client)
            port.name = self._open_virtual(client, name)
            return port

    def clients_without_port(self) -> tuple[Any, Any]:
        """A listener and a sender of rtmidi's, for one who looks for ports again and again."""
        with self._new_client(rtmidi.MidiIn, _LOOKING) as one, self._new_client(rtmidi.MidiOut, _LOOKING) as other:
            return one, other

    def _names(self, kind: Any) -> list[str]:
        with self._new_client(kind, _LOOKING) as client:
            names: list[str] = client.get_ports()
            client.delete()
            return names

    @contextmanager
    def _new_client(self, kind: Any, client_name: str) -> Iterator[Any]:
        """A client of rtmidi (`kind` is MidiIn or MidiOut), deleted again if the body fails."""
        older = list(_open_ports)
        client = None
        try:
            with quiet_native_stderr() as noise:
                client = kind(rtapi=self._api, name=client_name)
                yield client
        except BaseException as error:
            if client is not None:
                client.delete()
            if isinstance(error, rtmidi.RtMidiError):
                raise self._refusal(error) from error
            raise
        finally:
            if any(_CLIENTS_LOST in line for line in noise):
                for port in older:
                    port.abandon()

    def _open_virtual(self, client: Any, name: str) -> str:
        if self._name == "winmm":
            raise PortError(
                "Windows cannot make virtual MIDI ports; make one with loopMIDI and name it with --in and --out."
            )
        client.open_virtual_port(name)
        return name

    def _refusal(self, error: Exception) -> PortAbsentError:
        return PortAbsentError(f"{self.api} does not answer ({_reason(error)}); {_ADVICE[self._name]}.")


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
            _log.warning("MIDI port %s: %s", self.name, _reason(error))
        finally:
            client.delete()


_open_ports: weakref.WeakSet[_Port] = weakref.WeakSet()
"""All of this process: libjack loses all its clients at once."""


class _Output(_Port):
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

    def send(self, data: bytes, at: float = 0.0) -> None:
        """Send one whole message now; PortError if the port is closed or the system refuses it."""
        with self._lock:
            if self._client is None:
                raise PortError(f'The MIDI port "{self.name}" is closed; open it again.')
            try:
                self._client.send_message(data)
            except (rtmidi.RtMidiError, ValueError) as error:
                raise PortError(
                    f'The MIDI port "{self.name}" took no message ({_reason(error)}); check its connection.'
                ) from error


class _Input(_Port):
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


def _connect(client: Any, wanted: str, direction: str, own_name: str) -> str:
    """Connect a client to the port that `wanted` finds; its full name."""
    names: list[str] = client.get_ports()
    name = find_port(wanted, names, direction)
    client.open_port(names.index(name), own_name)
    return name


def _client_name(port_name: str) -> str:
    """JACK and ALSA show "client:port". Input and output need two names, or the second one gets a number."""
    return port_name.replace(" ", "-")


def _reason(error: Exception) -> str:
    """rtmidi's words without the name of its C++ method and without its punctuation."""
    return str(error).rpartition("::")[2].partition(": ")[2].rstrip(".?! ") or str(error).rstrip(".?! ")
