"""Outputs with a guardian: each is sent to by a process of its own that releases what sounds when the daemon dies."""

from __future__ import annotations

from collections.abc import Callable

from musedaemon.midi.jack_ports import JackFramePorts
from musedaemon.midi.port_time import MachineTime
from musedaemon.midi.ports import PortSystem
from musedaemon.midi.process_ports import SenderPorts

_GUARDIAN = "musedaemon.run.guardian"


def with_guardian(system: PortSystem, now: Callable[[], float], realtime: str = "auto") -> PortSystem:
    """The same system, whose outputs have a guardian; those of `JackFramePorts` have one of their own.

    `now` is the clock of the times that messages are to leave at (seconds), `realtime` the setting.
    """
    return system if isinstance(system, JackFramePorts) else GuardedPorts(system, now, realtime)


class GuardedPorts(SenderPorts):
    """Of rtmidi's, whose outputs are guardians (`run/guardian.py`)."""

    def __init__(self, others: PortSystem, now: Callable[[], float], realtime: str) -> None:
        super().__init__(others, MachineTime(now), _GUARDIAN, [realtime, others.api.lower()])
