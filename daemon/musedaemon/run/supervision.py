"""What a service's supervisor is told: that all is up, that the threads answer, that it ends (systemd's sd_notify).

The protocol is sd_notify(3): a datagram of `KEY=value` lines to the socket that NOTIFY_SOCKET names, where a first "@"
stands for Linux's abstract names. Where nobody set it, nothing is told.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable, Mapping
from contextlib import suppress

from musedaemon.run.threads import Ping

_PINGS_A_PERIOD = 3
"""systemd advises two; one more, because an answer comes with the ping after it."""
_LOOK_S = 0.02


class Supervisor:
    """Tells the supervisor. Made and used on the main thread."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        name = environment.get("NOTIFY_SOCKET", "")
        self._address = "\0" + name[1:] if name.startswith("@") else name
        self.watchdog_s = _watchdog_s(environment) if self._address else None
        """Told less often than this (seconds), the supervisor takes us for dead. None where it does not watch."""

    def __bool__(self) -> bool:
        """Whether there is one."""
        return bool(self._address) and hasattr(socket, "AF_UNIX")

    def tell(self, *lines: str) -> None:
        """One message; a supervisor that does not listen is not waited for."""
        if not self:
            return
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as to:
            to.setblocking(False)
            to.sendto("\n".join(lines).encode(errors="surrogateescape"), self._address)

    def reloading(self) -> None:
        """The settings are read anew; `tell("READY=1")` says that it is done."""
        self.tell("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}")


def _watchdog_s(environment: Mapping[str, str]) -> float | None:
    """sd_watchdog_enabled(3): the period, if it is meant for this process."""
    microseconds = environment.get("WATCHDOG_USEC", "")
    meant_for = environment.get("WATCHDOG_PID", str(os.getpid()))
    if not microseconds.isdecimal() or int(microseconds) == 0 or meant_for != str(os.getpid()):
        return None
    return int(microseconds) / 1e6


class Watch:
    """A `Routine`: pings go through the player's thread and the engine's; what comes back is told as being alive."""

    def __init__(self, supervisor: Supervisor, ping: Callable[[], Ping]) -> None:
        self._supervisor = supervisor
        self._ping = ping
        self._sent: Ping | None = None
        self._ready = False
        self._due = 0.0

    def next_deadline(self) -> float:
        """When `advance` has something to do (seconds)."""
        return self._due

    def advance(self, now: float) -> None:
        """Tell that it is alive if the last ping was answered, and send another."""
        if self._sent is None:
            self._sent = self._ping()
        elif self._sent.answered.is_set():
            self._supervisor.tell("WATCHDOG=1" if self._ready else "READY=1")
            self._ready = True
            self._sent = self._ping()
        self._due = now + (self._period_s if self._ready else _LOOK_S)

    def end(self) -> None:
        """The session stops."""
        self._supervisor.tell("STOPPING=1")

    @property
    def _period_s(self) -> float:
        watchdog_s = self._supervisor.watchdog_s
        return watchdog_s / _PINGS_A_PERIOD if watchdog_s else float("inf")
