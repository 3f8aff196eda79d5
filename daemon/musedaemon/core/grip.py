"""What the musician holds down at the instrument, so that it can be let go when the instrument is gone."""

from __future__ import annotations

from musedaemon.core.events import CHANNEL_SILENCES, ControlChange, MidiEvent, NoteOff, NoteOn

_SWITCHES = frozenset(range(64, 70))
"""Pedals: sustain, portamento, sostenuto, soft, legato, hold 2 (MIDI 1.0, controllers that are switches)."""
_DOWN = 64


class Grip:
    """Keys and pedals that are down, by channel. A control that hands over counts like a pedal, whatever its number."""

    def __init__(self, controls: frozenset[int] = frozenset()) -> None:
        self._controls = _SWITCHES | controls
        self._keys: dict[tuple[int, int], None] = {}
        self._pedals: dict[tuple[int, int], None] = {}

    def follow(self, event: MidiEvent) -> None:
        """The musician did this."""
        match event:
            case NoteOn(channel=channel, pitch=pitch):
                self._keys[channel, pitch] = None
            case NoteOff(channel=channel, pitch=pitch):
                self._keys.pop((channel, pitch), None)
            case ControlChange(channel=channel, control=control) if control in CHANNEL_SILENCES:
                self._keys = {key: None for key in self._keys if key[0] != channel}
            case ControlChange(channel=channel, control=control, value=value) if control in self._controls:
                self._pedals.pop((channel, control), None)
                if value >= _DOWN:
                    self._pedals[channel, control] = None

    def let_go(self) -> None:
        """All of it counts as up."""
        self._keys.clear()
        self._pedals.clear()

    def letting_go(self, at: float) -> list[MidiEvent]:
        """What ends all of it (seconds), in the order in which it went down: keys, then pedals."""
        keys = [NoteOff(at, channel, pitch) for channel, pitch in self._keys]
        return [*keys, *(ControlChange(at, channel, control, 0) for channel, control in self._pedals)]
