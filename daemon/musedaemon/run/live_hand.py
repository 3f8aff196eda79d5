"""The hands and ears of `musedaemon bench --live`: plays calls into virtual ports, and stamps what comes back."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from contextlib import ExitStack
from types import TracebackType
from typing import Self

import numpy as np

from musedaemon.core.events import ALL_NOTES_OFF, ControlChange, MidiEvent, NoteOff, NoteOn
from musedaemon.midi import wire
from musedaemon.midi.ports import OutputPort, PortSystem
from musedaemon.run.clock import Clock

CALL_CHANNEL = 0
"""What is played here; all that sounds on other channels the measured program plays by itself."""
CALL_NOTES = 24
_LOWEST, _HIGHEST = 40, 88
_SHORTEST_S, _LONGEST_S = 0.02, 0.04
"""How long a note lasts, at random: regular ones would fall into step with the periods of the MIDI system."""
_SILENCE_S = 0.4
_PATIENCE_S = 8.0
"""A reply that has not come by then, or not ended, is waited for no longer."""
_LOOK_S = 0.02


class Loop:
    """Two virtual ports of ours: what is played into one is heard, in some way, on the other. A context manager.

    `input_name` and `output_name` are what the measured program opens. Used on one thread, which plays; what is heard
    comes on the MIDI system's own.
    """

    def __init__(self, system: PortSystem, name: str, clock: Clock) -> None:
        self.input_name = f"muse bench {os.getpid()} {name} play"
        self.output_name = f"muse bench {os.getpid()} {name} hear"
        self.transits: list[float] = []
        """From playing a note to hearing it (seconds), for each that came back."""
        self.played = 0
        self.heard: list[tuple[int, float]] = []
        """The pitch of each note that was not ours, and when it was heard."""
        self._system = system
        self._clock = clock
        self._on_the_way: dict[int, float] = {}
        self._sounding = 0
        self._last_heard = 0.0
        self._ports = ExitStack()
        self._out: OutputPort | None = None

    def __enter__(self) -> Self:
        try:
            self._out = self._system.open_virtual_output(self.input_name)
            self._ports.callback(self._out.close)
            self._ports.callback(self._system.open_virtual_input(self.output_name, self._hear).close)
        except BaseException:
            self._ports.close()
            raise
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._ports.close()

    @property
    def silent_for(self) -> float:
        """Seconds since the other's last note ended; 0 while one sounds."""
        return 0.0 if self._sounding > 0 else self._clock.now() - self._last_heard

    def strike(self, pitch: int) -> None:
        """Play a note-on now."""
        self.played += 1
        self._on_the_way[pitch] = self._clock.now()
        self._send(NoteOn(0.0, CALL_CHANNEL, pitch, 80))

    def release(self, pitch: int) -> None:
        """Play its note-off."""
        self._send(NoteOff(0.0, CALL_CHANNEL, pitch))

    def release_all(self) -> None:
        """On a machine that is too busy MIDI systems lose a note-off now and then; no key is to be held for ever."""
        self._send(ControlChange(0.0, CALL_CHANNEL, ALL_NOTES_OFF, 0))

    def wait_for_silence(self) -> None:
        """Return when something was played by the other, and a little silence came after it."""
        before, give_up = len(self.heard), self._clock.now() + _PATIENCE_S
        while self._clock.now() < give_up:
            time.sleep(_LOOK_S)
            if len(self.heard) > before and self.silent_for >= _SILENCE_S:
                return

    def _send(self, event: MidiEvent) -> None:
        assert self._out is not None
        self._out.send(wire.encode(event))

    def _hear(self, data: bytes, at: float) -> None:
        """On the MIDI system's thread."""
        match wire.decode(data, at):
            case NoteOn(channel=channel, pitch=pitch) if channel == CALL_CHANNEL:
                if (struck := self._on_the_way.pop(pitch, None)) is not None:
                    self.transits.append(at - struck)
            case NoteOn(pitch=pitch):
                self.heard.append((pitch, at))
                self._sounding += 1
                self._last_heard = at
            case NoteOff(channel=channel) if channel != CALL_CHANNEL:
                self._sounding -= 1
                self._last_heard = at
            case _:
                pass


def play_call(loops: Sequence[Loop], rng: np.random.Generator) -> None:
    """One call of quick notes, each played into one loop after the other, so that both meet the same machine."""
    for index in range(CALL_NOTES):
        pitch = _LOWEST + index * 7 % (_HIGHEST - _LOWEST)
        for loop in loops:
            loop.strike(pitch)
            time.sleep(float(rng.uniform(_SHORTEST_S, _LONGEST_S)))
            loop.release(pitch)
