"""Active sensing: an instrument that sends it and then falls silent is gone (MIDI 1.0, system real-time messages)."""

from __future__ import annotations

from musedaemon.core.events import MidiEvent, Other

ACTIVE_SENSING = b"\xfe"
GONE_AFTER_S = 0.33
"""It is sent within 300 ms of any other message; a tenth more for clocks that differ and wires that are full."""


class ActiveSensing:
    """Owned by the player thread. Until the first such message silence says nothing."""

    def __init__(self) -> None:
        self._heard_at: float | None = None

    def receive(self, event: MidiEvent) -> bool:
        """A message came in; whether it was active sensing, which is of one cable only and nobody else's concern."""
        is_sensing = isinstance(event, Other) and event.data == ACTIVE_SENSING
        if is_sensing or self._heard_at is not None:
            self._heard_at = event.at
        return is_sensing

    def next_deadline(self) -> float:
        """When the instrument is gone if nothing comes until then (seconds), infinity where that is not known."""
        return float("inf") if self._heard_at is None else self._heard_at + GONE_AFTER_S

    def is_gone(self, now: float) -> bool:
        """Nothing has come that was not received yet: whether the instrument is gone (seconds). Told once."""
        is_gone = now >= self.next_deadline()
        if is_gone:
            self._heard_at = None
        return is_gone
