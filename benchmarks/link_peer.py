"""The other end of an Ableton Link session, for benchmarks/link_jam.py: a peer, its beats, and a recorder over JACK."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from support.jack_bench import JackBench  # noqa: E402
from support.jack_server import RATE, JackServer  # noqa: E402

BAR = 4.0
"""Beats: the quantum."""
_AROUND_S = 0.5
Floats = npt.NDArray[np.float64]


class Grid(NamedTuple):
    """The peer's beats from `micros` on; whole multiples of four are bar lines."""

    micros: int
    beat: float
    bpm: float

    def beats(self, micros: Floats) -> Floats:
        """The beat of each moment."""
        return self.beat + (micros - self.micros) / 60e6 * self.bpm


class Peer:
    """Ourselves in the session, by the library."""

    def __init__(self, bpm: float) -> None:
        self._link: Any = import_module("link").Link(bpm)
        self.micros: Callable[[], int] = self._link.clock().micros
        self._link.startStopSyncEnabled = True
        self._link.enabled = True

    @property
    def peers(self) -> int:
        """How many others there are."""
        return int(self._link.numPeers())

    @property
    def bpm(self) -> float:
        """The session's tempo."""
        return float(self._link.captureAppSessionState().tempo())

    @property
    def playing(self) -> bool:
        """Whether the session's transport runs."""
        return bool(self._link.captureAppSessionState().isPlaying())

    def grid(self) -> Grid:
        """Where its beats lie now."""
        state, micros = self._link.captureAppSessionState(), self.micros()
        return Grid(micros, state.beatAtTime(micros, BAR), state.tempo())

    def turn_to(self, bpm: float) -> None:
        """Another tempo for all."""
        state = self._link.captureAppSessionState()
        state.setTempo(bpm, self.micros())
        self._link.commitAppSessionState(state)

    def set_playing(self, playing: bool) -> None:
        """Start or stop for all."""
        state = self._link.captureAppSessionState()
        state.setIsPlaying(playing, self.micros())
        self._link.commitAppSessionState(state)

    def leave(self) -> None:
        """The end; Link has a moment to tell the others."""
        self._link.enabled = False
        time.sleep(0.1)


class LinkBench(JackBench):
    """The recorder, which also reads Link's clock in every period."""

    def __init__(self, server: JackServer, peer: Peer) -> None:
        super().__init__(server, "linkbench")
        self._micros = peer.micros
        self._read: list[tuple[int, int]] = []

    def strikes(self, begin: int) -> int:
        """How many notes have begun from message `begin` on; quick, for the process callback needs the same lock."""
        return sum(_strikes(data) for _, data in self.stamped[begin:])

    def onsets(self, begin: int = 0) -> Floats:
        """When each note from message `begin` on began, in Link's microseconds."""
        return self.micros_of([at for at, data in self.stamped[begin:] if _strikes(data)])

    def ends(self, begin: int = 0) -> Floats:
        """When each note-off came."""
        return self.micros_of([at for at, data in self.stamped[begin:] if data[0] & 0xF0 == 0x80])

    def micros_of(self, frames: list[int]) -> Floats:
        """Link's time of each frame."""
        read = np.array(list(self._read), dtype=np.float64)
        near = _AROUND_S * RATE
        found = []
        for frame in frames:
            around = read[np.abs(read[:, 0] - frame) < near]
            found.append(frame * 1e6 / RATE + np.median(around[:, 1] - around[:, 0] * 1e6 / RATE))
        return np.array(found)

    def _process(self, frames: int) -> None:
        self._read.append((self._client.last_frame_time, self._micros()))
        super()._process(frames)

    @property
    def sounding(self) -> bool:
        """Whether a note has not ended yet."""
        ons = sum(_strikes(data) for _, data in self.stamped)
        return ons > sum(data[0] & 0xF0 == 0x80 for _, data in self.stamped)


def _strikes(data: bytes) -> bool:
    return data[0] & 0xF0 == 0x90 and data[2] > 0
