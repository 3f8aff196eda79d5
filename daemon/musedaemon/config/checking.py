"""Whether given settings fit the schema: pure functions from values to problems, each one line for the user."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping

from musedaemon.config.scale_names import scale_named
from musedaemon.config.schema import SECTIONS, Config, Model, Reply, Rule, Turns, Value, defaults, is_midi_file, rules
from musedaemon.config.spelling import did_you_mean
from musedaemon.core.scales import PITCH_CLASSES
from musedaemon.core.signals import PEDALS

_PLAIN_KEY = re.compile(r"[A-Za-z0-9_-]+")
_LONGEST_SHOWN = 60
_KINDS: dict[type, str] = {bool: "true or false", int: "a whole number", float: "a number", str: 'a text in "quotes"'}

Given = Mapping[str, Mapping[str, Value]]
"""Checked values by section and key; what is missing keeps its default."""


def check_document(document: Mapping[str, object]) -> tuple[Given, list[str]]:
    """Sort a TOML document into values that fit and problems, `key: sentence` each."""
    good: dict[str, Mapping[str, Value]] = {}
    problems: list[str] = []
    for name, content in document.items():
        if name in SECTIONS and isinstance(content, Mapping):
            good[name], wrong = _check_section(name, content)
            problems += wrong
        elif name in SECTIONS:
            problems.append(f"{name}: must be a section: write [{name}] on a line of its own, its keys below.")
        else:
            problems.append(_unknown_at_top(name, content))
    return good, problems


def _check_section(section: str, content: Mapping[str, object]) -> tuple[Mapping[str, Value], list[str]]:
    known = rules(section)
    good: dict[str, Value] = {}
    problems: list[str] = []
    for key, given in content.items():
        if key not in known:
            problems.append(_unknown_in(section, key))
            continue
        value, problem = check_value(section, key, given)
        if problem:
            problems.append(f"{section}.{key}: {problem}")
        elif value is not None:
            good[key] = value
    return good, problems


def check_value(section: str, key: str, given: object) -> tuple[Value | None, str]:
    """(the value in its right type, "") or (None, what is wrong with it)."""
    rule = rules(section)[key]
    kind = type(defaults(section)[key])
    if kind is float and isinstance(given, int) and not isinstance(given, bool) and rule.allows(given):
        return float(given), ""
    if kind is float and isinstance(given, int) and not isinstance(given, bool):
        return None, _out_of_range(given, rule)
    if type(given) is not kind or not isinstance(given, Value):
        return None, f"must be {_KINDS[kind]}, not {shown(given)}."
    return (given, "") if rule.allows(given) else (None, _out_of_range(given, rule))


def conflicts(config: Config) -> list[str]:
    """Problems of values that are fine alone but not together."""
    problems = [
        _pitch_conflict(config.model, config.reply),
        _hand_over_conflict(config.turns),
        _length_conflict(config.turns),
        _loudness_conflict(config.reply),
        _clock_conflict(config),
        _keep_conflict(config),
        _panic_conflict(config),
    ]
    return [problem for problem in problems if problem]


def _pitch_conflict(model: Model, reply: Reply) -> str:
    if model.lowest_pitch > model.highest_pitch:
        return (
            f"model.lowest_pitch: {model.lowest_pitch} lies above model.highest_pitch, {model.highest_pitch};"
            " no note is left to play."
        )
    scale = scale_named(reply.scale)
    if scale and not scale.pitch_classes.intersection(
        pitch % PITCH_CLASSES for pitch in range(model.lowest_pitch, model.highest_pitch + 1)
    ):
        return (
            f"reply.scale: {scale} has no note between model.lowest_pitch, {model.lowest_pitch}, and"
            f" model.highest_pitch, {model.highest_pitch}; widen the range."
        )
    return ""


def _loudness_conflict(reply: Reply) -> str:
    if reply.softest <= reply.loudest:
        return ""
    return f"reply.softest: {reply.softest} lies above reply.loudest, {reply.loudest}; no velocity is left to play."


def _clock_conflict(config: Config) -> str:
    tempo, turns, port = config.tempo, config.turns, config.ports.clock_input
    if port and tempo.clock != "midi":
        return (
            f"ports.clock_input: the beats come from the MIDI clock of {shown(port)}, and tempo.clock is {tempo.clock};"
            " leave out --clock-in or --clock."
        )
    if is_midi_file(port):
        return f"ports.clock_input: {shown(port)} is a file, and sends no MIDI clock; name a port."
    if tempo.clock == "internal" and not tempo.bpm:
        return "tempo.clock: the internal clock needs a tempo to begin with; give one with --bpm."
    if tempo.clock == "midi" and config.ports.input_is_file:
        left_out = "--clock-in" if port else "--clock midi"
        return f"tempo.clock: a .mid file is played along no MIDI clock; play on a port, or leave out {left_out}."
    if tempo.clock == "link" and config.ports.input_is_file and config.ports.output_is_file:
        return "tempo.clock: from file to file no time passes that Ableton Link could share; leave out --clock link."
    if tempo.tap_key >= 0 and tempo.tap_key == turns.hand_over_key:
        return f"tempo.tap_key: {tempo.tap_key} is turns.hand_over_key too; choose another for one of them."
    if tempo.tap_control >= 0 and tempo.tap_control in (
        turns.hand_over_control,
        turns.mode_control,
        PEDALS.get(turns.hand_over_pedal),
    ):
        return f"tempo.tap_control: {tempo.tap_control} hands over or sets the mode too; choose another."
    return ""


def _keep_conflict(config: Config) -> str:
    takes = config.takes
    return _second_meaning(config, "takes.keep", takes.keep_key, takes.keep_control)


def _panic_conflict(config: Config) -> str:
    turns, takes = config.turns, config.takes
    if turns.panic_key >= 0 and turns.panic_key == takes.keep_key:
        return f"turns.panic_key: {turns.panic_key} is takes.keep_key too; choose another."
    if turns.panic_control >= 0 and turns.panic_control == takes.keep_control:
        return f"turns.panic_control: {turns.panic_control} is takes.keep_control too; choose another."
    return _second_meaning(config, "turns.panic", turns.panic_key, turns.panic_control)


def _second_meaning(config: Config, name: str, key: int, control: int) -> str:
    """What is wrong where a key or control that is to mean one thing hands over, picks the mode or taps as well."""
    turns, tempo = config.turns, config.tempo
    if key >= 0 and key in (turns.hand_over_key, tempo.tap_key):
        return f"{name}_key: {key} hands over or taps the tempo too; choose another."
    controls = (turns.hand_over_control, turns.mode_control, tempo.tap_control, PEDALS.get(turns.hand_over_pedal))
    if control >= 0 and control in controls:
        return f"{name}_control: {control} has another meaning too; choose another."
    return ""


def _length_conflict(turns: Turns) -> str:
    if turns.length_beats <= turns.max_reply_beats:
        return ""
    return (
        f"turns.length_beats: {turns.length_beats:g} is more than turns.max_reply_beats, {turns.max_reply_beats:g};"
        " change one of them."
    )


_MODES_THAT_WAIT = ("call-response", "solo")
"""They begin to play when the call is handed over."""


def _hand_over_conflict(turns: Turns) -> str:
    if turns.mode_control >= 0 and turns.mode_control == turns.hand_over_control:
        return (
            f"turns.mode_control: {turns.mode_control} is turns.hand_over_control too; choose another for one of them."
        )
    if turns.mode_control == PEDALS.get(turns.hand_over_pedal):
        return (
            f"turns.mode_control: {turns.mode_control} is the {turns.hand_over_pedal} pedal,"
            " which is turns.hand_over_pedal; choose another for one of them."
        )
    if turns.hand_over_s > 0 or turns.mode not in _MODES_THAT_WAIT or _signals_chosen(turns):
        return ""
    return (
        "turns.hand_over_s: 0 leaves no way to hand over;"
        " choose a hand_over_pedal, hand_over_control, hand_over_key or hand_over_transport as well."
    )


def _signals_chosen(turns: Turns) -> bool:
    """Whether any signal hands over."""
    chosen = turns.hand_over_pedal != "none" or turns.hand_over_transport
    return chosen or turns.hand_over_control >= 0 or turns.hand_over_key >= 0


def shown(value: object) -> str:
    """A value as the user wrote it, on one line and short."""
    if isinstance(value, Mapping | list):
        return "a list" if isinstance(value, list) else "a section"
    if isinstance(value, int) and abs(value) > 10**_LONGEST_SHOWN:
        return "a number that long"
    text = json.dumps(value, ensure_ascii=False) if isinstance(value, str | bool) else str(value)
    return text if len(text) <= _LONGEST_SHOWN else text[: _LONGEST_SHOWN - 3] + "..."


def _out_of_range(value: Value, rule: Rule) -> str:
    if isinstance(value, str) and rule.problem:
        return rule.problem(value)
    if isinstance(value, str):
        return f"{shown(value)} is not {rule.wanted()}.{did_you_mean(value, rule.choices)}"
    if isinstance(value, float) and not math.isfinite(value):
        return f"must be {rule.wanted()}, not {value}."
    return f"{shown(value)} is out of range: it must be {rule.wanted()}."


def _unknown_at_top(name: str, content: object) -> str:
    if isinstance(content, Mapping):
        return f"{_key(name)}: unknown section.{did_you_mean(name, SECTIONS)}"
    homes = [section for section in SECTIONS if name in rules(section)]
    if homes:
        return f"{name}: belongs below the line [{homes[0]}]."
    return f"{_key(name)}: unknown key outside any section.{did_you_mean(name, _every_key())}"


def _unknown_in(section: str, key: str) -> str:
    homes = [other for other in SECTIONS if key in rules(other)]
    if homes:
        return f"{section}.{key}: belongs below the line [{homes[0]}]."
    near = did_you_mean(key, rules(section)) or did_you_mean(key, _every_key())
    return f"{section}.{_key(key)}: unknown key.{near}"


def _every_key() -> list[str]:
    return [key for section in SECTIONS for key in rules(section)]


def _key(name: str) -> str:
    return name if _PLAIN_KEY.fullmatch(name) else shown(name)
