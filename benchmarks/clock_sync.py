"""How well the clock follower finds the beats of a MIDI clock: steady error under jitter, and how soon it locks.

    python benchmarks/clock_sync.py [--runs 20] [--seed 1]

In virtual time: clocks whose true beats are known are jittered evenly by a share of their period to either side, or
held to the periods of an audio server, or lose and double pulses. Errors are taken just before each pulse, when a note
due now would need them: of the tempo in bpm, of the phase in milliseconds.

"Locked" after a step: tempo within 0.5%, and within 10% of a pulse of the true beats, from then on for four beats.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from musedaemon.core.midi_clock import PULSES_PER_BEAT, ClockFollower, ClockNews

Vector = npt.NDArray[np.float64]
Spoil = Callable[[Vector, np.random.Generator], Vector]
FRAMES_PER_SECOND = 48_000


class Errors(NamedTuple):
    """One entry a pulse: its number, the error of the tempo (bpm) and of the phase (ms) just before it."""

    pulse: Vector
    bpm: Vector
    relative: Vector
    phase_ms: Vector
    phase_pulses: Vector


def times_of(bpms: Vector) -> Vector:
    """The true time of each pulse, `bpms` being the tempo up to it."""
    return np.cumsum(60.0 / bpms / PULSES_PER_BEAT)


def steps(*stretches: tuple[float, int]) -> Vector:
    """[pulses] a tempo of so many bpm for so many beats, one after the other."""
    return np.concatenate([np.full(beats * PULSES_PER_BEAT, bpm) for bpm, beats in stretches])


def ramp(start: float, end: float, beats: int) -> Vector:
    """[pulses] a tempo that rises evenly with the beats, with eight steady beats before and after."""
    rising = np.linspace(start, end, beats * PULSES_PER_BEAT)
    return np.concatenate([steps((start, 8)), rising, steps((end, 8))])


def jittered(share: float) -> Spoil:
    """Each pulse up to this share of its period early or late."""

    def spoil(times: Vector, rng: np.random.Generator) -> Vector:
        periods = np.diff(times, prepend=0.0)
        return np.maximum.accumulate(times + rng.uniform(-share, share, len(times)) * periods)

    return spoil


def held_to_periods(frames: int) -> Spoil:
    """Each pulse comes at the end of the audio period it falls into; the mean delay is taken off the error."""

    def spoil(times: Vector, rng: np.random.Generator) -> Vector:
        period = frames / FRAMES_PER_SECOND
        began = rng.uniform(0, period)
        return np.ceil((times + began) / period) * period - began - period / 2

    return spoil


def wandering(share: float) -> Spoil:
    """Each distance up to this share longer or shorter, and all later pulses with it; there is no other grid."""

    def spoil(times: Vector, rng: np.random.Generator) -> Vector:
        periods = np.diff(times, prepend=0.0)
        walk: Vector = np.cumsum(periods * (1.0 + rng.uniform(-share, share, len(times))))
        return walk

    return spoil


def stalling(times: Vector, rng: np.random.Generator) -> Vector:
    """Heard by a clock that runs on while the sender stands still, for 3 to 8 ms, once a second or so."""
    stalls = np.where(rng.random(len(times)) < np.diff(times, prepend=0.0), rng.uniform(0.003, 0.008, len(times)), 0.0)
    late: Vector = times + np.cumsum(stalls) + rng.normal(0.0, 0.0003, len(times))
    return np.maximum.accumulate(late)


def one_lost_one_twice(jitter: float) -> Spoil:
    """A pulse is lost and one comes twice, anywhere."""

    def spoil(times: Vector, rng: np.random.Generator) -> Vector:
        copies = np.ones(len(times), dtype=np.int64)
        lost, twice = rng.integers(8 * PULSES_PER_BEAT, len(times) - 4 * PULSES_PER_BEAT, 2)
        copies[lost], copies[twice] = 0, 2
        return np.repeat(jittered(jitter)(times, rng), copies)

    return spoil


def followed(bpms: Vector, spoil: Spoil, rng: np.random.Generator, moves: bool = False) -> Errors:
    """Follow one clock; the errors just before each of its true pulses from the second beat on.

    `moves`: what is heard is itself the truth.
    """
    truth = times_of(bpms)
    heard = spoil(truth, rng)
    truth = heard if moves else truth
    follower = ClockFollower()
    follower.receive(0.0, b"\xfa")
    coming = iter(heard)
    due = next(coming, None)
    rows: list[tuple[float, ...]] = []
    for pulse, at in enumerate(truth):
        while due is not None and due < at:
            if follower.receive(float(due), b"\xf8") is ClockNews.STOPPED:
                raise AssertionError("nobody stopped it")
            due = next(coming, None)
        grid = follower.grid
        if grid is not None and pulse >= PULSES_PER_BEAT:
            off = at - grid.time_of(pulse / PULSES_PER_BEAT)
            period = 60.0 / bpms[pulse] / PULSES_PER_BEAT
            error = grid.bpm - bpms[pulse]
            rows.append((pulse, error, error / bpms[pulse], 1000 * off, off / period))
    return Errors(*np.array(rows).T)


def steady(bpm: float, spoil: Spoil, runs: Iterator[np.random.Generator], beats: int = 300) -> str:
    """A row of figures of an even clock, from the ninth beat on."""
    found = [followed(steps((bpm, beats)), spoil, rng) for rng in runs]
    late = 8 * PULSES_PER_BEAT
    tempo = np.abs(np.concatenate([errors.bpm[late:] for errors in found]))
    phase = np.abs(np.concatenate([errors.phase_ms[late:] - np.median(errors.phase_ms) for errors in found]))
    slipped = sum(round(float(np.median(errors.phase_pulses[-48:]))) != 0 for errors in found)
    return row(tempo, phase) + (f"  {slipped} of {len(found)} ended a pulse off" if slipped else "")


def moving(bpm: float, spoil: Spoil, runs: Iterator[np.random.Generator]) -> str:
    """A row of figures of a clock that is off its own grid, against its next pulse."""
    found = [followed(steps((bpm, 200)), spoil, rng, moves=True) for rng in runs]
    late = 8 * PULSES_PER_BEAT
    tempo = np.abs(np.concatenate([errors.bpm[late:] for errors in found]))
    return row(tempo, np.abs(np.concatenate([errors.phase_ms[late:] for errors in found])))


def row(tempo: Vector, phase: Vector) -> str:
    """Median, 95th percentile and largest of both."""
    return "  ".join(
        f"{name} {np.median(values):6.3f} {np.percentile(values, 95):6.3f} {values.max():6.3f}"
        for name, values in (("bpm", tempo), ("phase ms", phase))
    )


def lock_beats(errors: Errors, step_pulse: int) -> float:
    """How many beats after the step everything is right, and stays so for four beats; infinity if never."""
    after = errors.pulse >= step_pulse
    wrong = (np.abs(errors.relative) > 0.005) | (np.abs(errors.phase_pulses) > 0.1)
    wrong, pulse = wrong[after], errors.pulse[after]
    bad = np.concatenate(([-1], np.flatnonzero(wrong), [len(wrong)]))
    for before, following in pairwise(bad):
        if following - before > 4 * PULSES_PER_BEAT:
            return float(pulse[before + 1] - step_pulse) / PULSES_PER_BEAT
    return float("inf")


def stepped(start: float, end: float, spoil: Spoil, runs: Iterator[np.random.Generator]) -> str:
    """A row of lock times after a step of the tempo."""
    locks = [lock_beats(followed(steps((start, 16), (end, 24)), spoil, rng), 16 * PULSES_PER_BEAT) for rng in runs]
    return (
        f"locked after {np.median(locks):5.2f} beats at the median, p95 {np.sort(locks)[int(0.95 * len(locks))]:5.2f}"
    )


def ramped(spoil: Spoil, runs: Iterator[np.random.Generator]) -> str:
    """A row of figures of the ramp of 100 to 140 bpm over 16 bars of four, from its first bar on."""
    found = [followed(ramp(100, 140, 64), spoil, rng) for rng in runs]
    on_ramp = [(errors.pulse >= 12 * 24) & (errors.pulse < 72 * 24) for errors in found]
    tempo = np.abs(np.concatenate([errors.bpm[on] for errors, on in zip(found, on_ramp, strict=True)]))
    phase = np.abs(np.concatenate([errors.phase_ms[on] for errors, on in zip(found, on_ramp, strict=True)]))
    return row(tempo, phase)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()

    def runs() -> Iterator[np.random.Generator]:
        return (np.random.default_rng((options.seed, run)) for run in range(options.runs))

    print("steady clocks (error: median, p95, largest)")
    for bpm in (60.0, 123.0, 200.0):
        for share in (0.0, 0.1, 0.2):
            print(f"  {bpm:5.0f} bpm, jitter {share:4.0%}      {steady(bpm, jittered(share), runs())}")
    for bpm, frames in ((123.0, 64), (60.0, 1024), (117.0, 1024), (123.0, 1024), (200.0, 1024)):
        print(f"  {bpm:5.0f} bpm, periods of {frames:4d} {steady(bpm, held_to_periods(frames), runs())}")
    print(f"  123 bpm, one lost, one twice {steady(123.0, one_lost_one_twice(0.2), runs())}")
    for bpm in (60.0, 123.0, 200.0):
        print(f"  {bpm:5.0f} bpm, wandering 20%   {moving(bpm, wandering(0.2), runs())}")
    print(f"    123 bpm, stalling        {moving(123.0, stalling, runs())}")
    print("steps of the tempo")
    for start, end in ((60.0, 200.0), (200.0, 60.0), (120.0, 123.0), (123.0, 120.0), (120.0, 150.0)):
        for share in (0.0, 0.2):
            print(
                f"  {start:3.0f} to {end:3.0f} bpm, jitter {share:4.0%}  {stepped(start, end, jittered(share), runs())}"
            )
    print("a ramp of 100 to 140 bpm over 16 bars (error: median, p95, largest)")
    for share in (0.0, 0.1, 0.2):
        print(f"  jitter {share:4.0%}  {ramped(jittered(share), runs())}")


if __name__ == "__main__":
    main()
