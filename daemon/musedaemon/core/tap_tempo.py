"""A tempo tapped with a finger or a foot: the median of the last taps' distances, without those that do not belong."""

from __future__ import annotations

from collections import deque
from itertools import pairwise
from statistics import mean, median_low
from typing import NamedTuple

from musedaemon.core.events import ControlChange, NoteOff, NoteOn
from musedaemon.core.periodicity import FASTEST_BPM, SLOWEST_BPM
from musedaemon.core.signals import SWITCH_DOWN

FEWEST_TAPS = 3
_MOST_TAPS = 8
_PAUSE_S = 60.0 / SLOWEST_BPM * 1.5
"""After so long a pause the taps begin anew."""
_BOUNCE_S = 60.0 / FASTEST_BPM * 0.5
"""A tap so soon after another is the same one: a pedal that bounces."""
_BELONGS = 0.2
"""A distance counts that is within this share of the median: a tap left out, or one too many, is none of the tempo."""
_ANEW = 2
"""So many taps in a row that do not belong begin another tempo."""


class TapTempo:
    """`tap` at each tap (seconds). One thread."""

    def __init__(self) -> None:
        self._taps: deque[float] = deque(maxlen=_MOST_TAPS)

    def tap(self, at: float) -> float | None:
        """A tap; returns the tempo in beats a minute, None while there are too few, or nobody plays that."""
        if self._taps and at - self._taps[-1] < _BOUNCE_S:
            return None
        if self._taps and at - self._taps[-1] > _PAUSE_S:
            self._taps.clear()
        self._taps.append(at)
        if len(self._taps) < FEWEST_TAPS:
            return None
        self._begin_anew_if_changed()
        bpm = 60.0 / self._beat() if len(self._taps) >= FEWEST_TAPS else 0.0
        return bpm if SLOWEST_BPM <= bpm <= FASTEST_BPM else None

    def _beat(self) -> float:
        """The mean of the distances near the median: it uses all taps where the median uses one."""
        distances = self._distances()
        middle = median_low(distances)
        return mean(one for one in distances if abs(one / middle - 1) <= _BELONGS)

    def _begin_anew_if_changed(self) -> None:
        """The newest taps agree with each other and not with those before: they alone count."""
        distances = self._distances()
        newest = distances[-_ANEW:]
        middle = median_low(distances[:-_ANEW] or newest)
        agree = abs(newest[0] / newest[-1] - 1) <= _BELONGS / 2
        if agree and all(abs(one / middle - 1) > _BELONGS for one in newest):
            self._taps = deque(list(self._taps)[-_ANEW - 1 :], maxlen=_MOST_TAPS)

    def _distances(self) -> list[float]:
        return [after - before for before, after in pairwise(self._taps)]


class TapSettings(NamedTuple):
    """Which key or control (whatever its channel) taps the tempo; None for none."""

    key: int | None = None
    control: int | None = None


class Taps:
    """The musician's taps: on a key, with a control, or at the terminal. One thread; tempi as `TapTempo.tap`."""

    def __init__(self, settings: TapSettings) -> None:
        self._settings = settings
        self._tempo = TapTempo()

    def is_one(self, event: NoteOn | NoteOff | ControlChange) -> bool:
        """Whether it is a tap, or the end of one, and no music."""
        if isinstance(event, ControlChange):
            return event.control == self._settings.control
        return event.pitch == self._settings.key

    def hear(self, event: NoteOn | NoteOff | ControlChange) -> float | None:
        """Take one; the tempo that is tapped with it."""
        is_down = isinstance(event, NoteOn) or (isinstance(event, ControlChange) and event.value >= SWITCH_DOWN)
        return self.tap(event.at) if is_down else None

    def tap(self, at: float) -> float | None:
        """A tap at the terminal (seconds); the tempo that is tapped with it."""
        return self._tempo.tap(at)
