"""The musician's hands and feet: which keys and pedals are down, and since when none is."""

from __future__ import annotations

from musedaemon.core.events import CHANNEL_SILENCES, RESET_CONTROLLERS, SUSTAIN, SUSTAIN_DOWN, ControlChange


class Keys:
    """Held keys and sustain pedals, by channel. Owned by the engine."""

    def __init__(self) -> None:
        self._held: dict[tuple[int, int], None] = {}
        self._pedals: set[int] = set()
        self.quiet_since = float("-inf")
        """When the last key or pedal came up (seconds); it says nothing while one is down."""

    @property
    def quiet(self) -> bool:
        """Whether no key and no pedal is down: a hand-over counts the pedal (DESIGN 6)."""
        return not self._held and not self._pedals

    def press(self, channel: int, pitch: int) -> None:
        """A key went down."""
        self._held[channel, pitch] = None

    def release(self, at: float, channel: int, pitch: int) -> bool:
        """A key came up; False if it was not down (an orphan note-off)."""
        if (channel, pitch) not in self._held:
            return False
        del self._held[channel, pitch]
        self.quiet_since = at
        return True

    def control(self, event: ControlChange) -> list[tuple[int, int]]:
        """Obey a controller; returns the (channel, pitch) of the keys it lets go."""
        if event.control == SUSTAIN and event.value >= SUSTAIN_DOWN:
            self._pedals.add(event.channel)
        elif event.control in (SUSTAIN, RESET_CONTROLLERS):
            self._pedal_up(event)
        elif event.control in CHANNEL_SILENCES:
            self._pedal_up(event)
            return [key for key in list(self._held) if key[0] == event.channel and self.release(event.at, *key)]
        return []

    def _pedal_up(self, event: ControlChange) -> None:
        if event.channel in self._pedals:
            self._pedals.discard(event.channel)
            self.quiet_since = event.at
