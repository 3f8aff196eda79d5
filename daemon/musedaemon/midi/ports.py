"""What the daemon needs of MIDI ports, and how a person's words find one. Pure: no port is opened here."""

from __future__ import annotations

import platform
import re
import threading
from collections.abc import Callable, Sequence
from difflib import get_close_matches
from typing import Protocol

from musedaemon.errors import PortAbsentError, PortError

Receive = Callable[[bytes, float], None]
"""Takes one message's bytes as they came and the second they were heard at; called on the port's own thread."""

VIRTUAL_INPUT = "musedaemon in"
VIRTUAL_OUTPUT = "musedaemon out"
CLOCK_INPUT = "musedaemon clock"
"""What listens to the clock's own port."""

_OWN_NAMES = {
    direction: re.compile(rf"({name.replace(' ', '-')}(-\d+)?:)?{name}")
    for direction, name in (("input", VIRTUAL_OUTPUT), ("output", VIRTUAL_INPUT))
}
"""A musedaemon's port as the other programs see it: to listen to, or to send to. JACK numbers those of a second one."""
_ALSA_NUMBERS = re.compile(r" \d+:\d+$")


class OutputPort(Protocol):
    """Where messages go. One thread owns it: the same one sends and closes."""

    @property
    def name(self) -> str:
        """The name of the port it is connected to, or its own if it is virtual."""

    @property
    def ahead_s(self) -> float:
        """So long before it is to leave a message is wanted; 0 for a port that sends at once. May change."""

    @property
    def listener(self) -> threading.Event | None:
        """Set once somebody listens to it, or it has ended; None for a port that cannot tell."""

    def send(self, data: bytes, at: float = 0.0) -> None:
        """Send one whole message: now, or where the port has an `ahead_s`, `at` (seconds) if that is still to come.

        PortError if the port is closed or the system refuses it.
        """

    def close(self) -> None:
        """Deliver what was sent, then close; closing twice is fine. Never raises."""


class NoOutput:
    """An output that leads nowhere: for a session that is only written, or while its port is not there."""

    name = "nowhere"
    listener = None

    def __init__(self, ahead_s: float = 0.0) -> None:
        self.ahead_s = ahead_s

    def send(self, data: bytes, at: float = 0.0) -> None:
        """Nobody hears it."""

    def close(self) -> None:
        """Nothing is open."""


class InputPort(Protocol):
    """Where messages come from; they go to the `Receive` it was opened with until it is closed."""

    @property
    def name(self) -> str:
        """The name of the port it is connected to, or its own if it is virtual."""

    @property
    def failure(self) -> Exception | None:
        """The first exception its `Receive` raised: a message was lost to a bug. None as long as all is well."""

    @property
    def is_gone(self) -> bool:
        """Whether it has found out that nothing more will come from it."""

    def close(self) -> None:
        """Stop listening, then close; closing twice is fine. Never raises."""


class PortSystem(Protocol):
    """One MIDI system of the machine. Every method raises PortError with one sentence if the system refuses."""

    @property
    def api(self) -> str:
        """What people call it: ALSA, JACK, CoreMIDI, WinMM."""

    def input_names(self) -> list[str]:
        """The ports one can listen to, as they are this moment."""

    def output_names(self) -> list[str]:
        """The ports one can send to, as they are this moment."""

    def open_input(self, name: str, receive: Receive, own_name: str = VIRTUAL_INPUT) -> InputPort:
        """Listen to the port that `name` finds (see `find_port`), by a port of our own that is called so."""

    def open_output(self, name: str) -> OutputPort:
        """Send to the port that `name` finds (see `find_port`)."""

    def system_lost(self) -> None:
        """The system itself is gone, as JACK's server may be: nothing that is open on it may be used any more."""

    def expect_input(self) -> None:
        """An input will be opened soon: prepare for it what can be."""

    def expect_output(self) -> None:
        """An output will be opened soon: prepare for it what can be."""

    def expect_nothing(self) -> None:
        """No port will be opened any more: what was prepared is not wanted."""

    def open_virtual_input(self, name: str, receive: Receive) -> InputPort:
        """A port of our own that others send to."""

    def open_virtual_output(self, name: str) -> OutputPort:
        """A port of our own that others listen to."""


def stable_name(name: str) -> str:
    """A port's name without the client numbers that ALSA changes from day to day ("Keys:Keys MIDI 1 20:0")."""
    return _ALSA_NUMBERS.sub("", name)


def is_own(name: str, direction: str) -> bool:
    """Whether a port is a musedaemon's: its output among the inputs, or its input among the outputs."""
    return _OWN_NAMES[direction].fullmatch(stable_name(name)) is not None


def of_others(names: Sequence[str], direction: str) -> list[str]:
    """The ports that are no musedaemon's, as people look for them."""
    return [name for name in names if not is_own(name, direction)]


def find_port(wanted: str, names: Sequence[str], direction: str) -> str:
    """The one of `names` that `wanted` means. `direction` is "input" or "output", for the message.

    Its full name; else the same but for client numbers; else in any case; else a part that one port alone has, in
    any case. Two ports of one full name are the first. A musedaemon's own port has no part that means it: to play to
    itself it is asked for by its full name. PortError lists the ports when none or several match.
    """
    if wanted in names:
        return wanted
    sought = stable_name(wanted.strip())
    others = of_others(names, direction)
    tests: tuple[tuple[Sequence[str], Callable[[str], bool]], ...] = (
        (names, lambda name: name == sought),
        (names, lambda name: name.casefold() == sought.casefold()),
        (others, lambda name: sought != "" and sought.casefold() in name.casefold()),
    )
    for asked, test in tests:
        matches = [name for name in asked if test(stable_name(name))]
        if len(matches) == 1:
            return matches[0]
        if matches:
            raise PortError(f'"{wanted}" could be any of {_quoted(matches)}; name one {direction} port more exactly.')
    raise PortAbsentError(_unknown(wanted, names, direction))


def _unknown(wanted: str, names: Sequence[str], direction: str) -> str:
    others = of_others(names, direction)
    if not others:
        none = "but musedaemon's own" if names else "at all"
        return f'There is no MIDI {direction} port {none}, so none matches "{wanted}"; {_ADVICE}.'
    close = get_close_matches(wanted, [stable_name(name) for name in others], n=1, cutoff=0.5)
    hint = f' (did you mean "{close[0]}"?)' if close else ""
    there, it = ("there is", "it") if len(others) == 1 else ("there are", "one of them")
    return (
        f'No MIDI {direction} port matches "{wanted}"{hint}; {there} {_quoted(others)}: name {it}, or switch the'
        " instrument on (--wait-for-ports waits for it)."
    )


_OWN_PORT = "leave the option out for a virtual port of musedaemon's own that your DAW connects to"
_ADVICE = {
    "Darwin": f"connect and switch on the instrument, make a port with the IAC driver, or {_OWN_PORT}",
    "Windows": "connect and switch on the instrument, or make a port with loopMIDI",
}.get(platform.system(), f"connect and switch on the instrument, or {_OWN_PORT}")


def _quoted(names: Sequence[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)
