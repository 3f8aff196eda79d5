"""The words that a session understands at its terminal."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from musedaemon.core.modes import Mode
from musedaemon.run.typed_words import TerminalTaps, change_mode, turn_memory

WRONG = "memory takes a number from 0 to 1."


@dataclass
class Playing:
    mode: Mode = Mode.CALL_RESPONSE
    memory: float = 0.5
    told: list[str] = field(default_factory=list)

    def switch(self, mode: Mode) -> None:
        self.mode = mode

    def turn_memory(self, dial: float) -> None:
        self.memory = dial


@pytest.mark.parametrize(
    ("name", "mode", "told"),
    [
        ("duet", Mode.DUET, []),
        ("call-response", Mode.CALL_RESPONSE, ["The mode is call-response."]),
        (
            "",
            Mode.CALL_RESPONSE,
            ["The mode is call-response; there are call-response, trade, duet, solo, listen."],
        ),
        (
            "duett",
            Mode.CALL_RESPONSE,
            [
                "No such mode. Did you mean duet? It is call-response; there are call-response, trade, duet, solo,"
                " listen."
            ],
        ),
    ],
)
def test_a_mode_is_changed_by_its_name(name: str, mode: Mode, told: list[str]) -> None:
    playing = Playing()
    change_mode(name, playing, playing.told.append)
    assert (playing.mode, playing.told) == (mode, told)


@pytest.mark.parametrize(
    ("typed", "memory", "told"),
    [
        ("0.8", 0.8, "The memory is 0.8."),
        ("1", 1.0, "The memory is 1."),
        ("0,3", 0.3, "The memory is 0.3."),
        ("", 0.5, "The memory is 0.5; it takes a number from 0 to 1."),
        ("2", 0.5, WRONG),
        ("nan", 0.5, WRONG),
        ("much", 0.5, WRONG),
    ],
)
def test_the_dial_of_the_memory_is_turned(typed: str, memory: float, told: str) -> None:
    playing = Playing()
    turn_memory(typed, playing, playing.told.append)
    assert (playing.memory, playing.told) == (memory, [told])


@dataclass
class Time:
    at: float = 0.0

    def now(self) -> float:
        return self.at


def test_after_the_first_tap_lines_tap_as_long_as_they_come_in_time() -> None:
    clock, heard = Time(), list[float | str]()
    taps = TerminalTaps(clock, heard.append, heard.append)
    taps.go_on()
    for clock.at in (10.0, 11.0, 12.0):
        taps.begin() if clock.at != 11.0 else taps.go_on()
    clock.at = 16.0
    taps.go_on()
    taps.begin()
    first = "tap on: Enter in time"
    assert heard == [10.0, first, 11.0, 12.0, 16.0, first]
