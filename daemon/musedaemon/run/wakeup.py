"""What wakes up the main thread: a signal of the operating system's, another thread, or a deadline.

No handler of a signal does anything but note its number. That can be in the midst of whatever the main thread does,
and so a handler may take no lock that might be the main thread's, nor write where it might just be writing. The wait
ends because C writes a byte into a socket (signal.set_wakeup_fd, on Windows too), and what was asked for is done by
the main thread when it comes to it.
"""

from __future__ import annotations

import select
import signal
import socket
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from types import FrameType

_WORD = b"\0"
"""From another thread; no signal has this number."""
_CHUNK = 4096


class Wakeup:
    """Of one main thread. Made, opened and waited for there; any thread may `ring`."""

    def __init__(self) -> None:
        self._ends: tuple[socket.socket, socket.socket] | None = None
        self._rung = False
        self._noted: set[int] = set()

    @contextmanager
    def noting(self, numbers: Iterable[int]) -> Iterator[None]:
        """While the body runs these signals are noted, and nothing else is done about them but by who `wait`s.

        It may be entered again for more of them.
        """
        with nullcontext() if self._ends else self._open():
            handlers = {number: signal.signal(number, self._note) for number in numbers}
            try:
                yield
            finally:
                for number, handler in handlers.items():
                    signal.signal(number, handler)

    @contextmanager
    def _open(self) -> Iterator[None]:
        hears, tells = socket.socketpair()
        with hears, tells:
            hears.setblocking(False)
            tells.setblocking(False)
            self._ends = hears, tells
            # A full socket wakes up as well, and the numbers are noted elsewhere: nothing is lost by that.
            before = signal.set_wakeup_fd(tells.fileno(), warn_on_full_buffer=False)
            try:
                yield
            finally:
                signal.set_wakeup_fd(before)
                self._ends = None

    def ring(self) -> None:
        """End the wait, or the next one. Any thread."""
        self._rung = True
        ends = self._ends
        if ends:
            with suppress(OSError):  # full: it is woken up anyway; closed: nobody waits any more
                ends[1].send(_WORD)

    def wait(self, seconds: float | None) -> list[int]:
        """Until a signal, a ring or so many seconds have come, None for no deadline; the signals noted since last time.

        What is asked for again before it was answered is answered once. Inside of `noting`.
        """
        assert self._ends is not None
        hears = self._ends[0]
        if not (self._rung or self._noted):
            select.select([hears], [], [], seconds)
        self._rung = False
        with suppress(BlockingIOError):
            while hears.recv(_CHUNK):
                pass
        taken = sorted(self._noted)
        self._noted.difference_update(taken)
        return taken

    def wait_for(self, event: threading.Event) -> None:
        """Until the event is set. KeyboardInterrupt at a Ctrl-C. Inside of `noting` for other signals, which wait.

        The event's own wait would miss a Ctrl-C that comes just before it: C has noted it, and nothing ends the wait.
        """

        def ring() -> None:
            event.wait()
            self.ring()

        with self.noting([signal.SIGINT]):
            threading.Thread(target=ring, name="musedaemon waits", daemon=True).start()
            while not event.is_set():
                if signal.SIGINT in self.wait(None):
                    raise KeyboardInterrupt

    def _note(self, number: int, frame: FrameType | None) -> None:
        self._noted.add(number)
