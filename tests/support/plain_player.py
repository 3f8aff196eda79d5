"""A player and notes for it to play, with nothing about them that a test does not say."""

from __future__ import annotations

from support.fakes import NoEcho

from musedaemon.core.commands import PlannedNote, Play
from musedaemon.core.player import Player, PlayerTiming
from musedaemon.core.thru import Thru, unchanged


def player(thru: Thru = unchanged, timing: PlayerTiming | None = None) -> Player:
    """Of a room without loops."""
    return Player(NoEcho(), thru, timing)


def play(serial: int, at: float, until: float, pitch: int = 60, channel: int = 0) -> Play:
    """Play this note of ours."""
    return Play(PlannedNote(serial, at, until, channel, pitch, 80))
