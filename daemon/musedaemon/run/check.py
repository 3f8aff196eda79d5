"""`musedaemon check`: is all that a session needs there? Each part is tried as a session would use it.

A diagnosis must not die of what it is to find, so whatever a part raises becomes its finding.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from enum import Enum
from pathlib import Path
from queue import Queue
from typing import NamedTuple

import numpy as np

from musedaemon.config.schema import Config
from musedaemon.core.events import NoteOn
from musedaemon.errors import MusedaemonError
from musedaemon.midi.files import read_midi_file
from musedaemon.midi.ports import CLOCK_INPUT, VIRTUAL_INPUT, VIRTUAL_OUTPUT, PortSystem, of_others
from musedaemon.model.onnx_model import OnnxModel, load_default
from musedaemon.run.bench import NOTE_ON_WIRE_MS, Bench, measure
from musedaemon.run.chosen import link_session, names_file
from musedaemon.run.clock import Clock, SessionClock
from musedaemon.run.link_session import LinkSession
from musedaemon.run.missing import opening, opening_system
from musedaemon.run.preparing import file_to_write, playable_bpm
from musedaemon.run.priority import Grant, precedence_here
from musedaemon.run.threads import next_item
from musedaemon.takes.folder import check_folder

NOTES = 100
WAITS = 100
LATE_MS = 6.0
"""A note later than this may be noticed (Friberg and Sundberg, J. Acoust. Soc. Am. 98, 1995)."""
_INEXACT = "install musedaemon[jack], or replies begin with JACK's periods and not at their exact moment."
_LINK_S = 2.0
"""Peers of an Ableton Link session find each other within a second or so."""
_SHORTEST_WAIT_S, _LONGEST_WAIT_S = 0.002, 0.012


class Health(Enum):
    """What a finding means for a session."""

    OK = "ok"
    WARNING = "warn"
    """It can be played with, and will be felt."""
    BROKEN = "broken"
    """There can be no session."""


class Finding(NamedTuple):
    """What was found of one part, in a sentence that says what to do unless all is well."""

    health: Health
    part: str
    told: str


def check(config: Config, open_system: Callable[[str, SessionClock], PortSystem]) -> Iterator[Finding]:
    """Try one part after the other, as these settings have it; never raises. A few seconds, on the main thread.

    `open_system` gives the MIDI system of a name, as a session opens it; it is not called for two files.
    """
    clock = SessionClock()
    yield from _tried("ports", lambda: _ends(config, lambda: open_system(config.ports.api, clock)))
    yield from _tried("takes", lambda: _takes(config))
    yield from _tried("model", lambda: [model_finding(*_measured(config.model.path))])
    yield from _tried("tempo", lambda: _tempo(config))
    yield from _tried("priority", lambda: [_priority(config, precedence_here(config.timing.realtime))])
    yield from _tried("timer", lambda: [timer_finding(_lateness_ms(clock))])


def _tried(part: str, findings: Callable[[], list[Finding]]) -> list[Finding]:
    try:
        return findings()
    except MusedaemonError as error:
        return [Finding(Health.BROKEN, part, str(error))]
    except Exception as error:
        return [Finding(Health.BROKEN, part, f"{type(error).__name__}: {error}; please report it.")]


def _ends(config: Config, system: Callable[[], PortSystem]) -> list[Finding]:
    """The input and the output: files, ports of others, or ports of our own."""
    if names_file(config.ports.input) and names_file(config.ports.output):
        return [*_tried("input", lambda: [_input_file(config)]), *_tried("output", lambda: [_output_file(config)])]
    with opening_system(config.ports.input, config.ports.output):
        opened = system()
    ins, outs = len(of_others(opened.input_names(), "input")), len(of_others(opened.output_names(), "output"))
    return [
        Finding(Health.OK, "MIDI", f"{opened.api} answers: {ins} to listen to, {outs} to play on (`musedaemon ports`)"),
        *_tried("input", lambda: [_input(config, opened)]),
        *(_tried("clock", lambda: [_clock(config, opened)]) if config.ports.clock_input else []),
        *_tried("output", lambda: [_output(config, opened)]),
    ]


def _input(config: Config, system: PortSystem) -> Finding:
    name = config.ports.input
    if names_file(name):
        return _input_file(config)
    if name:
        return Finding(Health.OK, "input", _listened(system, name, VIRTUAL_INPUT))
    port = system.open_virtual_input(VIRTUAL_INPUT, lambda data, at: None)
    port.close()
    return Finding(Health.OK, "input", _opened(name, port.name))


def _clock(config: Config, system: PortSystem) -> Finding:
    return Finding(Health.OK, "clock", _listened(system, config.ports.clock_input, CLOCK_INPUT))


def _listened(system: PortSystem, name: str, own_name: str) -> str:
    """The full name of a port of others, which was listened to."""
    with opening(system, name):
        port = system.open_input(name, lambda data, at: None, own_name)
    port.close()
    return port.name


def _output(config: Config, system: PortSystem) -> Finding:
    name = config.ports.output
    if names_file(name):
        return _output_file(config)
    with opening(system, name):
        port = system.open_output(name) if name else system.open_virtual_output(VIRTUAL_OUTPUT)
    exact = port.ahead_s > 0.0
    port.close()
    told = _opened(name, port.name)
    if system.api == "JACK" and not exact:
        return Finding(Health.WARNING, "output", f"{told}; {_INEXACT}")
    return Finding(Health.OK, "output", told)


def _opened(wanted: str, name: str) -> str:
    if wanted:
        return name
    return f"a port of its own, `{name}`, for others to connect to while it runs"


def _input_file(config: Config) -> Finding:
    score = read_midi_file(Path(config.ports.input))
    notes = sum(isinstance(event, NoteOn) for event in score.events)
    if not notes:
        return Finding(Health.WARNING, "input", f"{score.path} holds no note, so nothing will be answered.")
    return Finding(Health.OK, "input", f"{score.path}, {notes} notes")


def _output_file(config: Config) -> Finding:
    target = file_to_write(config)
    written_over = " (there is one already: it will be replaced)" if target and target.exists() else ""
    return Finding(Health.OK, "output", f"{target}, to be written{written_over}")


def _takes(config: Config) -> list[Finding]:
    """The folders of takes, which only a session that plays on an output port has."""
    named = [] if config.ports.output_is_file else [config.takes.record, config.takes.keep_folder]
    folders = [check_folder(name) for name in dict.fromkeys(filter(None, named))]
    to_be_made = [folder for folder in folders if not folder.exists()]
    told = [f"{folder} (to be made)" if folder in to_be_made else str(folder) for folder in folders]
    return [Finding(Health.OK, "takes", f"to {' and '.join(told)}")] if told else []


def _measured(path: str) -> tuple[str, Bench]:
    model = OnnxModel.load(Path(path)) if path else load_default()
    bench = measure(model, model.size, NOTES)
    return f"{path or 'the default'}, {model.card}, {model.size / 1e6:.1f} MB", bench


def model_finding(name: str, bench: Bench) -> Finding:
    """Whether the model is quick enough here."""
    told = f"{name}: {bench.step.p50:.2f} ms a step, {bench.note.p50:.2f} ms a note"
    if bench.note.p50 < NOTE_ON_WIRE_MS:
        return Finding(Health.OK, "model", told)
    advice = "free a core, or take a smaller one, if dense replies come late."
    return Finding(Health.WARNING, "model", f"{told}; that is slow ({NOTE_ON_WIRE_MS:.2f} is quick): {advice}")


def _tempo(config: Config) -> list[Finding]:
    if link := link_session(config.tempo):
        return [_link(link)]
    if config.tempo.clock == "midi":
        where = f'"{config.ports.clock_input}"' if config.ports.clock_input else "the input"
        return [Finding(Health.OK, "tempo", f"from the MIDI clock that comes in at {where}, once it is sent")]
    if config.tempo.bpm:
        return [Finding(Health.OK, "tempo", f"given, {config.tempo.bpm:.4g} bpm")]
    try:
        score = read_midi_file(Path(config.ports.input)) if names_file(config.ports.input) else None
    except MusedaemonError:  # the input's own finding tells of it
        return []
    if bpm := playable_bpm(score):
        return [Finding(Health.OK, "tempo", f"{bpm:.4g} bpm as the file has it, where the playing agrees")]
    return [Finding(Health.OK, "tempo", "found in your playing (--bpm gives it, as with a DAW)")]


def _link(session: LinkSession) -> Finding:
    session.join(SessionClock().now, lambda: None)
    try:
        time.sleep(_LINK_S)
        state = session.look()
    finally:
        session.leave()
    if state.peers:
        return Finding(Health.OK, "tempo", f"from Ableton Link: {state.grid.bpm:.4g} bpm, {state.peers} other(s) there")
    return Finding(Health.OK, "tempo", f"from Ableton Link, where nobody else is yet: {state.grid.bpm:.4g} bpm")


def _priority(config: Config, grant: Grant) -> Finding:
    wanted = config.timing.realtime != "off"
    return Finding(Health.WARNING if wanted and not grant.granted else Health.OK, "priority", grant.told)


def timer_finding(late_ms: list[float]) -> Finding:
    """Whether this machine wakes a thread in time; `late_ms` is by how much each wait was too long."""
    p50, p99 = (float(value) for value in np.percentile(late_ms, (50, 99)))
    told = f"a wait ends {p50:.2f} ms late at the median, {p99:.2f} ms one time in a hundred"
    if p50 >= LATE_MS:
        return Finding(Health.WARNING, "timer", f"{told}; replies will be uneven: end what keeps the processor busy.")
    if p99 >= LATE_MS:
        return Finding(Health.WARNING, "timer", f"{told}; some notes may be late: end what keeps the processor busy.")
    return Finding(Health.OK, "timer", told)


def _lateness_ms(clock: Clock) -> list[float]:
    """Waits as the player thread waits, each of another length."""
    nothing: Queue[None] = Queue()
    late = []
    for length in np.linspace(_SHORTEST_WAIT_S, _LONGEST_WAIT_S, WAITS):
        deadline = clock.now() + float(length)
        next_item(nothing, deadline, clock)
        late.append(1000.0 * (clock.now() - deadline))
    return late
