"""Outputs of JACK whose messages leave at their exact frame, each sent by a process of its own.

rtmidi lets all of them leave at the start of a period, which at 1,024 frames is 21 ms long. Python can do better
(`midi/jack_output.py`), but JACK takes nothing from a client that is late in a period, and a callback of a process that
also runs the model is late: at 64 frames it lost a note in seven while the model stepped without a pause.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from musedaemon.errors import PortError
from musedaemon.midi.ports import VIRTUAL_OUTPUT, InputPort, OutputPort, PortSystem, Receive, find_port
from musedaemon.midi.sender_process import SenderProcess
from musedaemon.midi.standby import Standby

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


class JackFramePorts:
    """A `PortSystem` over JACK: inputs and names by another, outputs by senders. One thread at a time."""

    def __init__(self, others: PortSystem, now: Callable[[], float], realtime: str) -> None:
        self.api = others.api
        self._others = others
        self._now = now
        self._realtime = realtime
        self._standby = Standby(_SENDER)

    def input_names(self) -> list[str]:
        """The ports one can listen to, as they are this moment."""
        return self._others.input_names()

    def output_names(self) -> list[str]:
        """The ports one can send to, as they are this moment."""
        return self._others.output_names()

    def open_input(self, name: str, receive: Receive) -> InputPort:
        """Listen to the port that `name` finds."""
        return self._others.open_input(name, receive)

    def open_virtual_input(self, name: str, receive: Receive) -> InputPort:
        """A port of our own that others send to."""
        return self._others.open_virtual_input(name, receive)

    def expect_output(self) -> None:
        """An output will be opened soon: its process stands by."""
        self._standby.make_ready()

    def expect_nothing(self) -> None:
        """No output will be opened any more."""
        self._standby.dismiss()

    def open_output(self, name: str) -> OutputPort:
        """Send to the port that `name` finds."""
        target = find_port(name, self.output_names(), "output")
        return SenderProcess(target, self._standby.take(), [self._realtime, VIRTUAL_OUTPUT, target], self._now)

    def open_virtual_output(self, name: str) -> OutputPort:
        """A port of our own that others listen to."""
        return SenderProcess(name, self._standby.take(), [self._realtime, name], self._now)
