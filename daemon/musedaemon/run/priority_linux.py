"""Real-time priority on Linux: SCHED_FIFO for one thread (sched(7))."""

from __future__ import annotations

import os
import sys

from musedaemon.run.priority import Grant

_ADVICE = (
    'put "@audio - rtprio 95" into /etc/security/limits.d/audio.conf, join the group audio and log in again '
    "(a systemd service: LimitRTPRIO=95)"
)


class LinuxPrecedence:
    """Asks for SCHED_FIFO at a level of 1 to 99; child processes do not inherit it."""

    def __init__(self, level: int) -> None:
        self._level = level

    def ask(self) -> Grant:
        """Granted to root, to CAP_SYS_NICE, and up to the limit RLIMIT_RTPRIO. One that has it keeps what it has."""
        if sys.platform != "linux":
            return Grant(False, "The system grants no real-time priority: this is no Linux.")
        try:
            # 0 is the calling thread, not its process. C libraries without threads' priorities (musl) refuse to say.
            if os.sched_getscheduler(0) & ~os.SCHED_RESET_ON_FORK in (os.SCHED_FIFO, os.SCHED_RR):
                level = os.sched_getparam(0).sched_priority
                return Grant(True, f"The notes have real-time priority ({level}) already.")
            os.sched_setscheduler(0, os.SCHED_FIFO | os.SCHED_RESET_ON_FORK, os.sched_param(self._level))
        except OSError as error:
            return Grant(False, f"The system grants no real-time priority ({error.strerror}); {_ADVICE}.")
        return Grant(True, f"The notes have real-time priority (SCHED_FIFO {self._level}).")

    def give_back(self) -> None:
        """It ends with the thread."""
