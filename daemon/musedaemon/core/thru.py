"""Thru: what of the musician's playing is passed on, and as what."""

from __future__ import annotations

from collections.abc import Callable

from musedaemon.core.events import MidiEvent, Other

Thru = Callable[[MidiEvent], MidiEvent | None]
"""Gives what is passed on for an event, None for nothing."""

_FIRST_SYSTEM_STATUS = 0xF0


def unchanged(event: MidiEvent) -> MidiEvent | None:
    """Thru is on: everything is passed on as it came."""
    return event


def nothing(event: MidiEvent) -> MidiEvent | None:
    """Thru is off."""
    return None


def on_channel(channel: int) -> Thru:
    """Thru is on, and every message that has a channel is moved to this one (0 to 15)."""

    def moved(event: MidiEvent) -> MidiEvent | None:
        if not isinstance(event, Other):
            return event._replace(channel=channel)
        status = event.data[0]
        if status >= _FIRST_SYSTEM_STATUS:
            return event
        return event._replace(data=bytes((status & 0xF0 | channel, *event.data[1:])))

    return moved
