"""Which pedals that hold notes are down, by channel: all that must come up in the end."""

from __future__ import annotations

from musedaemon.core.events import HOLDING, SUSTAIN_DOWN, ControlChange


class Pedals:
    """Pedals that went down and did not come up. Reset All Controllers lifts none here, for not every synth obeys it,
    and a pedal that comes up twice does no harm.
    """

    def __init__(self) -> None:
        self._down: set[tuple[int, int]] = set()

    def follow(self, event: ControlChange) -> None:
        """A controller moved."""
        place = event.channel, event.control
        if event.control in HOLDING and event.value >= SUSTAIN_DOWN:
            self._down.add(place)
        else:
            self._down.discard(place)

    def releases(self, at: float) -> list[ControlChange]:
        """What brings up all that are down (seconds), in the order of channel and control."""
        return [ControlChange(at, channel, control, 0) for channel, control in sorted(self._down)]
