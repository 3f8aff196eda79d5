"""Dense playing through the daemon, in virtual time and over JACK: what came through, and was it heard right?"""

from __future__ import annotations

import multiprocessing
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from typing import NamedTuple

from support.jack_bench import JackBench
from support.jack_server import JackServer
from support.jam import SETTINGS, Jam, TapedPlayer
from support.midi_balance import unbalanced
from support.playing import timed_bytes
from support.truth import assert_true

from musedaemon.config.schema import Config, Model, Ports, Tempo, Turns
from musedaemon.core.engine import Engine
from musedaemon.core.events import MidiEvent, NoteOn
from musedaemon.core.outlet import Outgoing
from musedaemon.core.tempo import TempoTracker
from musedaemon.core.thru import unchanged
from musedaemon.midi import wire
from musedaemon.midi.loop_guard import LoopGuard
from musedaemon.model.onnx_model import OnnxModel, load_default
from musedaemon.model.protocol import NoteModel
from musedaemon.run.musician import FilePlayer
from musedaemon.run.preparing import prepare
from musedaemon.run.reporting import Silent
from musedaemon.run.simulator import Simulator

BPM = 120.0
IN = "musedaemon-in:musedaemon in"
OUT = "musedaemon-out:musedaemon out"
_PATIENCE_S = 60.0
_SILENCE_S = 2.0


@dataclass
class ThruJam(Jam):
    """Keeps what was passed thru, too."""

    passed: list[bytes] = field(default_factory=list)

    def sent(self, messages: Sequence[Outgoing]) -> None:
        super().sent(messages)
        self.passed += [wire.encode(message.event) for message in messages if message.serial is None]


def play_in_virtual_time(events: Sequence[MidiEvent], model: NoteModel) -> ThruJam:
    """Play it all to an engine, and let it answer; AssertionError if its state is not that of what was heard."""
    engine = Engine(model, TempoTracker(BPM), SETTINGS)
    done = ThruJam(engine)
    player = TapedPlayer(done.planned, echoes=LoopGuard(), thru=unchanged)
    Simulator(engine, player, FilePlayer(events), done, done.turn_over).run()
    assert_true(done, model, BPM)
    return done


class Outcome(NamedTuple):
    """Of a session over JACK: the notes it heard, and what was wrong with its state, nothing if all was well."""

    heard: int
    fault: str


class _Listener(Silent):
    """A `Reporter` that tells when the session has begun."""

    def __init__(self, line: Connection) -> None:
        self._line = line

    def started(self, input_name: str, output_name: str, model: str, seed: int) -> None:
        self._line.send("ready")

    def warning(self, text: str) -> None:
        raise AssertionError(text)


def listen(model_path: str, line: Connection) -> None:
    """The life of a process: a real session that never answers, until SIGTERM; then an `Outcome` on the line."""
    config = Config(Ports(api="jack"), Turns(hand_over_s=10.0), Tempo(bpm=BPM), Model(path=model_path))
    session = prepare(config, _Listener(line))
    engine = session.make_engine(0.0)  # it never answers: no lead is too short
    session.make_engine = lambda _: engine
    session.record = heard = Jam(engine)
    session.play()
    fault = ""
    try:
        assert_true(heard, _model(model_path), BPM)
    except AssertionError as error:
        fault = str(error)[:500] or "its state is not that of what was heard"
    line.send(Outcome(session.player.notes_heard, fault))


def play_over_jack(server: JackServer, events: Sequence[MidiEvent], model_path: str = "") -> list[str]:
    """Play it all into a session over JACK; what was wrong, nothing if all was well."""
    processes = multiprocessing.get_context("spawn")
    line, its_end = processes.Pipe()
    process = processes.Process(target=listen, args=(model_path, its_end), daemon=True)
    process.start()
    its_end.close()
    try:
        assert line.poll(_PATIENCE_S), "no session has begun"
        line.recv()
        heard = _play_and_record(server, events)
        process.terminate()
        assert line.poll(_PATIENCE_S), "the session does not end"
        return _faults(events, heard, line.recv())
    finally:
        process.kill()
        process.join()


def _model(path: str) -> OnnxModel:
    return OnnxModel.load(Path(path)) if path else load_default()


def _play_and_record(server: JackServer, events: Sequence[MidiEvent]) -> list[bytes]:
    with JackBench(server, "pianist") as bench:
        bench.listen_to(OUT)
        bench.play(timed_bytes(events), into=IN)
        return [data for _, data in bench.wait_for_silence(_SILENCE_S, events[-1].at + _PATIENCE_S)]


def _faults(events: Sequence[MidiEvent], came: list[bytes], outcome: Outcome) -> list[str]:
    went = [wire.encode(event) for event in events]
    notes = sum(isinstance(event, NoteOn) for event in events)
    faults = [] if came == went else [_difference(went, came)]
    faults += [] if outcome.heard == notes else [f"{notes} notes were played, {outcome.heard} heard"]
    faults += [f"these hang: {hanging}"] if (hanging := unbalanced(came)) else []
    return faults + ([outcome.fault] if outcome.fault else [])


def _difference(went: list[bytes], came: list[bytes]) -> str:
    """What tells a lost message from one that was overtaken."""
    lost, added = Counter(went) - Counter(came), Counter(came) - Counter(went)
    first = next((index for index, pair in enumerate(zip(went, came, strict=False)) if pair[0] != pair[1]), len(came))
    around = slice(max(first - 1, 0), first + 4)
    return (
        f"{len(went)} messages went in, {len(came)} came out; lost {_hex(lost)}, added {_hex(added)};"
        f" from {first} on went {_hex(went[around])}, came {_hex(came[around])}"
    )


def _hex(messages: Iterable[bytes]) -> list[str]:
    return [data.hex() for data in messages]
