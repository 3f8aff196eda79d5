"""`musedaemon bench --live`: how soon a note is passed on and answered, beside the least a Python program can do.

The daemon and a bare program (`live_subjects`) run as processes of their own; this one plays into both by turns and
hears both (`live_hand`), over virtual ports of the machine's own MIDI system.
"""

from __future__ import annotations

import multiprocessing
import time
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from enum import Enum
from multiprocessing.connection import Connection
from typing import NamedTuple

import numpy as np

from musedaemon.config.schema import Config, Ports, Tempo, Timing, Turns
from musedaemon.errors import MusedaemonError, PortError
from musedaemon.run.clock import SessionClock
from musedaemon.run.live_hand import Loop, play_call
from musedaemon.run.live_subjects import Left, Seen, Signal, keep_busy, play_bare, play_daemon

TURNS = 8
REPLY_CHANNEL = 16
_HAND_OVER_S = 0.3
_BPM = 120.0
_REPLY_LENGTH = 2.0
_NEVER_TOO_LATE_MS = 2000.0
_START_S = 60.0
"""How long a process may take to start on a machine that is busy."""
_END_S = 10.0
_SETTLE_S = 0.5
_LOOK_AHEAD = 6
"""So many notes may be lost in a row before those after them are taken for lost too."""

_NO_VIRTUAL_PORTS = (
    "Windows has no MIDI ports that a program makes itself, and `bench --live` needs four of them; "
    "`musedaemon check` measures here what can be measured without."
)

_processes = multiprocessing.get_context("spawn")  # a fork would share the MIDI system's clients


class Load(Enum):
    """What goes on beside the playing."""

    IDLE = "idle"
    THINKING = "while the model steps without pause"
    BUSY = "while a second process takes a core"
    BOTH = "while the model steps without pause and a second process takes a core"


class Spread(NamedTuple):
    """Milliseconds: the median, what one in twenty and one in a hundred exceeds, the most; of `count`."""

    p50: float
    p95: float
    p99: float
    most: float
    amount: int


class Beside(NamedTuple):
    """The daemon's figures, and the bare program's in the same run."""

    daemon: Spread
    bare: Spread


class LiveFigures(NamedTuple):
    """One load's figures.

    `thru`: from playing a note to hearing it, beside a bare echo. `leaving`: how long after its planned time a note of
    a reply leaves, beside a bare wait for a deadline; `sounding`: how long after it that it is heard, beside a bare
    wait that plays; over JACK with JACK-Client up to a period early, for rtmidi's ear hears the whole period at its
    beginning. `first`: `sounding`, of the first note of each reply alone. `answer`: from the hand-over to the
    planned time of that note, which is a musical rest and no delay. `lost`: notes played that never were heard.
    """

    load: Load
    thru: Beside
    leaving: Beside
    sounding: Beside
    first: Spread
    answer: Spread
    lost: int


def measure_live(config: Config, load: Load, turns: int = TURNS) -> LiveFigures:
    """Play `turns` turns with the daemon of these settings (its MIDI system and model): some five seconds a turn.

    PortError where the MIDI system has no virtual ports; MusedaemonError as a session raises. On the main thread.
    """
    from musedaemon.midi.rtmidi_ports import open_port_system

    epoch = time.perf_counter()
    clock = SessionClock(epoch)
    system = open_port_system(config.ports.api, clock.now)
    if system.api == "WinMM":
        raise PortError(_NO_VIRTUAL_PORTS)
    with ExitStack() as running:
        ours = running.enter_context(Loop(system, "daemon", clock))
        bare = running.enter_context(Loop(system, "bare", clock))
        if load in (Load.BUSY, Load.BOTH):
            running.enter_context(_busy())
        bare_line = running.enter_context(_subject(play_bare, _between(config, bare), epoch))
        thinking = 1 if load in (Load.THINKING, Load.BOTH) else 0
        line = running.enter_context(_subject(play_daemon, _between(config, ours), epoch, thinking))
        _play(ours, bare, turns)
        return _figures(load, ours, bare, _end(line), _end(bare_line))


def _play(ours: Loop, bare: Loop, turns: int) -> None:
    rng = np.random.default_rng(0)
    time.sleep(_SETTLE_S)
    for _ in range(turns):
        play_call((ours, bare), rng)
        ours.release_all()
        ours.wait_for_silence()


