"""Our own output heard on our input, recognised and ignored: a DAW or a patch that feeds it back must start no loop.

Sans-IO: no clock of its own; times are the driver's seconds. One thread. What only a loop explains is always an echo:
our response's very note, or a key struck that is down already. What a hand could have done as well (a pedal that
bounces, a key struck again) is one only as long as what we send is seen to come back. The messages of a clock or time
code are all alike, and none can be told from its echo: they are always heard, but passed on no more once there are too
many.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Container
from dataclasses import dataclass

from musedaemon.core.events import MidiEvent, NoteOff, NoteOn, Other
from musedaemon.midi import wire

_TIME_CODE, _CLOCK, _TICK, _ACTIVE_SENSING = 0xF1, 0xF8, 0xF9, 0xFE
_STEADY = (_TIME_CODE, _CLOCK, _TICK)
"""Status bytes of what is sent all the time, one like the other."""

WINDOW = 0.1
"""Seconds in which an echo comes back, if there is one."""
STRIKE_AGAIN = 0.025
"""No hand strikes a key twice with the same strength in so few seconds."""
MOST_REMEMBERED = 1_024
MOST_A_SECOND = 200
"""No clock (24 pulses a beat) nor time code is that fast: the clock of 500 beats a minute."""
_REST = 1.0
"""Seconds of silence after which a clock or time code that came back is given another chance."""
_EVIDENCE = 8
_ENOUGH = 6
"""So many of the last `_EVIDENCE` controls must have come back for a loop to be believed that once was not there."""


@dataclass(frozen=True, slots=True)
class _Sent:
    """A message that may still come back."""

    at: float
    identity: bytes
    is_response: bool


class _SteadyStream:
    """Messages that are all alike: passed on until they come faster than any clock sends them."""

    def __init__(self) -> None:
        self._passed: deque[float] = deque(maxlen=MOST_A_SECOND)
        self._heard_at = -float("inf")
        self._comes_back = False

    def passes(self, at: float) -> bool:
        """Whether the one heard `at` seconds is passed on."""
        rested = at - self._heard_at > _REST
        self._heard_at = at
        too_many = len(self._passed) == MOST_A_SECOND and at - self._passed[0] < 1.0
        self._comes_back = too_many or (self._comes_back and not rested)
        if not self._comes_back:
            self._passed.append(at)
        return not self._comes_back


class LoopGuard:
    """Remembers what was sent in the last `WINDOW` and tells which incoming events are its echoes."""

    def __init__(self) -> None:
        self._sent: deque[_Sent] = deque(maxlen=MOST_REMEMBERED)
        self._controls_came_back: deque[bool] = deque(maxlen=_EVIDENCE)
        self._notes_came_back = 0
        self._steady = {status: _SteadyStream() for status in _STEADY}

    def sent_response(self, at: float, event: MidiEvent) -> None:
        """A message of our own making left at `at` seconds."""
        self._remember(_Sent(at, _identity(wire.encode(event)), is_response=True))

    def sent_thru(self, at: float, event: MidiEvent) -> None:
        """A message of the player's was passed on at `at` seconds."""
        self._remember(_Sent(at, _identity(wire.encode(event)), is_response=False))

    def is_echo(self, event: MidiEvent, held: Container[tuple[int, int]]) -> bool:
        """Whether `event` is something we sent. `held` are the player's (channel, pitch) before it.

        Every message sent explains one echo at most. Clock and time code never are one: `may_pass` ends their loop.
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
                # One note that came back may have been the player's own, equal to ours by chance: a key that is down
                # is not let go on so little evidence.
                is_up = sent.is_response or (event.channel, event.pitch) not in held
                is_echo = self._notes_came_back >= (1 if is_up else 2)
            case _:
                is_echo = self._controls_come_back()
                self._controls_came_back.append(True)
        if is_echo or not isinstance(event, NoteOn | NoteOff):
            self._sent.remove(sent)
        return is_echo

    def may_pass(self, event: MidiEvent) -> bool:
        """Whether `event`, about to be passed thru, may be. Active sensing is of one cable only, and never is."""
        if not isinstance(event, Other):
            return True
        stream = self._steady.get(event.data[0])
        return stream.passes(event.at) if stream else event.data[0] != _ACTIVE_SENSING

    def _is_note_echo(self, event: NoteOn, sent: _Sent, held: Container[tuple[int, int]]) -> bool:
        if sent.is_response or (event.channel, event.pitch) in held or event.at - sent.at <= STRIKE_AGAIN:
            self._notes_came_back += 1
        return self._notes_came_back > 0

    def _remember(self, sent: _Sent) -> None:
        self._forget_before(sent.at - WINDOW)
        if sent.identity:
            self._sent.append(sent)

    def _forget_before(self, limit: float) -> None:
        """Drop what can come back no more, and learn from it that it did not."""
        while self._sent and self._sent[0].at < limit:
            kind = self._sent.popleft().identity[0] & 0xF0
            if kind == wire.NOTE_ON:
                self._notes_came_back = 0
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

    def may_pass(self, event: MidiEvent) -> bool:
        """Always."""
        return True


def _identity(data: bytes) -> bytes:
    """What an echo of these bytes has in common with them; nothing for messages that are all alike (clock and such)."""
    if data[0] in _STEADY or data[0] == _ACTIVE_SENSING:
        return b""
    return data[:2] if data[0] & 0xF0 == wire.NOTE_OFF else data
