"""Hand-written stand-ins with the real names."""

from __future__ import annotations

import threading
from collections.abc import Container
from dataclasses import dataclass, field

import numpy as np

from musedaemon.core.events import MidiEvent
from musedaemon.encoding import PITCHES, TIME_CLASSES, VELOCITY_CLASSES, Context
from musedaemon.model.keys import key_of
from musedaemon.model.protocol import FloatArray, State


class FakeModel:
    """A model whose state is a fingerprint of every note it was fed, and whose logits follow from the state.

    It plays eighths up a scale from the last pitch, and enters three beats after the last note. Unless it is `certain`
    every class has a chance.
    """

    def __init__(self, certain: bool = True) -> None:
        self.steps = 0
        self._noise = 0.0 if certain else 1.0

    def initial_state(self) -> State:
        zeros = np.zeros((1, 1, 2), dtype=np.float32)
        return State(zeros, zeros, zeros[0, 0], np.zeros(TIME_CLASSES, dtype=np.float32), key_of(zeros))

    def step(self, state: State, context: Context, pitch: int, velocity: int) -> State:
        self.steps += 1
        mark = float(state.c[0, 0, 0]) * 31 + context.shift * 7 + context.rest * 3 + pitch + velocity * 0.1
        mark += float(len(context.sounding))
        h = np.array([[[pitch, context.shift]]], dtype=np.float32)
        c = np.array([[[mark % 9973, 0.0]]], dtype=np.float32)
        shift_logits = self._peak(TIME_CLASSES, 12, float(c[0, 0, 0]))
        shift_logits[72] += 3.0 if self._noise else 20.0
        return State(h, c, h[0, 0], shift_logits, key_of(h))

    def pitch_logits(self, state: State, context: Context) -> FloatArray:
        return self._peak(PITCHES, (int(state.h[0, 0, 0]) + 2 - 48) % 36 + 48, float(state.c[0, 0, 0]))

    def velocity_logits(self, state: State, context: Context, pitch: int) -> FloatArray:
        return self._peak(VELOCITY_CLASSES, 18, float(state.c[0, 0, 0]))

    def duration_logits(self, state: State, context: Context, pitch: int, velocity: int) -> FloatArray:
        return self._peak(TIME_CLASSES, 10, float(state.c[0, 0, 0]))

    def _peak(self, size: int, index: int, mark: float) -> FloatArray:
        logits = self._noise * np.sin(np.arange(size, dtype=np.float32) * (1.0 + mark % 17.0))
        logits[index] += 4.0 if self._noise else 40.0
        peaked: FloatArray = logits.astype(np.float32)
        return peaked


class NoEcho:
    """An echo filter for a room without loops."""

    def sent_response(self, at: float, event: MidiEvent) -> None:
        pass

    def sent_thru(self, at: float, event: MidiEvent) -> None:
        pass

    def is_echo(self, event: MidiEvent, held: Container[tuple[int, int]]) -> bool:
        return False

    def may_pass(self, event: MidiEvent) -> bool:
        return True


@dataclass
class FakePort:
    """A port that keeps what it is sent, and knows which thread used it."""

    name: str = "fake"
    ahead_s: float = 0.0
    listener: threading.Event | None = None
    sent: list[bytes] = field(default_factory=list)
    threads: set[str] = field(default_factory=set)
    closed: bool = False
    on_send: threading.Event = field(default_factory=threading.Event)
    fails: bool = False

    def send(self, data: bytes, at: float = 0.0) -> None:
        assert not self.closed
        if self.fails:
            raise OSError("the cable is gone")
        self.threads.add(threading.current_thread().name)
        self.sent.append(data)
        if data[0] & 0xF0 == 0x90:
            self.on_send.set()

    def close(self) -> None:
        self.threads.add(threading.current_thread().name)
        self.closed = True