def _between(config: Config, loop: Loop) -> Config:
    """The settings of a session in this loop. The reply has a channel of its own, to be told from thru; no note is left
    out, however late, or the worst would be missing.
    """
    return replace(
        config,
        ports=Ports(loop.input_name, loop.output_name, api=config.ports.api, response_channel=REPLY_CHANNEL),
        turns=Turns(hand_over_s=_HAND_OVER_S, length=_REPLY_LENGTH),
        tempo=Tempo(bpm=_BPM),
        timing=Timing(max_lateness_ms=_NEVER_TOO_LATE_MS, realtime=config.timing.realtime),
        model=replace(config.model, seed=0),
    )


@contextmanager
def _subject(life: Callable[..., None], *arguments: object) -> Iterator[Connection]:
    """A process that is ready; the line to it. It ends with the body, at the latest."""
    line, its_end = _processes.Pipe()
    process = _processes.Process(target=life, args=(*arguments, its_end), daemon=True)
    process.start()
    its_end.close()
    try:
        _hear(line, _START_S)
        yield line
    finally:
        line.close()
        process.join(_END_S)
        process.kill()
        process.join()


@contextmanager
def _busy() -> Iterator[None]:
    process = _processes.Process(target=keep_busy, daemon=True)
    process.start()
    try:
        yield
    finally:
        process.kill()
        process.join()


def _end(line: Connection) -> Seen:
    line.send(Signal.STOP)
    seen = _hear(line, _END_S)
    assert isinstance(seen, Seen)
    return seen


def _hear(line: Connection, patience: float) -> object:
    """What a process has to say; raised, if that is an error."""
    try:
        said = line.recv() if line.poll(patience) else None
    except EOFError:
        said = None
    if isinstance(said, MusedaemonError):
        raise said
    if said is None:
        raise PortError("What was to be measured ended or hangs; try `musedaemon check`, then this again.")
    return said


def _figures(load: Load, ours: Loop, bare: Loop, seen: Seen, bare_seen: Seen) -> LiveFigures:
    firsts = _firsts(seen)
    heard, bare_heard = lateness_heard(seen.notes, ours.heard), lateness_heard(bare_seen.notes, bare.heard)
    return LiveFigures(
        load=load,
        thru=Beside(_spread(ours.transits), _spread(bare.transits)),
        leaving=Beside(_spread(_lateness(seen.notes)), _spread(_lateness(bare_seen.notes))),
        sounding=Beside(_spread(heard.values()), _spread(bare_heard.values())),
        first=_spread([heard[place] for place, _ in firsts if place in heard]),
        answer=_spread([seen.notes[place].at - hand_over for place, hand_over in firsts]),
        lost=ours.played - len(ours.transits) + len(seen.notes) - len(heard),
    )


def _firsts(seen: Seen) -> list[tuple[int, float]]:
    """The place of the first note after each hand-over that was answered, with the hand-over's time."""
    planned = [note.at for note in seen.notes]
    ends = [*seen.hand_overs, float("inf")][1:]
    places = [(bisect_right(planned, at), at, end) for at, end in zip(seen.hand_overs, ends, strict=True)]
    return [(place, at) for place, at, end in places if place < len(planned) and planned[place] < end]


def _lateness(notes: Sequence[Left]) -> list[float]:
    return [note.sent_at - note.at for note in notes]


def lateness_heard(notes: Sequence[Left], heard: Sequence[tuple[int, float]]) -> dict[int, float]:
    """How long after its time (seconds) each note was heard, by its place among `notes`; what was lost is not in it.

    `heard` are pitches and times. Notes are heard in the order in which they left, as far as they are heard.
    """
    found: dict[int, float] = {}
    start = 0
    for place, note in enumerate(notes):
        ahead = heard[start : start + _LOOK_AHEAD]
        skipped = next((index for index, (pitch, _) in enumerate(ahead) if pitch == note.pitch), None)
        if skipped is not None:
            found[place] = ahead[skipped][1] - note.at
            start += skipped + 1
    return found


def _spread(values: Iterable[float]) -> Spread:
    seconds = list(values)
    if not seconds:
        raise PortError("Nothing came back through the virtual ports; restart the MIDI system, then try again.")
    p50, p95, p99, most = (1000.0 * float(value) for value in np.percentile(seconds, (50, 95, 99, 100)))
    return Spread(p50, p95, p99, most, len(seconds))
