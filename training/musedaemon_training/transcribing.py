"""From a performance to the rhythm it means: the likeliest ticks, given how far hands stray and what rhythms are usual.

Dynamic programming over the strikes, as in metrical hidden Markov models (Raphael 2002): each strike has a place in the
beat, each step from one to the next a number of ticks. Where the beats of the file hold, strikes stray from them; where
nobody played to a beat, times between strikes stray from whole ticks, at the tempo found.
"""

from __future__ import annotations

import numpy as np

from musedaemon.encoding import TICKS_PER_BEAT
from musedaemon_training.rhythm import LONGEST_SHIFT, PLACE_COSTS, SHIFT_COSTS
from musedaemon_training.strikes import Floats, Ints, Strikes

_STRAY_TICKS = 0.7
"""A standard deviation of a strike from its beat."""
_STRAY_SHARE = 0.04
"""Besides, of the time between two strikes, as the tempo is never known exactly."""
_FARTHEST = 6
"""Ticks: no strike is taken for one farther away."""
_PLAIN_TICKS = np.array((3, 4, 6, 8, 9, 12, 16, 18, 24, 36, 48, 72, 96, 144, 192))
"""How long notes are that end before a rest."""
_USUAL_ARTICULATION = 0.85
_SHORTEST_SHARE, _LONGEST_SHARE = 0.5, 1.15
"""A key is down for such a share of its note, or its note ends at another strike."""

_PLACES = np.arange(TICKS_PER_BEAT)


def ticks_by_tempo(shifts: Floats) -> Ints:
    """[S] ticks of strikes with the times `shifts` [S - 1] between them, in ticks by the tempo; the place in the beat
    is found too, and the first lies in beat 0."""
    cost = PLACE_COSTS
    ways: list[tuple[Ints, Ints]] = []
    for shift in shifts.tolist():
        nearest = round(shift)
        tried = np.arange(max(nearest - _FARTHEST, 1), max(nearest + _FARTHEST, 1) + 1)
        variance = 2 * _STRAY_TICKS**2 + (_STRAY_SHARE * shift) ** 2
        straying = (shift - tried) ** 2 / (2 * variance)
        # [tried, place it leads to]
        before = (_PLACES[None, :] - tried[:, None]) % TICKS_PER_BEAT
        sums = cost[before] + straying[:, None] + _shift_cost(before, np.broadcast_to(tried[:, None], before.shape))
        best = sums.argmin(axis=0)
        ways.append((tried[best], before[best, _PLACES]))
        cost = sums[best, _PLACES]
    place = int(cost.argmin())
    steps: list[int] = []
    for taken, before_that in reversed(ways):
        steps.append(int(taken[place]))
        place = int(before_that[place])
    return place + np.concatenate(([0], np.cumsum(steps[::-1], dtype=np.int64)))


def ticks_on_beats(at: Floats) -> Ints:
    """[S] ticks of strikes `at` [S] ticks, with their fractions, by the beats of a file that hold."""
    reach = np.arange(-_FARTHEST, _FARTHEST + 1)
    nearest = np.floor(at + 0.5).astype(np.int64)
    tried = nearest[:, None] + reach[None, :]
    straying = (at[:, None] - tried) ** 2 / (2 * _STRAY_TICKS**2)
    cost = straying[0] + PLACE_COSTS[tried[0] % TICKS_PER_BEAT]
    ways = []
    for index in range(1, len(at)):
        before, now = tried[index - 1], tried[index]
        # [before, now]; nothing may go back, nor two strikes be one
        shift = now[None, :] - before[:, None]
        allowed = np.where(shift > 0, 0.0, np.inf)
        places = np.broadcast_to((before % TICKS_PER_BEAT)[:, None], shift.shape)
        sums = cost[:, None] + allowed + _shift_cost(places, np.maximum(shift, 1))
        best = sums.argmin(axis=0)
        ways.append(best)
        cost = sums[best, np.arange(len(reach))] + straying[index]
    chosen = int(cost.argmin())
    ticks = [int(tried[-1][chosen])]
    for index in range(len(ways) - 1, -1, -1):
        chosen = int(ways[index][chosen])
        ticks.append(int(tried[index][chosen]))
    return np.array(ticks[::-1], dtype=np.int64)


def _shift_cost(place: Ints, shift: Ints) -> Floats:
    """Nats of steps of `shift` ticks from `place` of the beat; of long ones only where they lead to counts."""
    costs: Floats = np.where(
        shift <= LONGEST_SHIFT,
        SHIFT_COSTS[place, np.minimum(shift, LONGEST_SHIFT)],
        SHIFT_COSTS[0, LONGEST_SHIFT] + PLACE_COSTS[(place + shift) % TICKS_PER_BEAT],
    )
    return costs


def note_ends(at: Floats, until: Floats, strikes: Strikes, ticks: Ints, rate: Floats) -> Ints:
    """[N] the tick each note ends on, of notes with the keys down from `at` until `until` [N] (seconds, or any unit).

    `ticks` [S] are the strikes' own, `rate` [S] how many go to a unit there. In scores 96% of the notes end as another
    begins, so a note ends at the strike for which the key was down about as long as the hand's keys usually are.
    """
    of_note, when = strikes.of_note, strikes.at
    share = _articulation(at, until, strikes)
    started = when[of_note]
    after = np.searchsorted(when, until)
    ends = np.zeros(len(at), dtype=np.int64)
    best = np.full(len(at), np.inf)
    for strike in (after - 1, after):
        follows = (strike > of_note) & (strike < len(when))
        end = np.clip(strike, 0, len(when) - 1)
        held = np.where(follows, (until - started) / np.maximum(when[end] - started, 1e-9), 0.0)
        fits = follows & (held >= _SHORTEST_SHARE) & (held <= _LONGEST_SHARE)
        off = np.where(fits, np.abs(np.log(np.maximum(held, 1e-9) / share)), np.inf)
        ends = np.where(off < best, ticks[end], ends)
        best = np.minimum(best, off)
    length = np.maximum((until - started) * rate[of_note] / share, 1.0)
    plain = _PLAIN_TICKS[np.abs(np.log(_PLAIN_TICKS[None, :] / length[:, None])).argmin(axis=1)]
    return np.where(np.isfinite(best), ends, ticks[of_note] + plain)


def _articulation(at: Floats, until: Floats, strikes: Strikes) -> float:
    """For how much of the time to the next strike this hand usually holds a key."""
    to_next = np.append(np.diff(strikes.at), np.inf)[strikes.of_note]
    shares = (until - at) / to_next
    usual = shares[(shares > 0.3) & (shares < 1.2)]
    return float(np.median(usual)) if len(usual) else _USUAL_ARTICULATION
