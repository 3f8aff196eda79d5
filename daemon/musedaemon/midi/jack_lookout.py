"""Looking out for JACK's ports, and for its server, with libjack itself (by ctypes: JACK-Client may not be there).

rtmidi does not hear of a server's end, and its clients show the ports of the dead server for ever. A client of our own
without a process callback is not woken up by the periods, is told of the end in some milliseconds, and of ports that
go at once (JACK API: jack_on_shutdown, jack_set_port_registration_callback).

A dead client is never closed: jack_client_close can wait for ever then (jack2 issue 395). libjack frees it by itself
when the next one is opened.
"""

from __future__ import annotations

import ctypes
import sys
import threading
from collections import deque
from collections.abc import Callable
from ctypes import CFUNCTYPE, POINTER, c_char_p, c_int, c_size_t, c_uint32, c_ulong, c_void_p
from pathlib import Path

from musedaemon.errors import PortError
from musedaemon.midi.presence import Sight

_LIBRARIES = {
    "linux": ("libjack.so.0",),
    "darwin": ("libjack.0.dylib", "/opt/homebrew/lib/libjack.0.dylib", "/usr/local/lib/libjack.0.dylib"),
    "win32": ("libjack64.dll",),
}
_MIDI = b"8 bit raw midi"
_SOURCES, _TARGETS = 2, 1
"""JackPortIsOutput: others can listen to it. JackPortIsInput: others can send to it."""
_NO_START_SERVER = 1
_CLIENT_NAME = b"musedaemon-lookout"

_OnShutdown = CFUNCTYPE(None, c_void_p)
_OnRegistration = CFUNCTYPE(None, c_uint32, c_int, c_void_p)


def _library() -> ctypes.CDLL:
    for name in _LIBRARIES.get(sys.platform, ()):
        try:
            return _declared(ctypes.CDLL(name))
        except (OSError, AttributeError):
            continue
    raise PortError("JACK's library cannot be loaded; install JACK.")


def _declared(library: ctypes.CDLL) -> ctypes.CDLL:
    """Tell ctypes what goes in and comes out. AttributeError if it is no libjack."""
    library.jack_client_open.argtypes = [c_char_p, c_int, POINTER(c_int)]
    library.jack_client_open.restype = c_void_p
    library.jack_client_close.argtypes = [c_void_p]
    library.jack_activate.argtypes = [c_void_p]
    library.jack_on_shutdown.argtypes = [c_void_p, _OnShutdown, c_void_p]
    library.jack_on_shutdown.restype = None
    library.jack_set_port_registration_callback.argtypes = [c_void_p, _OnRegistration, c_void_p]
    library.jack_get_ports.argtypes = [c_void_p, c_char_p, c_char_p, c_ulong]
    library.jack_get_ports.restype = POINTER(c_char_p)
    library.jack_port_by_id.argtypes = [c_void_p, c_uint32]
    library.jack_port_by_id.restype = c_void_p
    library.jack_port_name.argtypes = [c_void_p]
    library.jack_port_name.restype = c_char_p
    library.jack_free.argtypes = [c_void_p]
    library.jack_free.restype = None
    return library


class _Client:
    """One life of the server. The callbacks run on a thread of JACK's."""

    def __init__(self, library: ctypes.CDLL, handle: int, on_change: Callable[[], None]) -> None:
        self._library = library
        self._handle = handle
        self._on_change = on_change
        self._left: deque[str] = deque()
        self.ended = threading.Event()
        self._callbacks = _OnShutdown(self._shut_down), _OnRegistration(self._registered)
        library.jack_on_shutdown(handle, self._callbacks[0], None)
        library.jack_set_port_registration_callback(handle, self._callbacks[1], None)
        library.jack_activate(handle)

    def look(self) -> Sight:
        left = frozenset(self._left.popleft() for _ in range(len(self._left)))
        return Sight(*_names(self._library, self._handle), left)

    def close(self) -> None:
        if not self.ended.is_set():
            self._library.jack_client_close(self._handle)

    def _registered(self, port: int, is_new: int, _data: object) -> None:
        """A port that comes may not be ready yet, and can wait for the next look."""
        if not is_new:
            name = self._library.jack_port_name(self._library.jack_port_by_id(self._handle, port))
            self._left.append((name or b"").decode(errors="replace"))
            self._on_change()

    def _shut_down(self, _data: object) -> None:
        self.ended.set()
        self._on_change()


def _names(library: ctypes.CDLL, client: int) -> tuple[list[str], list[str]]:
    """The ports that others can listen to, and those that they can send to."""
    return _names_of(library, client, _SOURCES), _names_of(library, client, _TARGETS)


def _names_of(library: ctypes.CDLL, client: int, kind: int) -> list[str]:
    found = library.jack_get_ports(client, None, _MIDI, kind)
    if not found:
        return []
    names = []
    for name in found:
        if name is None:
            break
        names.append(name.decode(errors="replace"))
    library.jack_free(found)
    return names


def look_once() -> Sight | None:
    """The ports there are this moment, None where there is no server. PortError where there is no libjack."""
    library = _library()
    _silence(library)
    client = _opened(library)
    if not client:
        return None
    inputs, outputs = _names(library, client)
    library.jack_client_close(client)
    return Sight(inputs, outputs)


def _opened(library: ctypes.CDLL) -> int | None:
    client: int | None = library.jack_client_open(_CLIENT_NAME, _NO_START_SERVER, ctypes.byref(c_int()))
    return client


class JackLookout:
    """A `Lookout` over JACK. `on_change` hears of the server's end, and of ports that go, on a thread of JACK's.

    Raises PortError where there is no libjack.
    """

    def __init__(self, on_change: Callable[[], None]) -> None:
        self._library = _library()
        for library in (self._library, *_copies()):
            _silence(library)
        self._on_change = on_change
        self._client: _Client | None = None
        self._dead: list[_Client] = []

    def look(self) -> Sight | None:
        """The ports there are. None where there is no server, and once for each that ended since the last look."""
        if self._client is None:
            self._client = self._open()
        elif self._client.ended.is_set():
            self._dead.append(self._client)  # its callbacks must outlive what libjack keeps of it
            self._client = None
        return self._client.look() if self._client else None

    def close(self) -> None:
        """Leave the server, if it is there."""
        if self._client:
            self._client.close()
        self._client = None

    def _open(self) -> _Client | None:
        handle = _opened(self._library)
        return _Client(self._library, handle, self._on_change) if handle else None


def _copies() -> list[ctypes.CDLL]:
    """The libjacks this process has loaded: on Linux, rtmidi brings one of its own."""
    maps = Path("/proc/self/maps")
    lines = maps.read_text().splitlines() if maps.exists() else []
    paths = {Path(line[line.index("/") :]) for line in lines if "/" in line}
    return [ctypes.CDLL(str(path)) for path in sorted(paths) if path.name.startswith("libjack")]


def _silence(library: ctypes.CDLL) -> None:
    """libjack prints on standard error what it also returns. It shall call the C library's `strlen` with it instead.

    No function of Python's: libjack may have something to say while the interpreter ends.
    """
    ignore = ctypes.CDLL(None).strlen
    ignore.argtypes, ignore.restype = [c_char_p], c_size_t
    library.jack_set_error_function(ignore)
    library.jack_set_info_function(ignore)
