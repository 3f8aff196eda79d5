"""Signals: the pedal, control, key or transport by which the musician says whose turn it is, told apart from music.

A signal is neither passed thru nor heard by the model. The transport and System Reset alone are passed on: other
instruments follow them.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import NamedTuple

from musedaemon.core.events import (
    CHANNEL_SILENCES,
    RESET_CONTROLLERS,
    SOSTENUTO,
    SUSTAIN,
    ControlChange,
    MidiEvent,
    NoteOff,
    NoteOn,
    Other,
)
from musedaemon.core.modes import Mode, mode_of_control

PEDALS = {"sustain": SUSTAIN, "sostenuto": SOSTENUTO}
"""Control numbers of the pedals that can hand over, by the words of `config.toml`."""
SWITCH_DOWN = 64
"""A control's value from here on means that it is down (MIDI 1.0, switch controllers)."""
START, CONTINUE, STOP, RESET = b"\xfa", b"\xfb", b"\xfc", b"\xff"


class Wish(Enum):
    """What the musician wants of the turns."""

    TURN = auto()
    """That it passes to the other one."""
    HAND_OVER = auto()
    """That we play."""
    HOLD = auto()
    """That we play until it is taken back."""
    TAKE_BACK = auto()
    """That we stop."""
    PAUSE = auto()
    """That we stop until `RESUME`; no signal of the musician's: the song leaps, or the output is gone."""
    END = auto()
    """As `PAUSE`, and no silence hands over what was played so far: the song has ended."""
    RESUME = auto()
    """That who plays unasked, and was paused, goes on."""
    KEEP = auto()
    """That the last minutes are kept; of the turns it says nothing."""
    PANIC = auto()
    """That all sound ends at once."""
    REST = auto()
    """That what was played is over, and not answered; part of a panic, and no signal of its own."""
    ADOPT = auto()
    """That turns go by other settings; no signal of the musician's. Who plays unasked goes on by itself."""


PAUSES = (Wish.PAUSE, Wish.END, Wish.ADOPT)
PLAY_ON = (None, Wish.HAND_OVER, Wish.HOLD, Wish.RESUME)
"""What lets nobody fall silent who plays."""


class By(Enum):
    """What counts of a pedal, control or key: that it goes down, that it comes up, or that it is held down."""

    PRESS = "press"
    RELEASE = "release"
    HOLD = "hold"


@dataclass(frozen=True, slots=True)
class SignalSettings:
    """`controls` are the numbers of the pedals and controls that hand over, `key` a pitch; on whatever channel.

    `keep_control` and `keep_key` ask that the last minutes are kept, each time they go down.
    `panic_control` and `panic_key` silence everything, each time they go down.
    """

    controls: frozenset[int] = frozenset()
    key: int | None = None
    by: By = By.PRESS
    transport: bool = False
    mode_control: int | None = None
    keep_control: int | None = None
    keep_key: int | None = None
    panic_control: int | None = None
    panic_key: int | None = None

    @property
    def hand_over(self) -> bool:
        """Whether there is any that hands over."""
        return bool(self.controls) or self.key is not None or self.transport

    @property
    def foreseen(self) -> Wish | None:
        """By which wish the turn is likely to pass to us; None for by itself."""
        if self.controls or self.key is not None:
            return Wish.HOLD if self.by is By.HOLD else Wish.TURN
        return Wish.HAND_OVER if self.transport else None


NO_SIGNALS = SignalSettings()


class Reading(NamedTuple):
    """A signal: what it asks for, None where it only ends a gesture; and whether it is passed thru all the same."""

    wish: Wish | Mode | None
    passes: bool = False


_TRANSPORT = {START: Wish.HAND_OVER, CONTINUE: Wish.HAND_OVER, STOP: Wish.TAKE_BACK}
_DOWN = {By.PRESS: Wish.TURN, By.RELEASE: None, By.HOLD: Wish.HOLD}
_UP = {By.PRESS: None, By.RELEASE: Wish.TURN, By.HOLD: Wish.TAKE_BACK}


class Signals:
    """Tells signals from music, and one press from many values of the same pedal. Owned by the player."""

    def __init__(self, settings: SignalSettings = NO_SIGNALS) -> None:
        self._settings = settings
        self._down: set[tuple[str, int, int]] = set()
        self._switches_down: set[tuple[Wish, int]] = set()

    def read(self, event: MidiEvent) -> Reading | None:
        """What a message says if it is a signal, None for music."""
        settings = self._settings
        match event:
            case ControlChange(channel=channel, control=control, value=value) if control == settings.panic_control:
                return Reading(self._switched(Wish.PANIC, channel, value >= SWITCH_DOWN))
            case NoteOn(pitch=pitch) | NoteOff(pitch=pitch) if pitch == settings.panic_key:
                return Reading(Wish.PANIC if isinstance(event, NoteOn) else None)
            case ControlChange(control=control, value=value) if control == settings.mode_control:
                return Reading(mode_of_control(value))
            case ControlChange(channel=channel, control=control, value=value) if control == settings.keep_control:
                return Reading(self._switched(Wish.KEEP, channel, value >= SWITCH_DOWN))
            case NoteOn(pitch=pitch) | NoteOff(pitch=pitch) if pitch == settings.keep_key:
                return Reading(Wish.KEEP if isinstance(event, NoteOn) else None)
            case ControlChange(channel=channel, control=control, value=value) if control in settings.controls:
                return Reading(self._moved(("control", channel, control), value >= SWITCH_DOWN))
            case NoteOn(channel=channel, pitch=pitch) | NoteOff(channel=channel, pitch=pitch) if pitch == settings.key:
                return Reading(self._moved(("key", channel, pitch), isinstance(event, NoteOn)))
            case Other(data=data) if data == RESET:
                return Reading(Wish.PANIC, passes=True)
            case Other(data=data) if settings.transport and data in _TRANSPORT:
                return Reading(_TRANSPORT[data], passes=True)
        return None

    def let_go(self, event: MidiEvent) -> Wish | None:
        """What it says that a message puts up all keys or all controls of a channel, which is music all the same.

        Only `By.HOLD` says something: nobody has lifted a finger or a foot.
        """
        match event:
            case ControlChange(channel=channel, control=control) if control in CHANNEL_SILENCES:
                return self._put_up("key", channel)
            case ControlChange(channel=channel, control=control) if control == RESET_CONTROLLERS:
                self._switches_down = {switch for switch in self._switches_down if switch[1] != channel}
                return self._put_up("control", channel)
        return None

    def put_up_all(self) -> None:
        """Whatever is down counts as up; it says nothing."""
        self._down.clear()

    def _put_up(self, kind: str, channel: int) -> Wish | None:
        gone = {switch for switch in self._down if switch[:2] == (kind, channel)}
        self._down -= gone
        return Wish.TAKE_BACK if gone and self._settings.by is By.HOLD else None

    def _moved(self, switch: tuple[str, int, int], is_down: bool) -> Wish | None:
        if is_down == (switch in self._down):
            return None
        if is_down:
            self._down.add(switch)
            return _DOWN[self._settings.by]
        self._down.remove(switch)
        return _UP[self._settings.by]

    def _switched(self, wish: Wish, channel: int, is_down: bool) -> Wish | None:
        """A control that means this and nothing else: when it goes down."""
        switch = wish, channel
        was_down = switch in self._switches_down
        (self._switches_down.add if is_down else self._switches_down.discard)(switch)
        return wish if is_down and not was_down else None
