"""Outputs of JACK whose messages leave at their exact frame, each sent by a process of its own.

rtmidi lets all of them leave at the start of a period, which at 1,024 frames is 21 ms long. Python can do better
(`midi/jack_output.py`), but JACK takes nothing from a client that is late in a period, and a callback of a process that
also runs the model is late: at 64 frames it lost a note in seven while the model stepped without a pause.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from musedaemon.errors import PortError
from musedaemon.midi.ports import PortSystem
from musedaemon.midi.process_ports import ProcessPorts

_log = logging.getLogger(__name__)

_SENDER = "musedaemon.run.jack_sender"


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


class JackFramePorts(ProcessPorts):
    """Over JACK, whose outputs are senders (`run/jack_sender.py`)."""

    def __init__(self, others: PortSystem, now: Callable[[], float], realtime: str) -> None:
        super().__init__(others, now, _SENDER, [realtime])
