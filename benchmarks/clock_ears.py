"""A player and recorder of the clock benchmarks: one JACK client, all in the server's own frames."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from support.jack_server import RATE, JackServer, new_client

from musedaemon.run.priority import jack_thread_precedence

IN, OUT = "musedaemon-in:musedaemon in", "musedaemon-out:musedaemon out"
MASTER, DAEMON = 0, 1
Timed = tuple[int, bytes]
"""A frame, and the message that came in it."""
_SOON = RATE // 50


class Ears:
    """An ear for the master, one for the daemon, and a hand."""

    def __init__(self, server: JackServer) -> None:
        import jack  # type: ignore[import-untyped]

        self._refused = jack.JackError
        self._client: Any = new_client(server.name, "clockears")
        self._ears = [self._client.midi_inports.register(name) for name in ("master", "daemon")]
        self._hand = self._client.midi_outports.register("hand")
        self.heard: tuple[list[Timed], list[Timed]] = ([], [])
        self.clock: list[tuple[float, int]] = []
        """Once a second, since it was cleared: when a period began, by `time.perf_counter` and in frames."""
        self._to_play: list[Timed] = []
        self.frame = 0
        self._client.set_process_callback(self._process)
        self._client.activate()

    def connect(self, source: str, ear: int) -> None:
        """Listen to a port with one of the ears."""
        self.cable(source, self._ears[ear].name)

    def play_into(self, target: str) -> None:
        """Where the hand plays."""
        self.cable(self._hand.name, target)

    def cable(self, source: str, target: str) -> None:
        """Connect two ports. One may take a moment to be there, and another one to be connected."""
        for _ in range(400):
            try:
                self._client.connect(source, target)
                return
            except self._refused:
                time.sleep(0.05)
        raise SystemExit(f"{source} cannot be connected to {target}")

    def phrase(self, pitches: Sequence[int], step_s: float) -> None:
        """Play a note each `step_s`, from now on."""
        start, step = self.frame + _SOON, round(step_s * RATE)
        for index, pitch in enumerate(pitches):
            self._to_play.append((start + index * step, bytes((0x90, pitch, 80))))
            self._to_play.append((start + index * step + step * 3 // 4, bytes((0x80, pitch, 64))))

    @property
    def idle(self) -> bool:
        """Whether the hand has played all: JACK's frames may pass more slowly than time."""
        return not self._to_play

    def frames_a_second(self) -> float:
        """The server's true rate by our clock: its dummy driver is 250 millionths fast, and loses time under load."""
        (first_s, first), (last_s, last) = self.clock[0], self.clock[-1]
        return (last - first) / (last_s - first_s)

    def close(self) -> None:
        """No more."""
        self._client.deactivate()
        self._client.close()

    def _process(self, frames: int) -> None:
        if not self.frame:
            jack_thread_precedence("auto").ask()  # a pulse that is missed here would count as one of the daemon's
        self.frame = self._client.last_frame_time
        if not self.clock or self.frame - self.clock[-1][1] > RATE:
            self.clock.append((time.perf_counter(), self.frame))
        for ear, heard in zip(self._ears, self.heard, strict=True):
            heard += [(self.frame + at, bytes(data)) for at, data in ear.incoming_midi_events()]
        self._hand.clear_buffer()
        while self._to_play and self._to_play[0][0] < self.frame + frames:
            frame, data = self._to_play.pop(0)
            self._hand.write_midi_event(max(frame - self.frame, 0), data)


def is_onset(data: bytes) -> bool:
    """Whether a message strikes a note."""
    return data[0] & 0xF0 == 0x90 and data[2] > 0


def sounding(heard: Sequence[Timed]) -> int:
    """How many notes have not ended yet."""
    held: dict[tuple[int, int], int] = {}
    for _, data in heard:
        if data[0] & 0xE0 == 0x80:
            key = data[0] & 0x0F, data[1]
            held[key] = max(held.get(key, 0) + (1 if is_onset(data) else -1), 0)
    return sum(held.values())
