"""The ways of playing together."""

from __future__ import annotations

from enum import Enum


class Mode(Enum):
    """What the partner does. The values are the words of `config.toml`, in the order in which a control picks them."""

    CALL_RESPONSE = "call-response"
    """It answers each phrase."""
    TRADE = "trade"
    """Each plays the same number of bars, one after the other."""
    DUET = "duet"
    """Both play at the same time."""
    SOLO = "solo"
    """It goes on alone from what it heard."""
    LISTEN = "listen"
    """It hears and learns, and plays nothing."""


def mode_of_control(value: int) -> Mode:
    """The mode a control's value (0 to 127) picks: its range is split into as many equal parts as there are modes."""
    modes = tuple(Mode)
    return modes[value * len(modes) // 128]
