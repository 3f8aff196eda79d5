"""The faults of a soak: what is done to a rig, and undone. Each returns how soon ports were noticed and back."""

from __future__ import annotations

import time
from collections.abc import Callable
from random import Random
from typing import NamedTuple, Protocol

from support.soak_rig import KEYS, SYNTH, Rig


class Back(NamedTuple):
    """A port that went and came: after so many seconds it was noticed, and open again once it was there."""

    noticed_s: float
    back_s: float


class Stage(Protocol):
    """Where a fault happens."""

    rig: Rig
    rng: Random

    @property
    def hold_s(self) -> float:
        """For how long the next fault is to last, drawn anew each time (seconds)."""

    def play(self) -> None:
        """A phrase begins, whoever may hear it."""

    def restart_clock(self) -> None:
        """A clock that was interrupted runs again from its start."""

    def stop_clock(self) -> None:
        """The clock falls silent, if one runs."""

    def begin_noise(self) -> None:
        """What is heard from now on was not played by the musician."""

    def end_noise(self) -> None:
        """It was up to now; what passed on last has been heard."""


Fault = Callable[[Stage], list[Back]]


def unplug_keys(stage: Stage) -> list[Back]:
    """The keyboard goes, perhaps with keys held down, and comes back."""
    rig = stage.rig
    went = time.monotonic()
    stage.rng.choice((rig.keys.unplug, rig.keys.kill))()
    time.sleep(stage.hold_s)
    back = [_back(stage, KEYS, went, rig.plug_keys())]
    stage.restart_clock()
    return back


def unplug_synth(stage: Stage) -> list[Back]:
    """The synth goes, perhaps while notes sound, and comes back; meanwhile the musician plays."""
    rig = stage.rig
    went = time.monotonic()
    stage.rng.choice((rig.synth.unplug, rig.synth.kill))()
    stage.play()
    time.sleep(stage.hold_s)
    return [_back(stage, SYNTH, went, rig.plug_synth())]


def kill_server(stage: Stage) -> list[Back]:
    """JACK itself is killed, and all ports with it; it is started again."""
    rig = stage.rig
    went = time.monotonic()
    rig.kill_server()
    time.sleep(stage.hold_s)
    rig.start_server()
    there = {KEYS: rig.plug_keys(), SYNTH: rig.plug_synth()}
    back = [_back(stage, port, went, at) for port, at in there.items()]
    stage.restart_clock()
    return back


def freeze_synth(stage: Stage) -> list[Back]:
    """The listener is stopped, and goes on."""
    stage.rig.synth.freeze(stage.hold_s)
    return []


def lose_clock(stage: Stage) -> list[Back]:
    """A MIDI clock comes, is lost and is back, while the musician plays."""
    stage.restart_clock()
    time.sleep(1.0)
    stage.play()
    stage.stop_clock()
    time.sleep(1.0 + stage.hold_s)
    stage.restart_clock()
    return []


def flood(stage: Stage) -> list[Back]:
    """5,000 messages a second."""
    return _noise(stage, "flood")


def garbage(stage: Stage) -> list[Back]:
    """Random bytes."""
    return _noise(stage, "garbage")


ALL: dict[str, Fault] = {
    "keyboard unplugged": unplug_keys,
    "synth unplugged": unplug_synth,
    "JACK server killed": kill_server,
    "listener stopped": freeze_synth,
    "clock lost": lose_clock,
    "flood": flood,
    "garbage": garbage,
}


def _noise(stage: Stage, kind: str) -> list[Back]:
    """Then the clock begins anew, for there may have been a Stop."""
    stage.stop_clock()
    stage.begin_noise()
    stage.rig.keys.tell(kind, stage.hold_s, stage.rng.randrange(1 << 32))
    stage.rig.keys.wait_until_played()
    stage.end_noise()
    stage.restart_clock()
    return []


def _back(stage: Stage, port: str, went: float, there: float) -> Back:
    noticed = stage.rig.voice.wait_for(f'port "{port}" is gone', since=went)
    back = stage.rig.voice.wait_for(f'port "{port}" is back', since=noticed)
    return Back(noticed - went, max(back - there, 0.0))
