"""How often JACK told of a period in which somebody came too late (an xrun), counted without a word of Python's.

A callback in Python waits for the interpreter's lock on the thread on which JACK tells its clients everything. rtmidi
holds that lock while it opens a client; JACK meanwhile tells of each period that this keeps waiting until there is room
for no more, waits until we listen, and never answers rtmidi. So JACK calls the C library's `sem_post` instead.
"""

from __future__ import annotations

import ctypes
from typing import Any

_SIZE = 64
"""Bytes, more than any system's `sem_t` has."""


class Lateness:
    """Counts the late periods of one server from now on. `client` is one of JACK-Client's that is not active yet."""

    def __init__(self, client: Any) -> None:
        import jack  # type: ignore[import-untyped]  # late: without libjack it raises, and the tests skip

        self._semaphore = ctypes.create_string_buffer(_SIZE)
        self._library = ctypes.CDLL(None)
        self._library.sem_init(self._semaphore, 0, 0)
        post = ctypes.cast(self._library.sem_post, ctypes.c_void_p).value
        callback = jack._ffi.cast("JackXRunCallback", post)
        argument = jack._ffi.cast("void *", ctypes.addressof(self._semaphore))
        assert jack._lib.jack_set_xrun_callback(client._ptr, callback, argument) == 0

    @property
    def periods(self) -> int:
        """How many were late so far."""
        value = ctypes.c_int()
        self._library.sem_getvalue(self._semaphore, ctypes.byref(value))
        return value.value
