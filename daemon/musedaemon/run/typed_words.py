"""The words that a session understands at its terminal."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from musedaemon.config.schema import Config, rules
from musedaemon.config.spelling import did_you_mean
from musedaemon.core.modes import Mode
from musedaemon.run.clock import Clock
from musedaemon.run.console import Answer, Word
from musedaemon.run.realtime import RealTime

_TAPS_GO_ON_S = 3.0
"""Seconds: two beats of the slowest tempo that can be tapped."""
_MODES = tuple(mode.value for mode in Mode)


def words_of_session(
    live: RealTime, config: Config, keep: Callable[[], None], taps: TerminalTaps, tell: Answer
) -> list[Word]:
    """What can be typed; `keep` keeps the last minutes. A MIDI clock's tempo cannot be tapped."""
    tap = Word(("t", "tap"), "taps the tempo; then Enter alone, in time", lambda _: taps.begin())
    return [
        Word(("p", "panic"), "silences everything at once", lambda _: live.panic()),
        *([] if config.tempo.clock == "midi" else [tap]),
        Word(("k", "keep"), "saves the last minutes", lambda _: keep()),
        Word(
            ("mode",), f"changes what it does: {', '.join(_MODES)}", lambda name: change_mode(name, live, tell), "NAME"
        ),
        Word(("memory",), "0 surprises you, 1 plays your phrase back", lambda dial: turn_memory(dial, live, tell), "X"),
        Word(("q", "quit"), "ends the session, as Ctrl-C does", lambda _: live.end()),
    ]


class Playing(Protocol):
    """What a session plays by, and how to change it. Any thread."""

    @property
    def mode(self) -> Mode:
        """What the partner does now."""

    @property
    def memory(self) -> float:
        """The dial of its memory, 0 to 1."""

    def switch(self, mode: Mode) -> None:
        """Do something else from now on."""

    def turn_memory(self, dial: float) -> None:
        """Turn the dial."""


def change_mode(name: str, playing: Playing, tell: Answer) -> None:
    """Do what `name` says; without one, and where there is no such mode, tell what there is.

    That the mode is another is told by the session, once it is.
    """
    if name not in _MODES:
        wrong = f"No such mode.{did_you_mean(name, _MODES)} It is" if name else "The mode is"
        tell(f"{wrong} {playing.mode.value}; there are {', '.join(_MODES)}.")
    elif Mode(name) is playing.mode:
        tell(f"The mode is {name}.")
    else:
        playing.switch(Mode(name))


def turn_memory(typed: str, playing: Playing, tell: Answer) -> None:
    """Turn the dial to what was typed, or tell where it stands."""
    if not typed:
        tell(f"The memory is {playing.memory:g}; it takes a number from 0 to 1.")
        return
    try:
        dial = float(typed.replace(",", "."))
    except ValueError:
        dial = float("nan")
    if not rules("model")["memory"].allows(dial):
        tell("memory takes a number from 0 to 1.")
        return
    playing.turn_memory(dial)
    tell(f"The memory is {dial:g}.")


class TerminalTaps:
    """Taps at the terminal: `begin` with the first, `go_on` with each line after it, in time. One thread."""

    def __init__(self, clock: Clock, tap: Callable[[float], None], tell: Answer) -> None:
        """`tap` hears of each (seconds)."""
        self._clock = clock
        self._tap = tap
        self._tell = tell
        self._latest = float("-inf")

    def begin(self) -> None:
        """A tap; the first of some is answered, once it has been heard."""
        if not self._tap_in_time():
            self._latest = self._clock.now()
            self._tap(self._latest)
            self._tell("tap on: Enter in time")

    def go_on(self) -> None:
        """One more, if it comes soon enough to be one."""
        self._tap_in_time()

    def _tap_in_time(self) -> bool:
        now = self._clock.now()
        goes_on = now - self._latest < _TAPS_GO_ON_S
        if goes_on:
            self._latest = now
            self._tap(now)
        return goes_on
