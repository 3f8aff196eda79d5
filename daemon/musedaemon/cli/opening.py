"""What a musician is told when a session has begun: whose turn it is, and how it ends."""

from __future__ import annotations

from pathlib import Path

from musedaemon.config.schema import Config
from musedaemon.core.modes import Mode

INVITATIONS = {
    Mode.CALL_RESPONSE: "play a phrase, then let it answer",
    Mode.TRADE: "play; it takes over when your bars are full",
    Mode.DUET: "play; it joins in",
    Mode.SOLO: "play a phrase; it goes on alone until you come in",
    Mode.LISTEN: "play; it only listens and learns",
}


def opening(config: Config, settings_file: Path | None) -> list[str]:
    """The lines after the one on what is connected: the file the settings are from, and what to do now."""
    settings = [] if settings_file is None else [f"settings from {settings_file}"]
    if config.ports.input_is_file:
        return settings
    return [*settings, f"Listening: {INVITATIONS[Mode(config.turns.mode)]}. Ctrl-C ends."]
