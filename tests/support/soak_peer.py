"""The keyboard or the synth of a soak: a JACK client in a process of its own, to be unplugged, stopped and killed.

    python -m support.soak_peer keys|synth SERVER LOG

In a process of its own, because libjack keeps to one server, and one life of it. It never connects itself: that is the
daemon's part. Says `there` and the second (monotonic) its port was, then takes lines of JSON, `[word, ...]`: `play` and
[[seconds, hex], ...]; `flood` or `garbage`, seconds and a seed; `clock` and bpm, 0 to fall silent; `ask`, and it says
`played` once nothing is left to play; `unplug`. Ends with its input. What it hears goes to LOG, a line each: the second
it was taken, and hex, or `late` for a late period.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, TextIO

from support.flood import flood
from support.jack_bench import JackBench, Timed, wait_until
from support.jack_server import JackServer, answers
from support.soak_noise import garbage

FLOOD_A_SECOND = 5_000.0
_PATIENCE_S = 60.0
_EVERY_S = 0.02
_CLOCK_AHEAD_S = 0.5
_PULSES_PER_BEAT = 24


class Pulses:
    """A MIDI clock that is played half a second ahead."""

    def __init__(self) -> None:
        self._step = 0.0
        self._next = 0.0

    def set_tempo(self, bpm: float, now: float) -> list[Timed]:
        """From now on (seconds of the bench); 0 for silence, without Stop. Start, where it begins."""
        self._step = 60.0 / bpm / _PULSES_PER_BEAT if bpm else 0.0
        self._next = now
        return [(0.0, b"\xfa")] if bpm else []

    def due(self, now: float) -> Iterator[Timed]:
        """The pulses that are to be handed over now."""
        while self._step and self._next < now + _CLOCK_AHEAD_S:
            yield max(self._next - now, 0.0), b"\xf8"
            self._next += self._step


def main(name: str, server: str, log: Path) -> None:
    """The life of the process."""
    wait_until(lambda: answers(server), _PATIENCE_S, lambda: f"no JACK server {server}")
    told: SimpleQueue[list[Any] | None] = SimpleQueue()
    threading.Thread(target=_listen, args=(told,), daemon=True).start()
    bench = JackBench(JackServer(server), name)
    bench.record_all()
    with log.open("a", buffering=1) as file, bench:
        heard = HeardLog(bench, file)
        print("there", time.monotonic(), flush=True)
        _live(bench, told, heard.write)
        heard.write()
        os._exit(0)  # a client is never closed whose server may be dead: that can take for ever


def _listen(told: SimpleQueue[list[Any] | None]) -> None:
    for line in sys.stdin:
        told.put(json.loads(line))
    told.put(None)


def _live(bench: JackBench, told: SimpleQueue[list[Any] | None], write: Callable[[], None]) -> None:
    pulses, asked = Pulses(), False
    while True:
        try:
            word = told.get(timeout=_EVERY_S)
        except Empty:
            write()
            bench.send(pulses.due(bench.now()))
            if asked and bench.is_idle:
                print("played", flush=True)
                asked = False
            continue
        match word:
            case None:
                return
            case ["unplug"]:
                bench.unplug()
                return
            case ["ask"]:
                asked = True
            case ["clock", bpm]:
                bench.send(pulses.set_tempo(bpm, bench.now()))
            case [kind, *values]:
                bench.send(_messages(kind, values))


def _messages(kind: str, values: list[Any]) -> list[Timed]:
    match kind, values:
        case "play", [events]:
            return [(at, bytes.fromhex(data)) for at, data in events]
        case "flood", [seconds, seed]:
            return flood(seconds, FLOOD_A_SECOND, seed)
        case "garbage", [seconds, seed]:
            return garbage(seconds, seed)
    raise ValueError(kind)


class HeardLog:
    """What the bench heard, and how often JACK told of a late period, a line each."""

    def __init__(self, bench: JackBench, file: TextIO) -> None:
        self._bench = bench
        self._file = file
        self._late_told = 0

    def write(self) -> None:
        """Write what is new."""
        now = time.monotonic()
        lines = [f"{now:.4f} {data.hex()}\n" for data in self._bench.take_heard()]
        late = self._bench.late_periods
        lines += [f"{now:.4f} late\n"] * (late - self._late_told)
        self._late_told = late
        self._file.write("".join(lines))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]))
