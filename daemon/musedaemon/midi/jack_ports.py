"""Ports of JACK whose messages come and leave at their exact frame, each a process of its own.

rtmidi lets all that leaves go at the start of a period, which at 1,024 frames is 21 ms long, and tells of what comes in
no more than the period. Python can do better (`midi/jack_client.py`), but JACK takes nothing from a client that is late
in a period, hands it nothing, and makes all the others wait for it; and a callback of a process that also runs the
model is late: at 64 frames an output lost a note in seven while the model stepped without a pause.
"""

from __future__ import annotations

import logging
from contextlib import nullcontext

from musedaemon.errors import PortAbsentError, PortError
from musedaemon.midi.jack_lookout import look_once
from musedaemon.midi.jack_time import JackTime, LedClock
from musedaemon.midi.port_process import Urgently
from musedaemon.midi.ports import PortSystem
from musedaemon.midi.presence import Sight
from musedaemon.midi.process_ports import ProcessPorts

_log = logging.getLogger(__name__)

_SENDER = "musedaemon.run.jack_sender"
_RECEIVER = "musedaemon.run.jack_receiver"


def with_frame_times(
    system: PortSystem, clock: LedClock, realtime: str = "auto", urgently: Urgently = nullcontext
) -> PortSystem:
    """The same system, but where it is JACK and JACK-Client can be loaded one whose messages have their frames.

    Then JACK leads the clock. `realtime` is the setting, and `urgently` gives it to a thread of this process.
    """
    if system.api != "JACK" or not _can_be_loaded():
        return system
    return JackFramePorts(system, clock, realtime, urgently)


def _can_be_loaded() -> bool:
    try:
        import musedaemon.midi.jack_client  # noqa: F401
    except PortError as error:
        _log.debug("%s", error)
        return False
    return True


class JackFramePorts(ProcessPorts):
    """Over JACK: outputs are senders (`run/jack_sender.py`), inputs receivers (`run/jack_receiver.py`)."""

    def __init__(self, others: PortSystem, clock: LedClock, realtime: str, urgently: Urgently) -> None:
        super().__init__(others, JackTime(clock), _SENDER, _RECEIVER, [realtime], urgently)

    def input_names(self) -> list[str]:
        """The ports one can listen to, as they are this moment."""
        return list(_sight().inputs)

    def output_names(self) -> list[str]:
        """The ports one can send to, as they are this moment."""
        return list(_sight().outputs)


def _sight() -> Sight:
    """By libjack, and not by rtmidi: that holds Python's lock while it waits for JACK, which may be waiting for us."""
    sight = look_once()
    if sight is None:
        raise PortAbsentError("JACK does not answer; start JACK (jackd, or PipeWire's pw-jack) and try again.")
    return sight
