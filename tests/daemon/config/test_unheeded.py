"""Settings that have no effect in a session are told, with what they need."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import pytest

from musedaemon.config.loading import Override, merge
from musedaemon.config.schema import SECTIONS, Config, Ports, Takes, Tempo, Turns, Value, rules
from musedaemon.config.unheeded import NEEDS, unheeded_keys, unheeded_options

FILES = Config(ports=Ports(input="call.mid", output="jam.mid"))
TO_FILE = Config(ports=Ports(input="Keys", output="jam.mid"))
FROM_FILE = Config(ports=Ports(input="call.mid", output="Synth"))
LIVE = Config(ports=Ports(input="Keys", output="Synth"))

COUNTS_EVERYWHERE = {
    ("ports", "input"),
    ("ports", "output"),
    ("ports", "clock_input"),
    ("ports", "response_channel"),
    ("turns", "max_reply_beats"),
    ("turns", "hand_over_pedal"),
    ("turns", "hand_over_control"),
    ("turns", "hand_over_key"),
    ("turns", "hand_over_by"),
    ("turns", "mode"),
    ("turns", "mode_control"),
    ("turns", "panic_control"),
    ("turns", "panic_key"),
    ("tempo", "bpm"),
    ("tempo", "swing"),
    ("tempo", "humanize_ms"),
    *(("model", key) for key in rules("model")),
    *(("reply", key) for key in rules("reply")),
    *(("log", key) for key in rules("log")),
}


def told(config: Config, *typed: tuple[str, str, Value, str]) -> str:
    overrides = [Override(*one) for one in typed]
    return unheeded_options(merge(config, overrides), overrides)


def test_every_setting_either_counts_everywhere_or_says_what_it_needs() -> None:
    every = {(section, key) for section in SECTIONS for key in rules(section)}
    assert set(NEEDS) | COUNTS_EVERYWHERE == every
    assert not set(NEEDS) & COUNTS_EVERYWHERE


def test_from_file_to_file_what_needs_a_port_is_told_in_one_sentence() -> None:
    sentence = told(
        FILES,
        ("takes", "record", "takes", "--record"),
        ("tempo", "count_in_bars", 1, "--count-in"),
        ("tempo", "metronome_channel", 10, "--metronome"),
        ("tempo", "swing", 0.6, "--swing"),
        ("tempo", "start_on", "bar", "--start-on"),
        ("timing", "output_offset_ms", 20, "--output-offset"),
    )
    assert sentence == (
        "no effect here: --record, --output-offset need a port for --out;"
        " --count-in needs a port for --in or --out and --clock internal;"
        " --metronome needs a port for --out and --clock internal;"
        " --start-on bar needs a port for --in or --out and --clock"
    )


def test_an_internal_clock_needs_somebody_who_hears_it() -> None:
    clock = ("tempo", "clock", "internal", "--clock")
    bpm = ("tempo", "bpm", 100, "--bpm")
    count_in = ("tempo", "count_in_bars", 1, "--count-in")
    assert told(FILES, clock, bpm, count_in) == (
        "no effect here: --clock internal, --count-in need a port for --in or --out"
    )
    assert told(LIVE, clock, bpm, count_in) == told(TO_FILE, clock, bpm, count_in) == ""


@pytest.mark.parametrize(
    ("config", "typed", "words"),
    [
        (LIVE, [("turns", "wait_for_reply", False, "--no-wait")], "--no-wait needs a .mid file for --in"),
        (FROM_FILE, [("turns", "wait_for_reply", False, "--no-wait")], ""),
        (TO_FILE, [("ports", "thru", False, "--no-thru")], "--no-thru needs a port for --out"),
        (TO_FILE, [("ports", "guardian", False, "--no-guardian")], "--no-guardian needs a port for --out"),
        (FILES, [("ports", "api", "jack", "--api")], "--api needs a port for --in or --out"),
        (TO_FILE, [("ports", "api", "jack", "--api")], ""),
        (LIVE, [("tempo", "start_on", "bar", "--start-on")], "--start-on bar needs --clock"),
        (FILES, [("tempo", "start_on", "now", "--start-on")], ""),
        (LIVE, [("tempo", "metronome_channel", 10, "--metronome")], "--metronome needs --clock internal"),
        (LIVE, [("turns", "trade_bars", 8, "--trade-bars")], "--trade-bars needs --mode trade"),
        (
            LIVE,
            [("turns", "length", 2.0, "--length"), ("turns", "mode", "duet", "--mode")],
            "--length needs --mode call-response",
        ),
        (LIVE, [("turns", "hand_over_s", 1.0, "--hand-over"), ("turns", "mode", "solo", "--mode")], ""),
        (LIVE, [("tempo", "bpm_hint", 100, "--bpm-hint"), ("tempo", "bpm", 90, "--bpm")], "--bpm-hint needs no --bpm"),
    ],
)
def test_each_option_says_what_would_make_it_count(
    config: Config, typed: Sequence[tuple[str, str, Value, str]], words: str
) -> None:
    assert told(config, *typed) == (words and f"no effect here: {words}")


def test_a_mode_that_can_be_switched_to_makes_what_it_needs_count() -> None:
    switched = dataclasses.replace(LIVE, turns=Turns(mode_control=80))
    assert told(switched, ("turns", "trade_bars", 8, "--trade-bars")) == ""


def test_what_a_file_has_set_is_told_by_its_key_and_what_is_typed_by_its_option() -> None:
    config = dataclasses.replace(FILES, takes=Takes(record="takes"), tempo=Tempo(start_on="bar", swing=0.6))
    assert unheeded_keys(config, []) == (
        "no effect here: tempo.start_on needs a port for --in or --out and --clock; takes.record needs a port for --out"
    )
    typed = [Override("takes", "record", "takes", "--record")]
    assert "takes.record" not in unheeded_keys(config, typed)
    assert unheeded_keys(Config(), []) == ""


def test_a_key_that_is_to_keep_what_was_played_and_cannot_is_told_without_being_asked() -> None:
    """Pressed on stage it did nothing, and nobody was told."""
    config = dataclasses.replace(LIVE, takes=Takes(keep_key=21, keep_minutes=5))
    assert unheeded_options(config, []) == "no effect here: takes.keep_key needs --record or keep_folder"
    assert unheeded_keys(config, []) == "no effect here: takes.keep_minutes needs --record or keep_folder"
    assert unheeded_options(dataclasses.replace(config, takes=Takes(keep_key=21, record="takes")), []) == ""
    assert unheeded_options(dataclasses.replace(FILES, takes=Takes(keep_key=21)), []) == ""
