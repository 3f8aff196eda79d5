"""What a musician is told when a session has begun: whose turn it is, and how it ends."""

from __future__ import annotations

from musedaemon.config.schema import Config
from musedaemon.core.modes import Mode
from musedaemon.midi.ports import VIRTUAL_INPUT, VIRTUAL_OUTPUT

ENDS = "Ctrl-C ends."
ENDS_AT_TERMINAL = "Ctrl-C ends; ? and Enter tells what can be typed."
INVITATIONS = {
    Mode.CALL_RESPONSE: "play a phrase, then let it answer",
    Mode.TRADE: "play; it takes over when your bars are full",
    Mode.DUET: "play; it joins in",
    Mode.SOLO: "play a phrase; it goes on alone until you come in",
    Mode.LISTEN: "play; it only listens and learns",
}


def opening(config: Config, settings_from: str, ends: str = ENDS) -> list[str]:
    """The lines after the one on what is connected: the file the settings are from, and what to do now.

    `ends` says how it ends.
    """
    ports = config.ports
    settings = [f"settings from {settings_from}"] if settings_from else []
    if ports.input_is_file:
        return settings
    connect = _to_connect(not ports.input, not ports.output)
    return [*settings, *connect, f"Listening: {INVITATIONS[Mode(config.turns.mode)]}. {ends}"]


def _to_connect(own_input: bool, own_output: bool) -> list[str]:
    """What others are to do with ports of our own: nothing comes in or sounds until they do."""
    send = f'send your keyboard to "{VIRTUAL_INPUT}"' if own_input else ""
    listen = f'let an instrument listen to "{VIRTUAL_OUTPUT}"' if own_output else ""
    told = ", and ".join(filter(None, (send, listen)))
    return [f"Connect it: {told}."] if told else []
