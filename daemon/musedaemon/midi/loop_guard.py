"""Our own output heard on our input, recognised and ignored: a DAW or a patch that feeds it back must start no loop.

Sans-IO: no clock of its own; times are the driver's seconds. One thread. What only a loop explains is always an echo:
our response's very note, or a key struck that is down already. What a hand could have done as well (a pedal that
bounces, a key struck again) is one only as long as what we send is seen to come back.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Container
from dataclasses import dataclass

from musedaemon.core.events import MidiEvent, NoteOff, NoteOn
from musedaemon.midi import wire

WINDOW = 0.1
"""Seconds in which an echo comes back, if there is one."""
STRIKE_AGAIN = 0.025
"""No hand strikes a key twice with the same strength in so few seconds."""
MOST_REMEMBERED = 1_024
_EVIDENCE = 8
_ENOUGH = 6
"""So many of the last `_EVIDENCE` controls must have come back for a loop to be believed that once was not there."""


@dataclass(frozen=True, slots=True)
class _Sent:
    """A message that may still come back."""

    at: float
    identity: bytes
    is_response: bool


class LoopGuard:
    """Remembers what was sent in the last `WINDOW` and tells which incoming events are its echoes."""

    def __init__(self) -> None:
        self._sent: deque[_Sent] = deque(maxlen=MOST_REMEMBERED)
        self._controls_came_back: deque[bool] = deque(maxlen=_EVIDENCE)
        self._last_note_came_back = False

    def sent_response(self, at: float, event: MidiEvent) -> None:
        """A message of our own making left at `at` seconds."""
        self._remember(_Sent(at, _identity(wire.encode(event)), is_response=True))

    def sent_thru(self, at: float, event: MidiEvent) -> None:
        """A message of the player's was passed on at `at` seconds."""
        self._remember(_Sent(at, _identity(wire.encode(event)), is_response=False))

    def is_echo(self, event: MidiEvent, held: Container[tuple[int, int]]) -> bool:
        """Whether `event` is something we sent. `held` are the player's (channel, pitch) before it.

        Every message sent explains one echo at most. The clock never is one: its messages are all alike.
        """
        self._forget_before(event.at - WINDOW)
        identity = _identity(wire.encode(event))
        sent = next((one for one in self._sent if one.identity == identity), None)
        if sent is None:
            return False
        match event:
            case NoteOn():
                is_echo = self._is_note_echo(event, sent, held)
            case NoteOff():
                is_echo = self._last_note_came_back
            case _:
                is_echo = self._controls_come_back()
                self._controls_came_back.append(True)
        if is_echo or not isinstance(event, NoteOn | NoteOff):
            self._sent.remove(sent)
        return is_echo

    def _is_note_echo(self, event: NoteOn, sent: _Sent, held: Container[tuple[int, int]]) -> bool:
        if sent.is_response or (event.channel, event.pitch) in held or event.at - sent.at <= STRIKE_AGAIN:
            self._last_note_came_back = True
        return self._last_note_came_back

    def _remember(self, sent: _Sent) -> None:
        self._forget_before(sent.at - WINDOW)
        if sent.identity:
            self._sent.append(sent)

    def _forget_before(self, limit: float) -> None:
        """Drop what can come back no more, and learn from it that it did not."""
        while self._sent and self._sent[0].at < limit:
            kind = self._sent.popleft().identity[0] & 0xF0
            if kind == wire.NOTE_ON:
                self._last_note_came_back = False
            elif kind != wire.NOTE_OFF:
                self._controls_came_back.append(False)

    def _controls_come_back(self) -> bool:
        """Taken for granted until one has not come back."""
        return False not in self._controls_came_back or sum(self._controls_came_back) >= _ENOUGH


class NoLoop:
    """For a player whose notes come from a file: nothing comes back, and no two equal notes are an echo."""

    def sent_response(self, at: float, event: MidiEvent) -> None:
        """Nothing."""

    def sent_thru(self, at: float, event: MidiEvent) -> None:
        """Nothing."""

    def is_echo(self, event: MidiEvent, held: Container[tuple[int, int]]) -> bool:
        """Never."""
        return False


def _identity(data: bytes) -> bytes:
    """What an echo of these bytes has in common with them; nothing for messages that are all alike (clock and such)."""
    if data[0] > wire.SYSEX:
        return b""
    return data[:2] if data[0] & 0xF0 == wire.NOTE_OFF else data
