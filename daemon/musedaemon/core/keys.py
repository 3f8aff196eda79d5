"""The musician's hands and feet: which keys and pedals are down, and since when none is."""

from __future__ import annotations

from musedaemon.core.events import CHANNEL_SILENCES, HOLDING, RESET_CONTROLLERS, SOSTENUTO, SUSTAIN_DOWN, ControlChange


class Keys:
    """Held keys, and pedals that hold notes, by channel. Owned by the engine."""

    def __init__(self) -> None:
        self._held: dict[tuple[int, int], None] = {}
        self._pedals: dict[tuple[int, int], bool] = {}
        self.quiet_since = float("-inf")
        """When the last key or pedal came up (seconds); it says nothing while one is down."""

    @property
    def quiet(self) -> bool:
        """Whether no key and no pedal is down: a hand-over counts the pedal (DESIGN 6)."""
        return not self._held and not any(self._pedals.values())

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
        place = event.channel, event.control
        if event.control in HOLDING and event.value >= SUSTAIN_DOWN:
            self._pedals.setdefault(place, self._holds(event))
        elif event.control in HOLDING:
            self._lift(event.at, [place])
        elif event.control == RESET_CONTROLLERS or event.control in CHANNEL_SILENCES:
            self._lift(event.at, [pedal for pedal in self._pedals if pedal[0] == event.channel])
        if event.control in CHANNEL_SILENCES:
            return [key for key in list(self._held) if key[0] == event.channel and self.release(event.at, *key)]
        return []

    def _holds(self, pedal: ControlChange) -> bool:
        """Sostenuto holds only the keys that are down when it goes down (MIDI 1.0, controller 66)."""
        return pedal.control != SOSTENUTO or any(channel == pedal.channel for channel, _ in self._held)

    def _lift(self, at: float, pedals: list[tuple[int, int]]) -> None:
        held = [self._pedals.pop(pedal, False) for pedal in pedals]
        if any(held):
            self.quiet_since = at
