"""`musedaemon ports`: what can be connected, under the names --in and --out take."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence

from musedaemon.cli.plain import plain
from musedaemon.midi.ports import PortSystem, is_own, of_others, stable_name
from musedaemon.midi.rtmidi_ports import open_port_system


def print_ports(api: str) -> int:
    """Print the ports of a MIDI system; PortError where it does not answer."""
    print("\n".join(map(plain, port_lines(open_port_system(api, time.perf_counter)))))
    return 0


def port_lines(system: PortSystem) -> list[str]:
    """The system's name, then its inputs and its outputs, a line each."""
    return [
        f"{system.api} inputs, for --in:",
        *_entries(system.input_names(), "input"),
        f"{system.api} outputs, for --out:",
        *_entries(system.output_names(), "output"),
    ]


def _entries(names: Sequence[str], direction: str) -> list[str]:
    """Names without ALSA's changing numbers, except where only the numbers tell two ports apart."""
    shared = Counter(stable_name(name) for name in names)
    told = {name: stable_name(name) if shared[stable_name(name)] == 1 else name for name in names}
    listed = [f"  {told[name]}" for name in of_others(names, direction)] or ["  (none)"]
    own = [f"  (a musedaemon's own, by its full name only: {told[name]})" for name in names if is_own(name, direction)]
    return listed + own
