"""How a reply lies on the beats: where it begins, how its eighths swing, how far from its place a hand strays."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum

import numpy as np

from musedaemon.core.timeline import Timeline
from musedaemon.encoding import TICKS_PER_BEAT

_TRIPLET = TICKS_PER_BEAT // 3
_JUST_MISSED = 0.25
"""Ticks: a beat that has hardly begun is not waited out."""
_MOST_STRAYED = 2.0
"""Standard deviations: no note strays farther."""


class StartOn(Enum):
    """What a reply waits for before its first note. The values are the words of `config.toml`."""

    NOW = "now"
    BEAT = "beat"
    BAR = "bar"


@dataclass(frozen=True, slots=True)
class Feel:
    """Beats are a clock's that runs; without one they may have been found in the playing, and there are no bars.

    `swing`: the share of the beat that its first eighth takes, 0.5 is straight, 0.67 is a triplet's. `humanize_s`: how
    far notes stray (seconds, a standard deviation), always in the same way for the same `seed`.
    """

    start_on: StartOn = StartOn.BEAT
    swing: float = 0.5
    humanize_s: float = 0.0
    seed: int = 0

    @property
    def moves_notes(self) -> bool:
        """Whether any note leaves at another time than its tick's."""
        return self.swing != 0.5 or self.humanize_s > 0.0

    def entry(self, timeline: Timeline, place: float, found_beat: int | None = None) -> int | None:
        """The tick of a reply's first note that may start from a place among the ticks on; None where any will do.

        `found_beat` is a tick on which a beat lies, where it was found in the playing: without a clock it counts.
        """
        if self.start_on is StartOn.NOW:
            return None
        tick = math.ceil(place - _JUST_MISSED)
        if not timeline.runs:
            return None if found_beat is None else tick + (found_beat - tick) % TICKS_PER_BEAT
        return timeline.beat_from(tick) if self.start_on is StartOn.BEAT else timeline.bar_from(tick)

    def swung(self, timeline: Timeline, tick: int, found_beat: int | None = None) -> float:
        """Where a tick lies once its beat swings. Triplets stay as they are, and all where nobody knows the beat.

        `found_beat` as in `entry`.
        """
        in_beat = timeline.places(tick)[0]
        if not timeline.runs and found_beat is not None:
            in_beat = (tick - found_beat) % TICKS_PER_BEAT
        if self.swing == 0.5 or in_beat < 0 or in_beat % _TRIPLET == 0 or (timeline.runs and not timeline.swings(tick)):
            return float(tick)
        half, longer = TICKS_PER_BEAT / 2, TICKS_PER_BEAT * self.swing
        if in_beat <= half:
            return tick - in_beat + in_beat / half * longer
        return tick - in_beat + longer + (in_beat - half) / half * (TICKS_PER_BEAT - longer)

    def strayed_s(self, serial: int) -> float:
        """How far the note of that serial strays (seconds)."""
        if self.humanize_s == 0.0:
            return 0.0
        drawn = float(np.random.default_rng((self.seed, serial)).standard_normal())
        return self.humanize_s * min(max(drawn, -_MOST_STRAYED), _MOST_STRAYED)


AS_SAMPLED = Feel(StartOn.NOW)
"""Where there is no clock to think of."""
