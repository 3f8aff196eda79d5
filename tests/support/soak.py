"""A soak: phrases are played to a daemon, and between them things go wrong, at random from a seed.

A scene is one fault: a phrase begins, the fault comes somewhere in it or in its reply, and is undone; whatever sounded
must end, the next phrase must be answered, and after it nothing may sound. JACK loses and repeats messages in periods
in which some client is late: there, and only there, the musician lifts the keys again, and plays again if not answered.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from random import Random

from support.jack_bench import wait_until
from support.soak_faults import ALL, Back
from support.soak_hands import Hands, Note, Phrase
from support.soak_health import Health, health_of
from support.soak_rig import RESPONSE_CHANNEL, TAKE_ENDS_S, Rig, plugged_in
from support.soak_takes import Written, missing, read_takes

_SILENT_WITHIN_S = 30.0
_ANSWERED_WITHIN_S = 20.0
_LIFTED_WITHIN_S = 2.0
_QUIET_S = 0.6
_ASKED_AT_MOST = 4
_BPM = 120.0


@dataclass(frozen=True)
class Plan:
    """For so long (seconds), and each fault once at least; `longest_s`: how long one lasts at most."""

    seconds: float
    seed: int
    longest_s: float
    faults: tuple[str, ...] = tuple(ALL)
    options: tuple[str, ...] = ()
    """The daemon's."""
    rests: float = 0.15
    """After such a share of the faults nobody plays until the jam is over."""


@dataclass
class Sums:
    """What came of it."""

    scenes: dict[str, int] = field(default_factory=dict)
    back: list[Back] = field(default_factory=list)
    asked: int = 0
    asked_again: int = 0
    answered: int = 0
    lifted_again: int = 0
    hanging: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    played: list[Note] = field(default_factory=list)
    sure: list[Note] = field(default_factory=list)
    health: list[Health] = field(default_factory=list)
    late_periods: int = 0
    lost: list[str] = field(default_factory=list)
    lost_on_the_bus: int = 0
    written: Written | None = None
    messages: int = 0
    malformed: int = 0
    unexpected: list[str] = field(default_factory=list)
    status: int | None = None
    told: str = ""

    @property
    def told_reconnections(self) -> int:
        """By the daemon's own last line."""
        found = re.search(r"(\d+) reconnection", self.told)
        return int(found[1]) if found else 0


