"""Settings from which nothing comes in a session, and what would make them count. Pure.

Each setting that does not count everywhere has its needs in `NEEDS`; a test goes through the schema and asks for the
others by name, so that a new setting cannot be forgotten here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from musedaemon.config.loading import Override
from musedaemon.config.schema import SECTIONS, Config, Value, defaults, rules


class Need(NamedTuple):
    """What a setting needs, in words that follow "needs", and whether a session has it."""

    words: str
    is_met: Callable[[Config], bool]


def _one_is_a_port(config: Config) -> bool:
    return not (config.ports.input_is_file and config.ports.output_is_file)


def _may_have_mode(config: Config, *modes: str) -> bool:
    return config.turns.mode in modes or config.turns.mode_control >= 0


_PORT = Need("a port for --in or --out", _one_is_a_port)
_INPUT_PORT = Need("a port for --in", lambda config: not config.ports.input_is_file)
_OUTPUT_PORT = Need("a port for --out", lambda config: not config.ports.output_is_file)
_INPUT_FILE = Need("a .mid file for --in", lambda config: config.ports.input_is_file)
_CLOCK = Need("--clock", lambda config: config.tempo.clock != "follow")
_OWN_CLOCK = Need("--clock internal", lambda config: config.tempo.clock == "internal")
_TAPPED = Need("another --clock than midi", lambda config: config.tempo.clock != "midi")
_LINK = Need("--clock link", lambda config: config.tempo.clock == "link")
_BARS = Need("--clock or --mode trade", lambda config: _CLOCK.is_met(config) or _may_have_mode(config, "trade"))
_UNKNOWN_TEMPO = Need("no --bpm", lambda config: not config.tempo.bpm)
_TRADE = Need("--mode trade", lambda config: _may_have_mode(config, "trade"))
_REPLIES = Need("--mode call-response", lambda config: _may_have_mode(config, "call-response"))
_SILENCE = Need("--mode call-response or solo", lambda config: _may_have_mode(config, "call-response", "solo"))
_FOLDER = Need("--record or keep_folder", lambda config: bool(config.takes.record or config.takes.keep_folder))

NEEDS: Mapping[tuple[str, str], tuple[Need, ...]] = {
    ("ports", "api"): (_PORT,),
    ("ports", "thru"): (_OUTPUT_PORT,),
    ("ports", "thru_channel"): (_OUTPUT_PORT,),
    ("ports", "guardian"): (_OUTPUT_PORT,),
    ("ports", "wait_for_ports"): (_PORT,),
    ("turns", "hand_over_s"): (_SILENCE,),
    ("turns", "wait_for_reply"): (_INPUT_FILE,),
    ("turns", "length"): (_REPLIES,),
    ("turns", "length_beats"): (_REPLIES,),
    ("turns", "hand_over_transport"): (_INPUT_PORT,),
    ("turns", "trade_bars"): (_TRADE,),
    ("tempo", "bpm_hint"): (_UNKNOWN_TEMPO,),
    ("tempo", "meter"): (_BARS,),
    ("tempo", "clock"): (_PORT,),
    ("tempo", "start_on"): (_PORT, _CLOCK),
    ("tempo", "metronome_channel"): (_OUTPUT_PORT, _OWN_CLOCK),
    ("tempo", "metronome_pitch"): (_OUTPUT_PORT, _OWN_CLOCK),
    ("tempo", "metronome_accent_pitch"): (_OUTPUT_PORT, _OWN_CLOCK),
    ("tempo", "count_in_bars"): (_PORT, _OWN_CLOCK),
    ("tempo", "tap_key"): (_PORT, _TAPPED),
    ("tempo", "tap_control"): (_PORT, _TAPPED),
    ("tempo", "link_start_stop"): (_LINK,),
    ("timing", "output_offset_ms"): (_OUTPUT_PORT,),
    ("timing", "max_lateness_ms"): (_OUTPUT_PORT,),
    ("timing", "realtime"): (_PORT,),
    ("takes", "record"): (_OUTPUT_PORT,),
    ("takes", "silence_s"): (_OUTPUT_PORT,),
    ("takes", "keep_minutes"): (_OUTPUT_PORT, _FOLDER),
    ("takes", "keep_folder"): (_OUTPUT_PORT,),
    ("takes", "keep_key"): (_OUTPUT_PORT, _FOLDER),
    ("takes", "keep_control"): (_OUTPUT_PORT, _FOLDER),
}
"""By section and key: what must all be so for the setting to count. What is not here counts in every session."""

_COUNTS_ALWAYS: Mapping[tuple[str, str], tuple[Value, ...]] = {
    ("tempo", "clock"): ("follow",),
    ("tempo", "start_on"): ("now", "beat"),
    ("turns", "wait_for_reply"): (True,),
    ("ports", "guardian"): (True,),
}
"""Values that need nothing: they are so anyway, or count everywhere."""

_RELIED_ON = (("takes", "keep_key"), ("takes", "keep_control"))
"""Who presses them while playing must know beforehand that nothing will come of it."""


def unheeded_options(config: Config, typed: Iterable[Override]) -> str:
    """One sentence, without its full stop, on the options that were typed and have no effect, and on keys and controls
    that a musician relies on; "" where there are none.

    `config` is what they led to.
    """
    given = [(_shown(override), _missing(config, override.section, override.key)) for override in typed]
    if _OUTPUT_PORT.is_met(config):
        given += [(f"{section}.{key}", _missing(config, section, key)) for section, key in _changed(config, _RELIED_ON)]
    return _sentence([(name, missing) for name, missing in given if missing])


def unheeded_keys(config: Config, typed: Iterable[Override]) -> str:
    """The same on what a settings file has set, and was not typed as well."""
    told = {(override.section, override.key) for override in typed}
    told |= set(_RELIED_ON if _OUTPUT_PORT.is_met(config) else ())
    keys = [(section, key) for section in SECTIONS for key in rules(section) if (section, key) not in told]
    given = [(f"{section}.{key}", _missing(config, section, key)) for section, key in _changed(config, keys)]
    return _sentence([(name, missing) for name, missing in given if missing])


def _changed(config: Config, keys: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Those of these settings that are not as they come."""
    return [(section, key) for section, key in keys if _value(config, section, key) != defaults(section)[key]]


def _missing(config: Config, section: str, key: str) -> str:
    """What the setting lacks in this session, "" where it counts."""
    if _value(config, section, key) in _COUNTS_ALWAYS.get((section, key), ()):
        return ""
    return " and ".join(need.words for need in NEEDS.get((section, key), ()) if not need.is_met(config))


def _sentence(unheeded: Sequence[tuple[str, str]]) -> str:
    if not unheeded:
        return ""
    groups: dict[str, list[str]] = {}
    for name, missing in unheeded:
        groups.setdefault(missing, []).append(name)
    told = [f"{', '.join(names)} {'needs' if len(names) == 1 else 'need'} {what}" for what, names in groups.items()]
    return f"no effect here: {'; '.join(told)}"


def _shown(override: Override) -> str:
    values_matter = (override.section, override.key) in _COUNTS_ALWAYS and isinstance(override.value, str)
    return f"{override.option} {override.value}" if values_matter else override.option


def _value(config: Config, section: str, key: str) -> Value:
    value: Value = getattr(getattr(config, section), key)
    return value
