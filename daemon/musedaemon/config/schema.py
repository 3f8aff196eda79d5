"""Every setting, with its type, default, range and meaning; `config.toml` shows them all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from typing import TypeVar

from musedaemon.config.scale_names import scale_problem
from musedaemon.core.beat_grid import meter_problem

Value = str | bool | int | float
_V = TypeVar("_V", str, bool, int, float)

MAX_SEED = 2**32 - 1


@dataclass(frozen=True, slots=True)
class Rule:
    """What one setting may be: `low` to `high`, or `special` beside them, or one of `choices`; and what it means.

    `problem` says what is wrong with a text that follows no list, nothing where it is right.
    """

    doc: str
    low: float | None = None
    high: float | None = None
    special: float | None = None
    special_doc: str = ""
    choices: tuple[str, ...] = ()
    problem: Callable[[str], str] | None = None

    def allows(self, value: Value) -> bool:
        """Whether a value of the right type lies in the range; not-a-number never does."""
        if isinstance(value, str):
            return not (self.problem(value) if self.problem else self.choices and value not in self.choices)
        if isinstance(value, bool) or self.low is None or self.high is None:
            return True
        return value == self.special or self.low <= value <= self.high

    def wanted(self) -> str:
        """The range in words: `one of a, b` or `0.1 to 10`."""
        if self.choices:
            return f"one of {', '.join(self.choices)}"
        return f"{self.low:.10g} to {self.high:.10g}" + (f", or {self.special_doc}" if self.special_doc else "")


def _setting(default: _V, rule: Rule) -> _V:
    made: _V = field(default=default, metadata={"rule": rule})
    return made


def is_midi_file(name: str) -> bool:
    """Whether what was given as --in or --out is a .mid file's name, and not a port's."""
    return name.lower().endswith((".mid", ".midi"))


@dataclass(frozen=True, slots=True)
class Ports:
    """Where the notes come from and go to."""

    input: str = _setting("", Rule("a port's name, a .mid file, or empty for a virtual port `musedaemon in`"))
    output: str = _setting("", Rule("a port's name, a .mid file, or empty for a virtual port `musedaemon out`"))
    clock_input: str = _setting("", Rule("the port of the MIDI clock, where it is another than the input"))
    api: str = _setting(
        "auto", Rule("the system's MIDI interface", choices=("auto", "alsa", "jack", "coremidi", "winmm"))
    )
    thru: bool = _setting(True, Rule("pass on what the player plays"))
    response_channel: int = _setting(1, Rule("the MIDI channel of the replies", 1, 16))
    thru_channel: int = _setting(
        0, Rule("the MIDI channel of what is passed on", 1, 16, special=0, special_doc="0 for as played")
    )
    guardian: bool = _setting(True, Rule("a process of its own sends, and ends all notes if the daemon dies"))
    wait_for_ports: str = _setting(
        "auto", Rule("whether it starts without a port and waits for it", choices=("auto", "on", "off"))
    )

    @property
    def input_is_file(self) -> bool:
        """Whether a .mid file plays the call."""
        return is_midi_file(self.input)

    @property
    def output_is_file(self) -> bool:
        """Whether the session is written to a .mid file instead of a port."""
        return is_midi_file(self.output)


@dataclass(frozen=True, slots=True)
class Turns:
    """Who plays when."""

    hand_over_s: float = _setting(
        0.6,
        Rule(
            "seconds of silence, pedal counted, that end a call", 0.1, 10, special=0, special_doc="0 for only by signal"
        ),
    )
    wait_for_reply: bool = _setting(True, Rule("a .mid file as the player waits for each reply"))
    length: float = _setting(1.0, Rule("the length of a reply as a multiple of its call", 0.25, 4))
    max_reply_beats: float = _setting(64.0, Rule("no reply is longer than this many beats", 1, 256))
    length_beats: float = _setting(
        0.0, Rule("the length of every reply in beats", 1, 256, special=0, special_doc="0 to go by the call")
    )
    hand_over_pedal: str = _setting("none", Rule("a pedal that hands over", choices=("none", "sustain", "sostenuto")))
    hand_over_control: int = _setting(
        -1, Rule("the number of a control that hands over", 0, 119, special=-1, special_doc="-1 for none")
    )
    hand_over_key: int = _setting(
        -1, Rule("the MIDI number of a key that hands over", 0, 127, special=-1, special_doc="-1 for none")
    )
    hand_over_transport: bool = _setting(False, Rule("Start and Continue hand over, Stop takes back"))
    hand_over_by: str = _setting(
        "press", Rule("what counts of the pedal, control or key", choices=("press", "release", "hold"))
    )
    mode: str = _setting(
        "call-response", Rule("what it does", choices=("call-response", "trade", "duet", "solo", "listen"))
    )
    trade_bars: int = _setting(4, Rule("bars each plays in mode trade", 1, 16))
    mode_control: int = _setting(
        -1, Rule("the number of a control that picks the mode", 0, 119, special=-1, special_doc="-1 for none")
    )
    panic_control: int = _setting(
        -1, Rule("the number of a control that silences all", 0, 119, special=-1, special_doc="-1 for none")
    )
    panic_key: int = _setting(
        -1, Rule("the MIDI number of a key that silences all", 0, 127, special=-1, special_doc="-1 for none")
    )


@dataclass(frozen=True, slots=True)
class Tempo:
    """How fast a beat is."""

    bpm: float = _setting(0.0, Rule("beats a minute", 20, 300, special=0, special_doc="0 to find it in the playing"))
    bpm_hint: float = _setting(
        0.0, Rule("about how fast you play, where it is to be found", 20, 300, special=0, special_doc="0 for no idea")
    )
    meter: str = _setting("4/4", Rule("the time signature", problem=meter_problem))
    clock: str = _setting("follow", Rule("where the beats come from", choices=("follow", "midi", "internal", "link")))
    start_on: str = _setting(
        "beat", Rule("what a reply waits for before its first note", choices=("now", "beat", "bar"))
    )
    swing: float = _setting(0.5, Rule("the share of a beat that its first eighth takes", 0.5, 0.75))
    humanize_ms: float = _setting(0.0, Rule("how far notes stray from their places, in milliseconds", 0, 50))
    metronome_channel: int = _setting(
        0, Rule("the MIDI channel of the internal clock's clicks", 1, 16, special=0, special_doc="0 for none")
    )
    metronome_pitch: int = _setting(77, Rule("the note of a click", 0, 127))
    metronome_accent_pitch: int = _setting(76, Rule("the note of the click on the first beat of a bar", 0, 127))
    count_in_bars: int = _setting(0, Rule("bars that the internal clock counts in", 0, 8))
    tap_key: int = _setting(
        -1, Rule("the MIDI number of a key that taps the tempo", 0, 127, special=-1, special_doc="-1 for none")
    )
    tap_control: int = _setting(
        -1, Rule("the number of a control that taps the tempo", 0, 119, special=-1, special_doc="-1 for none")
    )
    link_start_stop: bool = _setting(True, Rule("share start and stop in the Ableton Link session"))


@dataclass(frozen=True, slots=True)
class Model:
    """Which model answers, and how it chooses its notes."""

    path: str = _setting("", Rule("a model file; empty for the one that comes with musedaemon"))
    temperature: float = _setting(1.0, Rule("below 1 tamer, above 1 wilder", 0.05, 3))
    top_p: float = _setting(0.95, Rule("choose among the likeliest notes that make up this share", 0.05, 1))
    memory: float = _setting(0.5, Rule("how much it picks up of what was played: 0 nothing, 1 plays it back", 0, 1))
    seed: int = _setting(
        -1, Rule("repeats a session", 0, MAX_SEED, special=-1, special_doc="-1 for a new one at each start")
    )
    lowest_pitch: int = _setting(21, Rule("the lowest note of a reply", 0, 127))
    highest_pitch: int = _setting(108, Rule("the highest note of a reply", 0, 127))


@dataclass(frozen=True, slots=True)
class Reply:
    """What the notes of a reply may be."""

    scale: str = _setting("lean", Rule("the scale of the replies", problem=scale_problem))
    register: str = _setting(
        "near", Rule("where replies lie, compared with the call", choices=("near", "any", "as-call", "above", "below"))
    )
    polyphony: int = _setting(0, Rule("most notes at once", 1, 10, special=0, special_doc="0 for as many as you"))
    density: float = _setting(0.0, Rule("most notes a beat", 0.25, 16, special=0, special_doc="0 for no limit"))
    softest: int = _setting(1, Rule("the softest velocity of a reply", 1, 127))
    loudest: int = _setting(127, Rule("the loudest velocity of a reply", 1, 127))


@dataclass(frozen=True, slots=True)
class Timing:
    """When notes leave."""

    output_offset_ms: float = _setting(0.0, Rule("milliseconds by which its notes leave earlier", 0, 500))
    max_lateness_ms: float = _setting(60.0, Rule("a note that would leave later than this is left out", 5, 2000))
    realtime: str = _setting("auto", Rule("ask the system for real-time priority", choices=("auto", "off")))


@dataclass(frozen=True, slots=True)
class Takes:
    """What is written of what is played."""

    record: str = _setting("", Rule("a folder that every jam is written to; empty for none"))
    silence_s: float = _setting(
        60.0,
        Rule("seconds in which nobody plays that end a take", 5, 3600, special=0, special_doc="0 for only the end"),
    )
    keep_minutes: float = _setting(10.0, Rule("how much is kept when it is asked for, in minutes", 0.5, 60))
    keep_folder: str = _setting("", Rule("a folder for what is kept; empty for that of `record`"))
    keep_key: int = _setting(
        -1, Rule("the MIDI number of a key that keeps", 0, 127, special=-1, special_doc="-1 for none")
    )
    keep_control: int = _setting(
        -1, Rule("the number of a control that keeps", 0, 119, special=-1, special_doc="-1 for none")
    )


@dataclass(frozen=True, slots=True)
class Log:
    """How much is told."""

    level: str = _setting("normal", Rule("how much is told", choices=("quiet", "normal", "verbose")))
    format: str = _setting("text", Rule("how it is told", choices=("text", "json")))


@dataclass(frozen=True, slots=True)
class Config:
    """All settings; `Config()` holds the defaults."""

    ports: Ports = Ports()
    turns: Turns = Turns()
    tempo: Tempo = Tempo()
    model: Model = Model()
    reply: Reply = Reply()
    timing: Timing = Timing()
    takes: Takes = Takes()
    log: Log = Log()


Section = Ports | Turns | Tempo | Model | Reply | Timing | Takes | Log

SECTIONS: dict[str, type[Section]] = {
    "ports": Ports,
    "turns": Turns,
    "tempo": Tempo,
    "model": Model,
    "reply": Reply,
    "timing": Timing,
    "takes": Takes,
    "log": Log,
}
"""The class of each section, in the order of `Config`."""


def rules(section: str) -> dict[str, Rule]:
    """The rule of each key of a section, in order."""
    return {item.name: item.metadata["rule"] for item in fields(SECTIONS[section])}


def defaults(section: str) -> dict[str, Value]:
    """The default of each key of a section; its type is the type of the setting."""
    made = SECTIONS[section]()
    return {item.name: getattr(made, item.name) for item in fields(made)}
