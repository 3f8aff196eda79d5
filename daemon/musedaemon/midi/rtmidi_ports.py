"""The ports of ALSA, JACK, CoreMIDI and WinMM as our `PortSystem`, by rtmidi.

Import it late: it loads the system's MIDI libraries.
"""

from __future__ import annotations

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
from musedaemon.midi.rtmidi_open import OpenInput, OpenOutput, open_ports, reason_of, rtmidi

_APIS: dict[str, tuple[int, str]] = {
    "alsa": (rtmidi.API_LINUX_ALSA, "ALSA"),
    "coremidi": (rtmidi.API_MACOSX_CORE, "CoreMIDI"),
    "winmm": (rtmidi.API_WINDOWS_MM, "WinMM"),
    "jack": (rtmidi.API_UNIX_JACK, "JACK"),
}
"""Ours for "auto" in this order: the platform's own first, JACK when that fails."""

_LOOKING = "musedaemon-ports"
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

    def open_input(self, name: str, receive: Receive, own_name: str = VIRTUAL_INPUT) -> InputPort:
        """Listen to the port that `name` finds; `receive` runs on rtmidi's thread."""
        with self._new_client(rtmidi.MidiIn, _client_name(own_name)) as client:
            port = OpenInput(client, receive, self._now)
            port.name = _connect(client, name, "input", own_name)
            return port

    def open_output(self, name: str) -> OutputPort:
        """Send to the port that `name` finds."""
        with self._new_client(rtmidi.MidiOut, _client_name(VIRTUAL_OUTPUT)) as client:
            port = OpenOutput(client)
            port.name = _connect(client, name, "output", VIRTUAL_OUTPUT)
            return port

    def system_lost(self) -> None:
        """What is sent to a port of JACK's is refused from now on: libjack has freed what is under it."""
        if self.api == "JACK":
            for port in open_ports():
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
            port = OpenInput(client, receive, self._now)
            port.name = self._open_virtual(client, name)
            return port

    def open_virtual_output(self, name: str) -> OutputPort:
        """A port of our own that others listen to."""
        with self._new_client(rtmidi.MidiOut, _client_name(name)) as client:
            port = OpenOutput(client)
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
        older = open_ports()
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
        return PortAbsentError(f"{self.api} does not answer ({reason_of(error)}); {_ADVICE[self._name]}.")


def _connect(client: Any, wanted: str, direction: str, own_name: str) -> str:
    """Connect a client to the port that `wanted` finds; its full name."""
    names: list[str] = client.get_ports()
    name = find_port(wanted, names, direction)
    client.open_port(names.index(name), own_name)
    return name


def _client_name(port_name: str) -> str:
    """JACK and ALSA show "client:port". Input and output need two names, or the second one gets a number."""
    return port_name.replace(" ", "-")
