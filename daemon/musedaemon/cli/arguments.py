"""The options as a table, the parser made from it, and what was typed as overrides of the settings."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

from musedaemon import __version__
from musedaemon.config.loading import Override, user_file
from musedaemon.config.schema import Value, defaults, rules
from musedaemon.config.spelling import did_you_mean

_DESCRIPTION = """\
A MIDI improvisation partner: play a phrase, and it answers in time.

Every option stands for a key of config.toml and wins over it. Ctrl-C ends a session; p and Enter
silences everything, t and Enter taps the tempo, ? and Enter tells what else can be typed."""

_EXAMPLES = """\
examples:
  musedaemon ports                                    what can be connected
  musedaemon check --in "Keyboard" --out "Synth"      is all there, and quick enough?
  musedaemon bench --live                             how late would notes be? two minutes
  musedaemon --in "Keyboard" --out "Synth"            play with it
  musedaemon --in "Keyboard" --out jam.mid            play, and keep both of you in a file
  musedaemon --in "Keyboard" --record takes           play on ports, and keep every jam
  musedaemon --in call.mid --out jam.mid --seed 7     let it answer a file
  musedaemon --in "Keyboard" --mode duet              play at the same time
  musedaemon --api jack                               ports of its own, for a patchbay

config.toml is looked for at --config, then in this folder, then at
  {user_file}"""


class Option(NamedTuple):
    """One option: how it is typed, the setting it is, and what it gives: a word typed after it or a `fixed` value."""

    flags: tuple[str, ...]
    section: str
    key: str
    help: str
    metavar: str = ""
    fixed: Value | None = None
    range_shown: bool = False


IN = Option(("--in",), "ports", "input", "what you play on: part of a port's name, or a .mid file", "NAME|FILE.mid")
OUT = Option(("--out",), "ports", "output", "where the reply goes: a port, or a .mid file to write", "NAME|FILE.mid")
BPM = Option(("--bpm",), "tempo", "bpm", "the tempo", "N", range_shown=True)
CONNECTION = Option(("--api",), "ports", "api", "the system's MIDI interface", "NAME", range_shown=True)
MODEL = Option(("--model",), "model", "path", "the model that answers (.onnx)", "PATH")

OPTIONS = (
    IN,
    OUT,
    CONNECTION,
    Option(("--channel",), "ports", "response_channel", "the reply's MIDI channel", "N", range_shown=True),
    Option(("--thru",), "ports", "thru", "pass on what you play to the output", fixed=True),
    Option(("--no-thru",), "ports", "thru", "do not pass on what you play", fixed=False),
    Option(("--no-guardian",), "ports", "guardian", "no process that ends all notes if this one dies", fixed=False),
    Option(("--thru-channel",), "ports", "thru_channel", "move what is passed on", "N", range_shown=True),
    Option(("--wait-for-ports",), "ports", "wait_for_ports", "start without a port that is not there yet", fixed="on"),
    Option(("--no-wait-for-ports",), "ports", "wait_for_ports", "a port that is not there is an error", fixed="off"),
    BPM,
    Option(("--bpm-hint",), "tempo", "bpm_hint", "about how fast you play, for finding it", "N", range_shown=True),
    Option(("--clock",), "tempo", "clock", "where the beats come from", "NAME", range_shown=True),
    Option(
        ("--clock-in",),
        "ports",
        "clock_input",
        "the port of a MIDI clock that is not --in's; means --clock midi",
        "NAME",
    ),
    Option(("--meter",), "tempo", "meter", "the time signature of bars, such as 3/4 or 6/8 (default: 4/4)", "N/N"),
    Option(("--start-on",), "tempo", "start_on", "a reply waits for", "WHAT", range_shown=True),
    Option(("--swing",), "tempo", "swing", "the first eighth's share of a beat", "S", range_shown=True),
    Option(("--metronome",), "tempo", "metronome_channel", "the internal clock clicks on", "N", range_shown=True),
    Option(("--count-in",), "tempo", "count_in_bars", "bars before the internal clock starts", "N", range_shown=True),
    Option(("--mode",), "turns", "mode", "what it does", "MODE", range_shown=True),
    Option(("--trade-bars",), "turns", "trade_bars", "in mode trade, how many bars each plays", "N", range_shown=True),
    Option(("--hand-over",), "turns", "hand_over_s", "seconds of silence that end a call", "S", range_shown=True),
    Option(("--no-wait",), "turns", "wait_for_reply", "a .mid file goes on without waiting for replies", fixed=False),
    Option(("--length",), "turns", "length", "how long a reply is, in calls", "N", range_shown=True),
    Option(("--beats",), "turns", "length_beats", "how long a reply is, in beats", "N", range_shown=True),
    Option(("--scale",), "reply", "scale", "'C major' and so on; the call's key: lean, or auto, strictly; off", "NAME"),
    MODEL,
    Option(("--temperature",), "model", "temperature", "below 1 tamer, above 1 wilder", "T", range_shown=True),
    Option(("--top-p",), "model", "top_p", "the share of likely notes to choose from", "P", range_shown=True),
    Option(("--memory",), "model", "memory", "0 surprises you, 1 plays your phrase back", "M", range_shown=True),
    Option(("--seed",), "model", "seed", "the same seed gives the same replies", "N", range_shown=True),
    Option(
        ("--output-offset", "--latency-offset"),
        "timing",
        "output_offset_ms",
        "for a synth that is late",
        "MS",
        range_shown=True,
    ),
    Option(("--record",), "takes", "record", "write every jam to a .mid file in this folder", "DIR"),
    Option(("--log-format",), "log", "format", "how it tells what happens", "NAME", range_shown=True),
    Option(("-q", "--quiet"), "log", "level", "print errors only", fixed="quiet"),
    Option(("-v", "--verbose"), "log", "level", "print more", fixed="verbose"),
)

ELSEWHERE = {
    "--tempo": "--bpm",
    "--input": "--in",
    "--input-port": "--in",
    "--midi-in": "--in",
    "--output": "--out",
    "--output-port": "--out",
    "--midi-out": "--out",
    "--port": "--in or --out",
    "--device": "--in or --out",
    "--list": "the command `musedaemon ports`",
    "--list-ports": "the command `musedaemon ports`",
    "--driver": "--api",
    "--backend": "--api",
    "--latency": "--output-offset",
    "--delay": "--output-offset",
    "--bars": "--trade-bars",
    "--key": "--scale",
    "--time-signature": "--meter",
    "--signature": "--meter",
    "--click": "--metronome",
    "--sync": "--clock",
    "--link": "--clock link",
    "--silence": "--hand-over",
    "--pause": "--hand-over",
    "--creativity": "--temperature",
    "--save": "--record",
    "--silent": "--quiet",
    "--debug": "--verbose",
}
"""Options of other programs, and what they are called here."""

_EITHER = (("--thru", "--no-thru"), ("-q", "-v"), ("--wait-for-ports", "--no-wait-for-ports"))


class Parser(argparse.ArgumentParser):
    """An ArgumentParser whose errors are one sentence."""

    def error(self, message: str) -> NoReturn:
        """Print one sentence and exit with status 2."""
        stop = "" if message.endswith((".", "?")) else "."
        self.exit(2, f"musedaemon: {message}{stop} `{self.prog} --help` shows what there is.\n")


class Switch(NamedTuple):
    """What a sub-command alone can be asked for, and no setting: its flag, and its name in what `parse` returns."""

    flag: str
    name: str
    help: str


LIVE = Switch("--live", "live", "play with it over virtual ports, and measure how late notes are")


class Subcommand(NamedTuple):
    """What `parse` needs to know of a sub-command."""

    name: str
    help: str
    options: tuple[Option, ...]
    switches: tuple[Switch, ...] = ()


def parse(argv: Sequence[str], subcommands: Sequence[Subcommand]) -> argparse.Namespace:
    """What was typed: `command` (None or a sub-command's name), `config` (a path or None), and the overrides.

    Exits with status 2 and one sentence where it makes no sense.
    """
    parser = _parser(subcommands)
    _refuse_unknown(parser, argv, [entry.name for entry in subcommands])
    return parser.parse_args(argv)


def _refuse_unknown(parser: Parser, argv: Sequence[str], names: Sequence[str]) -> None:
    """Name the misspelt option or command: argparse would blame the word after it, or list what it was not."""
    if argv and not argv[0].startswith("-") and argv[0] not in names:
        meant = did_you_mean(argv[0], names) or " To play, leave it out."
        parser.error(f"unknown command {argv[0]}.{meant}")
    known = [flag for option in OPTIONS for flag in option.flags] + ["--config", "--version", "--help"]
    for word in argv:
        if word in names or word == "--":
            return
        flag = word.partition("=")[0]
        if flag.startswith("--") and flag not in known:
            parser.error(f"unknown option {flag}.{did_you_mean(flag, known, ELSEWHERE)}")


def _parser(subcommands: Sequence[Subcommand]) -> Parser:
    parser = Parser(
        prog="musedaemon",
        description=_DESCRIPTION,
        epilog=_EXAMPLES.format(user_file=user_file()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    _add_options(parser, OPTIONS)
    parser.add_argument("--version", action="version", version=f"musedaemon {__version__}")
    parser.set_defaults(config=None, command=None)
    if subcommands:
        table = parser.add_subparsers(dest="command", title="other commands", metavar="COMMAND", parser_class=Parser)
        for entry in subcommands:
            sub = table.add_parser(entry.name, help=entry.help, description=entry.help, allow_abbrev=False)
            _add_options(sub, entry.options)
            for switch in entry.switches:
                sub.add_argument(switch.flag, dest=switch.name, action="store_true", help=switch.help)
    return parser


def overrides(parsed: argparse.Namespace) -> list[Override]:
    """What was typed, as settings; what was not typed is not in it."""
    return [given for given in vars(parsed).values() if isinstance(given, Override)]


class _SetOverride(argparse.Action):
    """Keeps what was typed for an option as an `Override`; whether it fits is asked later, of all at once."""

    def __init__(self, option_strings: Sequence[str], dest: str, *, option: Option, **others: Any) -> None:
        super().__init__(option_strings, dest, nargs=None if option.fixed is None else 0, **others)
        self._option = option

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: str | Sequence[Any] | None,
        option_string: str | None = None,
    ) -> None:
        """Called by argparse for each time the option is typed; the last one counts."""
        option = self._option
        value = _read(option, str(values)) if option.fixed is None else option.fixed
        setattr(namespace, self.dest, Override(option.section, option.key, value, str(option_string)))


def _add_options(parser: argparse.ArgumentParser, options: Sequence[Option]) -> None:
    present = {option.flags[0] for option in options}
    exclusive = {pair: parser.add_mutually_exclusive_group() for pair in _EITHER if present.issuperset(pair)}
    for option in options:
        group = next((group for pair, group in exclusive.items() if option.flags[0] in pair), parser)
        group.add_argument(
            *option.flags,
            dest=f"{option.section}.{option.key}",
            action=_SetOverride,
            option=option,
            default=argparse.SUPPRESS,
            metavar=option.metavar or None,
            help=_help(option),
        )
    parser.add_argument(
        "--config", type=Path, metavar="PATH", default=argparse.SUPPRESS, help="the settings file to use"
    )


def _help(option: Option) -> str:
    if not option.range_shown:
        return option.help
    default = defaults(option.section)[option.key]
    shown = f"{default:g}" if isinstance(default, float) else default
    return f"{option.help}: {rules(option.section)[option.key].wanted()} (default: {shown})"


def _read(option: Option, typed: str) -> Value:
    """The number that was typed where a number is asked, else the text itself, for the check to complain about."""
    if isinstance(defaults(option.section)[option.key], str):
        return typed
    for kind in (int, float):
        try:
            return kind(typed)
        except ValueError:
            continue
    return typed