class Soak:
    """A `Stage` with a musician. One thread."""

    def __init__(self, rig: Rig, rng: Random, plan: Plan) -> None:
        self.rig = rig
        self.rng = rng
        self.sums = Sums()
        self._plan = plan
        self._hands = Hands(rng)
        self._clock_is_on = False
        self._noise_from = 0
        self._latest: list[Phrase] = []

    @property
    def hold_s(self) -> float:
        return self.rng.uniform(0.3, self._plan.longest_s)

    def scene(self, name: str) -> None:
        """One fault. AssertionError if the daemon does not come back."""
        late = self._late_periods()
        self._latest = []
        self._clock_is_on = self.rng.random() < 0.5 if name == "clock lost" else self._clock_is_on
        self.play()
        time.sleep(self.rng.uniform(0.1, self._latest[0].seconds + 2.0))
        self.sums.back += ALL[name](self)
        if not self._clock_is_on:
            self.stop_clock()
        self._fall_silent(f"after: {name}", late)
        self._ask(late)
        self._fall_silent(f"after the phrase after: {name}", late)
        self.sums.scenes[name] = self.sums.scenes.get(name, 0) + 1
        self.sums.health.append(health_of(self.rig.daemon.pid))
        if self.rng.random() < self._plan.rests:
            time.sleep(TAKE_ENDS_S + 1.0)

    def play(self) -> None:
        self._play(self._hands.phrase())

    def restart_clock(self) -> None:
        self.rig.keys.tell("clock", _BPM)

    def stop_clock(self) -> None:
        self.rig.keys.tell("clock", 0)

    def begin_noise(self) -> None:
        self.rig.ear.listen()
        self._noise_from = len(self.rig.ear.notes)

    def end_noise(self) -> None:
        time.sleep(_LIFTED_WITHIN_S)
        self.rig.ear.listen()
        del self.rig.ear.notes[self._noise_from :]

    def _play(self, phrase: Phrase) -> None:
        self._latest.append(phrase)
        self.sums.played += phrase.notes
        self.rig.keys.tell("play", [(at, data.hex()) for at, data in phrase.events])

    def _ask(self, late_before: int) -> None:
        """A phrase that must be answered."""
        self.sums.asked += 1
        for attempt in range(_ASKED_AT_MOST):
            phrase = self._hands.phrase()
            began = time.monotonic()
            self._play(phrase)
            time.sleep(phrase.seconds)
            if self._comes(partial(self._answered, began + phrase.seconds), _ANSWERED_WITHIN_S):
                self.sums.answered += 1
                self.sums.sure += phrase.notes
                self.sums.asked_again += attempt
                return
            if self._late_periods() == late_before:
                break
            self._lift()
        raise AssertionError("a phrase was not answered")

    def _answered(self, since: float) -> bool:
        return self.rig.ear.notes_since(since, RESPONSE_CHANNEL) > 0

    def _fall_silent(self, when: str, late_before: int) -> None:
        """All that sounds ends, and nothing begins for a moment."""
        if self._comes(self._is_silent, _SILENT_WITHIN_S):
            return
        if self._late_periods() > late_before:
            self.sums.lifted_again += 1
            self._lift()
            if self._comes(self._is_silent, _SILENT_WITHIN_S):
                return
        self.sums.hanging.append(f"{when}: {sorted(self.rig.ear.sounding)}")
        raise AssertionError(self.sums.hanging[-1])

    def _lift(self) -> None:
        for phrase in self._latest:
            self.rig.keys.tell("play", [(at, data.hex()) for at, data in phrase.lifted])
        time.sleep(_LIFTED_WITHIN_S)

    def _is_silent(self) -> bool:
        ear = self.rig.ear
        ear.listen()
        if ear.sounding:
            return False
        before = ear.messages_but_clock
        time.sleep(_QUIET_S)
        ear.listen()
        return not ear.sounding and ear.messages_but_clock == before

    def _comes(self, is_so: Callable[[], bool], within_s: float) -> bool:
        try:
            wait_until(is_so, within_s, str)
        except AssertionError:
            return False
        return True

    def _late_periods(self) -> int:
        self.rig.ear.listen()
        return self.rig.ear.late_periods


def soak(folder: Path, server: str, plan: Plan, tell: Callable[[str], None]) -> Sums:
    """Takes and logs go to the folder, which is empty; `server` is a name that no other has; `tell` hears of scenes."""
    rng = Random(plan.seed)
    with plugged_in(folder, server, plan.options) as rig:
        stage = Soak(rig, rng, plan)
        sums = stage.sums
        began = time.monotonic()
        for name in _names(plan, rng, began):
            try:
                stage.scene(name)
            except AssertionError as error:
                sums.failures.append(f"{name}: {error}")
                break
            tell(f"{time.monotonic() - began:6.0f} s  {name}  {sums.health[-1]}")
        sums.status = rig.end_daemon()
        rig.ear.listen()
        if rig.ear.sounding:
            sums.hanging.append(f"at the end: {sorted(rig.ear.sounding)}")
        sums.unexpected = rig.voice.unexpected()
        sums.told = next((line.strip() for _, line in reversed(rig.voice.lines) if " heard, " in line), "")
        _judge(sums, rig)
    return sums


def _names(plan: Plan, rng: Random, began: float) -> Iterator[str]:
    """All of them in a random order, and again."""
    while True:
        yield from rng.sample(plan.faults, len(plan.faults))
        if time.monotonic() - began >= plan.seconds:
            return


def _judge(sums: Sums, rig: Rig) -> None:
    """What the takes hold, and what was heard."""
    ear = rig.ear
    sums.messages, sums.malformed, sums.late_periods = ear.messages, ear.malformed, ear.late_periods
    sums.written = written = read_takes(rig.takes)
    sums.lost = [*written.faults, *(f"not in a take: {one}" for one in missing(written, ear.notes, sums.played))]
    unwritten = [note for note in sums.sure if note not in written.call]
    if sums.late_periods:
        sums.lost_on_the_bus = len(unwritten)
    else:
        sums.lost += [f"not in a take: {note}" for note in unwritten]
