"""The guardian: a small process that owns the MIDI output, so that no note hangs however the daemon ends.

    python -m musedaemon.run.guardian

The first it is told are words: auto|off API PORT-NAME [FULL-NAME-TO-CONNECT-TO].

It sends through rtmidi what the daemon writes to it (`run/sending.py`). Killed, crashed or ended in order: the daemon's
end is the end of that stream, and the port is still open then. It imports neither numpy nor a model.
"""

from __future__ import annotations

import gc
import sys
import time

from musedaemon.errors import PortError
from musedaemon.midi.pacing import NO_PACE, Pace, PacedOutput
from musedaemon.midi.port_words import LOST, REFUSED, SERVING
from musedaemon.midi.ports import OutputPort
from musedaemon.midi.record_stream import first_words
from musedaemon.midi.rtmidi_ports import RtMidiPorts
from musedaemon.run.priority import precedence, system_precedence
from musedaemon.run.sending import outlive_daemon, serve, tell

_PACES = {"jack": Pace(room=4_096, rate=400_000.0, longest=16_000)}
"""rtmidi's ring to JACK holds 16 KB: below that by half a period of 2,048 frames at 48 kHz."""


def main(descriptor: int) -> int:
    """The life of the process, which hears the daemon there."""
    outlive_daemon()
    words = first_words(descriptor)
    if not words:
        return 0
    realtime, api, port_name, *targets = words
    try:
        output = _open(api, port_name, targets)
    except PortError as error:
        tell(REFUSED, error)
        return 1
    tell(SERVING)
    gc.freeze()
    with precedence(system_precedence(realtime)):
        return _guard(output, api, descriptor)


def _open(api: str, port_name: str, targets: list[str]) -> OutputPort:
    system = RtMidiPorts(api, time.perf_counter)
    return system.open_output(targets[0]) if targets else system.open_virtual_output(port_name)


def _guard(output: OutputPort, api: str, descriptor: int) -> int:
    """Send to the end of the stream. What is refused is told; where all is, the daemon opens another."""
    paced = PacedOutput(output, _PACES.get(api, NO_PACE), lambda size: tell(LOST, size))
    try:
        serve(paced.send, descriptor)
    except PortError as error:
        tell(REFUSED, error)
        return 1
    finally:
        output.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.stdin.fileno()))
