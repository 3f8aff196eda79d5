"""What silences a synth for certain: a panic, on the channels that were used (MIDI 1.0, channel mode messages)."""

from __future__ import annotations

from collections.abc import Iterator

from musedaemon.core.events import ALL_NOTES_OFF, ALL_SOUND_OFF, SUSTAIN, ControlChange, MidiEvent, NoteOn


class Channels:
    """The channels of the notes and controls that went one way, in or out."""

    def __init__(self) -> None:
        self._used: set[int] = set()

    def follow(self, event: MidiEvent) -> None:
        """A message went that way."""
        if isinstance(event, NoteOn | ControlChange):
            self._used.add(event.channel)

    def __iter__(self) -> Iterator[int]:
        """In order."""
        return iter(sorted(self._used))

    def pedals_up(self, at: float) -> list[ControlChange]:
        """Sustain up on each (seconds)."""
        return [ControlChange(at, channel, SUSTAIN, 0) for channel in self]

    def silences(self, at: float) -> list[ControlChange]:
        """All Notes Off and All Sound Off on each (seconds)."""
        return [ControlChange(at, channel, mode, 0) for channel in self for mode in (ALL_NOTES_OFF, ALL_SOUND_OFF)]
