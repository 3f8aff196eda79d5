"""Whether a file was played and not written, and then the score that the playing means.

A model learns to play cleanly from clean targets (`augment.py`). What a hand played lies beside every grid: of its
exact ticks there is nothing to be learned but noise.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from musedaemon.encoding import TICKS_PER_BEAT
from musedaemon_training.rhythm import PLACE_COSTS
from musedaemon_training.strikes import Floats, Ints, Strikes, strikes_of, ticks_a_second
from musedaemon_training.transcribing import note_ends, ticks_by_tempo, ticks_on_beats

_COARSEST = 60
"""Ticks a quarter: in coarser files what is played looks like what is written."""
_EXACT = 0.05
_WRITTEN = 0.6
"""Scores have nearly all of their notes on whole ticks, hands one in ten."""
_BLUR_TICKS = 1.2
_ON_BEATS = 0.15
"""Nats a strike by which the beats of a file must explain it better than chance."""
_FEWEST_STRIKES = 8


class Performance(NamedTuple):
    """Notes as they were played, by onset: [N] times in ticks (with fractions) by the file's tempi, and in seconds.

    `learned` [N]: the notes of the musician, and not the partner's.
    """

    at: Floats
    until: Floats
    at_s: Floats
    until_s: Floats
    learned: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]


class Meant(NamedTuple):
    """[N] ticks; `on_beats` says that they count from the beats of the file, and its bars hold."""

    onset: Ints
    end: Ints
    on_beats: bool


def is_played(at: Floats, division: int) -> bool:
    """Whether onsets [N] (ticks, with their fractions) of a file of so many ticks a quarter are a hand's."""
    return division >= _COARSEST and len(at) > 0 and _exact(at) < _WRITTEN


def has_ragged_ends(at: Floats, until: Floats, division: int) -> bool:
    """Whether a score's notes [N] end beside the grid on which they begin, as some programs write them."""
    return division >= _COARSEST and len(until) > 0 and _exact(until) < _WRITTEN and _exact(at) >= _WRITTEN


def _exact(ticks: Floats) -> float:
    return float((np.abs(ticks - np.round(ticks)) < _EXACT).mean())


def meant(playing: Performance) -> Meant:
    """The score that was meant."""
    strikes = strikes_of(playing.at_s)
    on_file = _strikes_on(strikes, playing.at)
    on_beats = len(on_file) >= _FEWEST_STRIKES and _follows_beats(on_file)
    if on_beats:
        rate = _rates_of_file(strikes.at, on_file)
        ticks = ticks_on_beats(on_file)
    else:
        own = playing.learned if playing.learned.any() else np.ones_like(playing.learned)
        rate = ticks_a_second(playing.at_s[own], playing.until_s[own], strikes.at)
        ticks = ticks_by_tempo(np.diff(strikes.at) * (rate[1:] + rate[:-1]) / 2)
    ends = note_ends(playing.at_s, playing.until_s, strikes, ticks, rate)
    return Meant(ticks[strikes.of_note], ends, on_beats)


def with_clean_ends(at: Floats, until: Floats) -> Meant:
    """The same for a score whose ends alone are ragged: onsets and ends [N] in ticks."""
    onset = np.floor(at + 0.5).astype(np.int64)
    moments, of_note = np.unique(onset, return_inverse=True)
    strikes = Strikes(moments.astype(np.float64), of_note)
    ends = note_ends(at, until, strikes, moments, np.ones(len(moments)))
    return Meant(onset, ends, on_beats=True)


def _strikes_on(strikes: Strikes, at: Floats) -> Floats:
    """[S] where the strikes lie among the file's ticks."""
    count = np.bincount(strikes.of_note)
    return np.bincount(strikes.of_note, weights=at) / count


def _rates_of_file(at_s: Floats, ticks: Floats) -> Floats:
    """[S] ticks a second around each strike."""
    rates: Floats = np.gradient(ticks, at_s)
    return rates


def _follows_beats(ticks: Floats) -> bool:
    """Whether strikes lie where strikes usually lie in the beat, a hand's straying allowed for."""
    costs = _BLURRED_COSTS[np.floor(ticks + 0.5).astype(np.int64) % TICKS_PER_BEAT]
    return bool(np.log(TICKS_PER_BEAT) - costs.mean() > _ON_BEATS)


def _blurred_costs() -> Floats:
    away = np.abs(np.arange(TICKS_PER_BEAT)[:, None] - np.arange(TICKS_PER_BEAT)[None, :])
    away = np.minimum(away, TICKS_PER_BEAT - away)
    blur = np.exp(-0.5 * (away / _BLUR_TICKS) ** 2)
    chances = blur / blur.sum(axis=0) @ np.exp(-PLACE_COSTS)
    costs: Floats = -np.log(chances / chances.sum())
    return costs


_BLURRED_COSTS = _blurred_costs()
