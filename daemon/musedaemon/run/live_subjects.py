"""What `musedaemon bench --live` measures, each in a process of its own: the daemon, and a bare program beside it.

Every function here is the life of one such process. It tells READY, plays until it hears STOP (or until whoever
measures is gone), and then tells what it saw. Times are seconds on the clock that all of them share.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from enum import Enum
from multiprocessing import parent_process
from multiprocessing.connection import Connection
from pathlib import Path
from typing import NamedTuple

import numpy as np

from musedaemon.config.schema import Config
from musedaemon.core.commands import HandedOver, Played, Report, TempoFound
from musedaemon.core.events import NoteOff, NoteOn
from musedaemon.core.outlet import Outgoing
from musedaemon.encoding import PITCHES
from musedaemon.errors import MusedaemonError
from musedaemon.midi import wire
from musedaemon.model.onnx_model import OnnxModel, load_default
from musedaemon.run.bench import whole_notes
from musedaemon.run.clock import Clock, SessionClock
from musedaemon.run.preparing import prepare
from musedaemon.run.reporting import Silent

BARE_CHANNEL = 1
"""The channel (0 to 15) of what the bare program plays by itself; an echo keeps the channel it had."""
_SHORTEST_WAIT_S = 0.01
_LONGEST_WAIT_S = 0.04


class Signal(Enum):
    """What passes between the one who measures and those measured."""

    READY = "ready"
    STOP = "stop"


class Left(NamedTuple):
    """A note that was planned `at` and left at `sent_at`."""

    pitch: int
    at: float
    sent_at: float


class Seen(NamedTuple):
    """What a process saw: its planned notes in the order in which they left, and when turns were handed over."""

    notes: list[Left]
    hand_overs: list[float]


def play_daemon(config: Config, epoch: float, thinking: int, line: Connection) -> None:
    """A session as `musedaemon` plays it, with an ear on what its player reports.

    `thinking` threads beside it do nothing but sample notes from a model of their own.
    """
    try:
        with _thinking(config.model.path, thinking):
            clock = SessionClock(epoch)
            witness = _Witness(line, clock, SessionClock(epoch))
            session = prepare(config, witness)
            session.clock, session.record = clock, witness
            threading.Thread(target=_end_when_told, args=(line,), daemon=True).start()
            session.play()
        line.send(witness.seen)
    except MusedaemonError as error:
        line.send(error)


def play_bare(config: Config, epoch: float, line: Connection) -> None:
    """The least a Python program can do: rtmidi's callback sends back what it hears, the main thread waits, and plays.

    It opens the ports of `config` just as the daemon does.
    """
    from musedaemon.midi.rtmidi_ports import open_port_system

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    clock = SessionClock(epoch)
    try:
        system = open_port_system(config.ports.api, clock.now)
        output = system.open_output(config.ports.output)
        source = system.open_input(config.ports.input, lambda data, at: output.send(data))
    except MusedaemonError as error:
        line.send(error)
        return
    try:
        line.send(Signal.READY)
        notes = _bare_notes(clock, output.send, line)
    finally:
        source.close()
        output.close()
    line.send(Seen(notes, []))


def keep_busy() -> None:
    """Take a whole core until told to stop by its end, or until whoever measures is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    while _is_watched():
        sum(range(100_000))


@contextmanager
def _thinking(path: str, threads: int) -> Iterator[None]:
    """So many threads sample from models of their own until the body ends."""
    enough = threading.Event()
    models = [OnnxModel.load(Path(path)) if path else load_default() for _ in range(threads)]
    running = [threading.Thread(target=_think, args=(model, enough)) for model in models]
    for thread in running:
        thread.start()
    try:
        yield
    finally:
        enough.set()
        for thread in running:
            thread.join()


def _think(model: OnnxModel, enough: threading.Event) -> None:
    for _ in whole_notes(model):
        if enough.is_set():
            return


def _end_when_told(line: Connection) -> None:
    """On a thread of its own: end the session as Ctrl-C would. At its end the process takes the thread with it."""
    with suppress(EOFError, OSError):
        line.recv()
    os.kill(os.getpid(), signal.SIGTERM)


def _bare_notes(clock: Clock, send: Callable[[bytes], None], line: Connection) -> list[Left]:
    """Wait for one deadline after the other, and play a short note at each."""
    rng = np.random.default_rng(0)
    notes: list[Left] = []
    at = clock.now()
    while _is_watched() and not line.poll():
        at = max(at, clock.now()) + float(rng.uniform(_SHORTEST_WAIT_S, _LONGEST_WAIT_S))
        time.sleep(max(at - clock.now(), 0.0))
        pitch = len(notes) % PITCHES
        notes.append(Left(pitch, at, clock.now()))
        send(wire.encode(NoteOn(at, BARE_CHANNEL, pitch, 64)))
        send(wire.encode(NoteOff(at, BARE_CHANNEL, pitch)))
    return notes


def _is_watched() -> bool:
    parent = parent_process()
    return parent is None or parent.is_alive()


class _Witness(Silent):
    """A `Record` and `Reporter` of the session that is measured: it keeps times and prints nothing.

    What is told by the session's clock, which JACK may lead, is kept by the one that all processes share.
    """

    def __init__(self, line: Connection, clock: Clock, shared: Clock) -> None:
        self._line = line
        self._clock = clock
        self._shared = shared
        self.seen = Seen([], [])
        self._pitches: dict[int, int] = {}

    def sent(self, messages: Sequence[Outgoing]) -> None:
        """On the player thread, before the reports of these messages."""
        for message in messages:
            if message.serial is not None and isinstance(message.event, NoteOn):
                self._pitches[message.serial] = message.event.pitch

    def report(self, report: Report) -> None:
        """On the player thread."""
        if isinstance(report, Played):
            pitch, ahead = self._pitches.pop(report.serial), self._ahead
            self.seen.notes.append(Left(pitch, report.at + ahead, report.sent_at + ahead))

    def handed_over(self, turn: HandedOver) -> None:
        """On the engine thread."""
        self.seen.hand_overs.append(turn.at + self._ahead)

    @property
    def _ahead(self) -> float:
        """How far the shared clock is ahead of the session's."""
        return self._shared.now() - self._clock.now()

    def tempo_found(self, found: TempoFound) -> None:
        """Nothing."""

    def started(self, input_name: str, output_name: str, model: str, seed: int) -> None:
        """The ports are open."""
        self._line.send(Signal.READY)
