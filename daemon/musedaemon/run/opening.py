"""The MIDI system of a session, with all that its settings add to the outputs.

Import it late: rtmidi is slow to import, and a file session needs no MIDI system at all.
"""

from __future__ import annotations

from functools import partial

from musedaemon.config.schema import Config
from musedaemon.midi.guarded_ports import with_guardian
from musedaemon.midi.jack_ports import with_frame_times
from musedaemon.midi.ports import PortSystem
from musedaemon.midi.rtmidi_lookout import awaited_port_system
from musedaemon.midi.rtmidi_ports import open_port_system
from musedaemon.run.clock import SessionClock
from musedaemon.run.patience import Patience, patience
from musedaemon.run.priority import precedence, system_precedence


def open_ports(config: Config, clock: SessionClock) -> PortSystem:
    """The system `api` names, with ports whose messages have their frames, and with a guardian, where that can be.

    `clock` stamps what comes in, and is that of the times at which messages leave; JACK may lead it. PortError if the
    system does not answer, unless the session waits for it.
    """
    realtime = config.timing.realtime
    opener = awaited_port_system if patience(config) is Patience.WAITS else open_port_system
    urgently = partial(precedence, system_precedence(realtime))
    system = with_frame_times(opener(config.ports.api, clock.now), clock, realtime, urgently)
    return with_guardian(system, clock.now, realtime) if config.ports.guardian else system
