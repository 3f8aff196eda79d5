"""Clock masters that are not ours, for `clock_jam.py`: `jack_midi_clock`, and a DAW (Ardour 7, without its screen).

Each is made for one private JACK server, sends nothing until `start`, and is ended with the `with` it was made in.
"""

from __future__ import annotations

import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

PATIENCE_S = 20.0


@dataclass(frozen=True, slots=True)
class Master:
    """One that runs: where its clock comes out, and its transport."""

    port: str
    start: Callable[[], None]
    stop: Callable[[], None]


class Wanted(NamedTuple):
    """What is asked of a master: a tempo, or one that goes from `bpm` to `to_bpm` in `ramp_bars` of four beats.

    `jitter`: each distance between two pulses is off by up to so many percent, and all later pulses with it.
    """

    bpm: float
    to_bpm: float
    ramp_bars: int = 0
    jitter: int = 0

    @property
    def has_one_line(self) -> bool:
        """Whether all its pulses lie on one even line."""
        return not self.jitter and not self.ramp_bars

    def __str__(self) -> str:
        """For a line of figures."""
        tempo = (
            f"{self.bpm:g} to {self.to_bpm:g} bpm in {self.ramp_bars} bars" if self.ramp_bars else f"{self.bpm:g} bpm"
        )
        return f"{tempo}, jitter {self.jitter}%" if self.jitter else tempo


@contextmanager
def running(command: list[str], **options: Any) -> Iterator[subprocess.Popen[str]]:
    """A program, ended by SIGINT."""
    process = subprocess.Popen(command, text=True, **{"stdin": subprocess.DEVNULL, **options})
    try:
        yield process
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=PATIENCE_S)


@contextmanager
def jack_midi_clock(wanted: Wanted) -> Iterator[Master]:
    """`jack_midi_clock` (Debian's package of that name), which follows JACK's transport."""
    jitter = ["-J", str(wanted.jitter)] if wanted.jitter else []
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with running(["jack_midi_clock", "-b", str(wanted.bpm), *jitter], **quiet):
        _transport("locate 0")
        yield Master("jack_midi_clock:mclk_out", lambda: _transport("play"), lambda: _transport("stop"))


def _transport(command: str) -> None:
    subprocess.run(["jack_transport"], input=f"{command}\nquit\n", text=True, capture_output=True, check=False)


_ARDOUR_SCRIPT = """
AudioEngine:set_backend("JACK", "ardour", "")
local session = create_session("{folder}/session", "clock", 48000)
ARDOUR.config():set_send_midi_clock(true)
local map = Temporal.TempoMap.write_copy()
for sixteenth = 0, {sixteenths} do
  local bpm = {bpm}
  if {sixteenths} > 0 then bpm = bpm + ({to_bpm} - bpm) * sixteenth / {sixteenths} end
  map:set_tempo(Temporal.Tempo(bpm, bpm, 4), Temporal.timepos_t.from_ticks(480 * sixteenth))
end
Temporal.TempoMap.update(map)
print("ready")
io.flush()
io.read()
session:request_roll(ARDOUR.TransportRequestSource.TRS_UI)
io.read()
session:request_stop(false, false, ARDOUR.TransportRequestSource.TRS_UI)
ARDOUR.LuaAPI.usleep(500000)
"""
"""A ramp is one of a new tempo every sixteenth."""


@contextmanager
def ardour(wanted: Wanted) -> Iterator[Master]:
    """Ardour 7 (`ardour7-lua`, Debian's package ardour) with a session of its own."""
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "clock.lua"
        sixteenths = 16 * wanted.ramp_bars
        script.write_text(
            _ARDOUR_SCRIPT.format(folder=folder, sixteenths=sixteenths, bpm=wanted.bpm, to_bpm=wanted.to_bpm)
        )
        options = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL, "cwd": folder}
        with running(["ardour7-lua", str(script)], **options) as process:
            assert process.stdout is not None
            if not any(line.strip() == "ready" for line in iter(process.stdout.readline, "")):
                raise SystemExit("Ardour did not start (ardour7-lua)")
            yield Master("ardour:MIDI Clock out", lambda: _enter(process), lambda: _enter(process))


def _enter(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()


MASTERS = {"jack_midi_clock": jack_midi_clock, "ardour": ardour}
