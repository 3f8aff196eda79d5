"""From the times of a MIDI clock's pulses to the even line behind them: jitter, lost pulses and changes of tempo.

A line is fitted to the newest pulses, as many as lie on one (`change_point`): a steady clock is averaged over eight
beats, and a change is followed at once. A pulse more than half a period off the line is a suspect; a few in a row tell
whether a pulse was lost, one came twice, the whole clock was moved, or the tempo has leapt.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from musedaemon.core.change_point import FloatVector, is_sudden, newest_line, slope_of

SHORTEST_PERIOD = 60.0 / 24 / 400
"""Seconds. Pulses quicker than 400 beats a minute are some that were held up, no tempo."""
_LONGEST, _SHORTEST = 192, 12
"""Pulses that a line is fitted to: eight beats at most."""
_LEAST_NOISE = 2e-5
"""Seconds."""
_SUSPECT, _SUSPECT_IN_BURSTS = 0.5, 1.2
"""Periods off the line."""
_HELD_UP = 0.5
"""Periods."""
_SAME_PLACE = 0.3
"""Periods: a clock that starts anew this near to the line goes on with it."""
_SUSPECTS, _ENOUGH_SUSPECTS = 6, 10
"""So many tell a leap of the tempo by more than `_LEAP`, so many all the rest."""
_LEAP, _OTHER_TEMPO = 0.12, 0.05
_SURE, _DEVIATIONS = 0.03, 3.0
"""A clock that is whole periods late, give or take this share of one and so many standard deviations, has lost so many
pulses, and one that is a period early has sent one twice; off by anything else, it stood still or was moved."""
_BEFORE = 24
"""So many pulses before tell whether they had left the line already."""
_EVEN_BEFORE_SLIP = 96
_SLIP_FORGOTTEN = 960
"""Pulses: what happens once in forty beats is an accident every time."""
_KEPT_AFTER_JUMP = 12
_AROUND = 24
_SHORT, _LONG = 0.57, 1.43
"""Of the distances around: a jitter of 20% leaves them between 0.6 and 1.4, whatever the tempo is."""
_BURST_NOISE = 0.6
_SHORTEST_IN_BURSTS = 96


class _Slip(NamedTuple):
    """After pulse number `pulse`, `by` pulses were lost; if negative, came twice."""

    pulse: int
    by: int


class ClockLine(NamedTuple):
    """Pulse number `pulse` lies at `at` (seconds), and one follows every `period` seconds."""

    pulse: int
    at: float
    period: float

    def pulse_at(self, at: float) -> float:
        """The pulse, with its fraction, of a time."""
        return self.pulse + (at - self.at) / self.period

    def time_of(self, pulse: float) -> float:
        """The time of a pulse."""
        return self.at + (pulse - self.pulse) * self.period


class ClockFilter:
    """`hear` each pulse's time; `line` is what they say, None before the second pulse. One thread.

    `count` is the number of the newest pulse, from 0. A lost pulse is counted and one that came twice is not, once this
    is found out, a quarter of a beat later. That is done once each way: what soon happens again is no accident, but
    an audio system that hands pulses over in bursts; then all that came are counted.
    """

    def __init__(self) -> None:
        self._times: list[float] = []
        self._came: list[float] = []
        self._suspects: list[float] = []
        self._count = -1
        self._line: ClockLine | None = None
        self._same_place = float("inf")
        self._slips: list[_Slip] = []
        self._slips_believed = True
        self._in_bursts = False
        self.last_at = float("-inf")
        """When the newest pulse came (seconds)."""
        self.wander = 0.0
        """How far off a pulse moves all that follow, too (seconds, standard deviation)."""

    @property
    def line(self) -> ClockLine | None:
        """The even line behind the pulses."""
        return self._line

    @property
    def count(self) -> int:
        """The number of the newest pulse."""
        return self._count + len(self._suspects)

    def begin_anew(self) -> None:
        """The clock was started: its next pulse may lie anywhere, and it is no pulse lost or doubled that moves it."""
        self._forgive_suspects()
        self._slips, self._slips_believed = [], True
        self._same_place = _SAME_PLACE

    def skip_silence(self, at: float) -> None:
        """The clock comes back with a pulse at `at` after it was gone: the pulses it would have sent are counted."""
        self._forgive_suspects()
        if self._line is not None:
            self._count += max(round(self._line.pulse_at(at)) - self._count - 1, 0)
            self._start_over([self._line.time_of(self._count - back) for back in range(_KEPT_AFTER_JUMP - 1, -1, -1)])
        self._same_place = 0.0

    def hear(self, at: float) -> None:
        """A pulse at `at` (seconds, not before the one before)."""
        self.last_at = at
        same_place, self._same_place = self._same_place, float("inf")
        line = self._line
        self._came = [*self._came[1 - _LONGEST :], at]
        if line is None:
            self._take(at)
            return
        self._in_bursts = _are_in_bursts(np.array(self._came))
        off = (at - line.time_of(self.count + 1)) / line.period
        if abs(off) > same_place:
            self._move_to(at, line.period)
        elif len(self._times) < _SUSPECTS or abs(off) < (_SUSPECT_IN_BURSTS if self._in_bursts else _SUSPECT):
            self._forgive_suspects(at)
            self._take(at)
        else:
            self._suspects.append(at)
            if len(self._suspects) >= _SUSPECTS:
                self._judge(line)

    def _take(self, *times: float) -> None:
        self._count += len(times)
        self._times = [*self._times, *times][-_LONGEST:]
        self._fit()

    def _fit(self) -> None:
        if len(self._times) < 2:
            return
        if self._in_bursts:
            times = self._came[-len(self._times) :]
            line = newest_line(np.array(times), _SHORTEST_IN_BURSTS, self._burst_noise)
        else:
            line = newest_line(np.array(self._times), _SHORTEST, _LEAST_NOISE)
        self.wander = 0.0 if self._in_bursts else line.wander
        self._line = ClockLine(self._count, line.end, max(line.slope, SHORTEST_PERIOD))

    @property
    def _burst_noise(self) -> float:
        return _BURST_NOISE * self._line.period if self._line else _LEAST_NOISE

    def _start_over(self, times: list[float]) -> None:
        """Only these times count from now on; the last is the pulse `_count`."""
        self._times, self._came, self._in_bursts = times, times[-1:], False
        self._fit()

    def _move_to(self, at: float, period: float) -> None:
        """The next pulse is at `at`, whatever was before; the tempo is believed until the next pulses tell."""
        self._count += 1
        self._start_over([at - back * period for back in range(_KEPT_AFTER_JUMP - 1, -1, -1)])

    def _forgive_suspects(self, at: float = float("-inf")) -> None:
        """They count. Where the next pulse came at `at`, hardly after the last of them, they were held up on their way,
        and lie where they would have come in time.
        """
        line = self._line
        for suspect in self._suspects:
            self._count += 1
            if line:
                held_up = at - self._suspects[-1] < _HELD_UP * line.period
                self._times.append(line.time_of(self._count) if held_up else suspect)
        self._suspects = []

    def _judge(self, line: ClockLine) -> None:
        """What happened before the suspects: nothing that a tempo explains, a new tempo, a slip, or a jump."""
        suspects = self._suspects
        period = slope_of(np.array(suspects))
        changed = abs(period / line.period - 1)
        if period < SHORTEST_PERIOD:
            self._suspects = suspects[1:]
            self._take(line.time_of(self._count + 1))
        elif changed > (_LEAP if len(suspects) < _ENOUGH_SUSPECTS else _OTHER_TEMPO):
            self._suspects = []
            self._count += len(suspects)
            self._start_over(suspects)
        elif len(suspects) == _ENOUGH_SUSPECTS:
            moved = self._have_moved(line)
            self._suspects = []
            if moved:
                self._take_moved(suspects, line)
            else:
                self._take(*suspects)

    def _take_moved(self, suspects: list[float], line: ClockLine) -> None:
        """The same tempo, elsewhere."""
        middle = self._count + (len(suspects) + 1) / 2
        late = sum(suspects) / len(suspects) - line.time_of(middle)
        slipped = round(late / line.period)
        off = np.array(suspects) - late - [line.time_of(middle + index) for index in range(len(suspects))]
        sure = _SURE * line.period + _DEVIATIONS * float(np.std(off - off.mean())) / len(suspects) ** 0.5
        if abs(slipped) > 1:
            sure = _SURE * line.period  # else a clock that stood still for any time would seem to have lost pulses
        exact = slipped >= -1 and slipped != 0 and abs(late - slipped * line.period) < sure
        if exact:
            self._slip(slipped, suspects, line)
        else:
            self._times = [at + late for at in self._times]
            self._take(*suspects)

    def _have_moved(self, line: ClockLine) -> bool:
        """Whether it began with the suspects. Where the pulses before had left the line already, the tempo has changed
        a little, or the clock wanders: a pulse is lost all of a sudden.
        """
        before = self._times[-_BEFORE:]
        times = np.array([*before, *self._suspects])
        numbers = np.arange(len(times)) + self._count + 1 - len(before)
        return is_sudden(times - line.at - (numbers - line.pulse) * line.period, len(before))

    def _slip(self, slipped: int, suspects: list[float], line: ClockLine) -> None:
        """So many pulses were lost; if negative, came twice. Or so it seems."""
        self._slips = [before for before in self._slips if self._count - before.pulse < _SLIP_FORGOTTEN]
        if any(before.by * slipped > 0 for before in self._slips):
            self._count -= sum(before.by for before in self._slips)
            self._slips, self._slips_believed = [], False
        if not self._slips_believed or len(self._came) < _EVEN_BEFORE_SLIP:
            self._take(*suspects)
            return
        self._slips.append(_Slip(self._count, slipped))
        lost = [line.time_of(self._count + 1 + index) for index in range(slipped)]
        self._take(*lost, *suspects[max(-slipped, 0) :])


def _are_in_bursts(came: FloatVector) -> bool:
    """Whether these times (seconds) are those of an audio system's periods, about as long as a pulse or longer.

    One pulse that was held up, with those that were held up behind it, is no burst.
    """
    apart = np.diff(came)
    around = min(_AROUND, len(apart))
    first = np.clip(np.arange(len(apart)) - around // 2, 0, len(apart) - around)
    even = (came[first + around] - came[first]) / around
    short, long = int((apart < _SHORT * even).sum()), int((apart > _LONG * even).sum())
    return short + long > 1 and long != 1
