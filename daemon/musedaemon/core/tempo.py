"""The tempo the daemon plays at: given, or found in the playing, call after call (DESIGN 3).

Three things speak for a tempo, as log-odds over the tempi of `periodicity.BPMS`: the call's own evidence, the tempi
that people play at (or a hint), and the calls before it, whose chances widen a little because a tempo drifts, and leave
some to a tempo that has changed altogether (a Bayes filter on a grid). The likeliest is laid through the beats; what it
was for the call before is left only for one that is clearly likelier, for a tempo that comes and goes is worse than one
that is half as fast.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from enum import Enum

import numpy as np

from musedaemon.core.accents import Accents, FloatVector, Strike, accents_of
from musedaemon.core.beat_line import BeatLine, fit
from musedaemon.core.periodicity import BPMS, FASTEST_BPM, SLOWEST_BPM, evidence

UNKNOWN_BPM = 120.0
"""What a call counts at before its tempo can be known: the default of Standard MIDI Files."""
WINDOW_S = 8.0
"""How far back onsets count (DESIGN 3)."""

_FEWEST_ACCENTS = 4
_AGREES = 0.03
_SAME_HALF = 0.2
"""Half beats: so far off where they are written they are still the same."""
_PREFERRED_BPM, _PREFERENCE_OCTAVES = 114.0, 0.41
"""Fitted together with the weights of `periodicity`."""
_HINT_OCTAVES = 0.12
_DRIFT_OCTAVES = 0.05
_ANOTHER_TEMPO = 0.3
"""The chance that a call has nothing to do with the tempo before it: with it, a medley loses little."""
_BY_AN_OCTAVE, _OCTAVE_WIDTH = 0.1, 0.12
"""Half and double the tempo before are so much less likely than another: one is far oftener mistaken for the other."""
_STAYS, _STAYS_OCTAVES = 0.7, 0.06
"""How much likelier (log-odds) another tempo than the one of the call before must be."""


def _around(bpm: float, octaves: float) -> FloatVector:
    """Log-odds of the tempi near one."""
    return -0.5 * (np.log2(BPMS / bpm) / octaves) ** 2


USUAL = _around(_PREFERRED_BPM, _PREFERENCE_OCTAVES)
"""[len(BPMS)] log-odds of the tempi people play at."""


class TempoFrom(Enum):
    """Where a tempo came from."""

    GIVEN = "given"
    TAPPED = "tapped"
    FOUND = "found"
    """In the playing."""
    ASSUMED = "assumed"
    """Too little was played to find it: it is the hint, what the file says, or the usual one."""
    CLOCK = "clock"


class TempoTracker:
    """Owned by the engine. `follow` each call; `bpm` is always known, `line` once beats were found."""

    def __init__(self, given_bpm: float | None = None, hint: float | None = None, written: float | None = None) -> None:
        """`hint` is a tempo somewhere near, which settles the octave; `written` is what the music says of itself, as a
        file does: a hint where there is no other, and exactly right if the playing agrees with it."""
        self._given = given_bpm
        self._written = written
        self._written_beat: float | None = None
        near = hint or written
        self._known = bool(given_bpm or near)
        self._found = False
        self._tapped = False
        self._bpm = given_bpm or near or UNKNOWN_BPM
        self._line: BeatLine | None = None
        self._usual = _around(near, _HINT_OCTAVES) if near else USUAL
        self._stays: FloatVector = np.zeros(len(BPMS))
        self._heard: list[float] = []
        self._call_began_at: float | None = None
        self._expected: FloatVector = np.zeros(len(BPMS))
        self._expected_next = self._expected

    @property
    def bpm(self) -> float:
        """Beats a minute, always known."""
        return self._bpm

    @property
    def came_from(self) -> TempoFrom:
        """Where it came from; a given one never changes but by taps."""
        if self._tapped:
            return TempoFrom.TAPPED
        if self._given is not None:
            return TempoFrom.GIVEN
        return TempoFrom.FOUND if self._found else TempoFrom.ASSUMED

    @property
    def known(self) -> bool:
        """Whether it is more than a guess."""
        return self._known

    @property
    def line(self) -> BeatLine | None:
        """Where the beats of the last call lie; None where there was too little to tell."""
        return self._line

    def take(self, bpm: float) -> None:
        """It was tapped: from now on it is given."""
        self._given = self._bpm = bpm
        self._known = self._tapped = True

    def begin_written(self, at: float) -> None:
        """The music that says its tempo begins (seconds), and keeps that tempo: its beats count from there."""
        self._written_beat = at

    def follow(self, strikes: Sequence[Strike], began_at: float | None = None) -> float:
        """Hear the notes of a call, or of the same one again with more notes; returns the tempo from now on.

        `began_at`: when the call began (seconds), by which it is known again, where the strikes are only its newest.
        """
        self._line = None
        accents = accents_of(strikes, WINDOW_S)
        if len(accents) >= _FEWEST_ACCENTS:
            if self._given is None:
                self._begin_call([strike.at for strike in strikes], began_at)
                self._bpm = self._likeliest(accents)
            self._line = self._laid(accents)
            self._known = self._found = True
        return self._bpm

    def _begin_call(self, onsets: list[float], began_at: float | None) -> None:
        """What a call said already when fewer of its notes were heard does not count twice."""
        same = onsets[: len(self._heard)] == self._heard if began_at is None else began_at == self._call_began_at
        if not same or not self._heard:
            self._expected = self._expected_next
            if self._heard:
                self._stays = _STAYS * np.exp(_around(self._bpm, _STAYS_OCTAVES))
        self._heard, self._call_began_at = onsets, began_at

    def _likeliest(self, accents: Accents) -> float:
        log_odds = evidence(accents) + self._usual + self._expected
        self._expected_next = _expected_after(log_odds)
        return float(BPMS[(log_odds + self._stays).argmax()])

    def _laid(self, accents: Accents) -> BeatLine:
        line = fit(accents, self._bpm)
        if self._given is None:
            found = float(np.clip(60.0 / line.period, SLOWEST_BPM, FASTEST_BPM))
            written = self._written
            agrees = written is not None and abs(found / written - 1) < _AGREES
            self._bpm = written if written and agrees else found
            line = self._as_written(line) if agrees else line
        return line._replace(period=60.0 / self._bpm)

    def _as_written(self, line: BeatLine) -> BeatLine:
        """Onto the nearest written beat, where the playing agrees with it, or hears it half a beat off."""
        if self._written_beat is None:
            return line
        beats = (line.at - self._written_beat) * self._bpm / 60.0
        halves = 2.0 * beats
        if abs(halves - round(halves)) > _SAME_HALF:
            return line
        return line._replace(at=self._written_beat + math.floor(beats + _SAME_HALF) * 60.0 / self._bpm)


def _expected_after(log_odds: FloatVector) -> FloatVector:
    """Log-odds of the next call's tempi by this one's."""
    chances = np.exp(log_odds - log_odds.max())
    chances /= chances.sum()
    expected: FloatVector = np.log((1.0 - _ANOTHER_TEMPO) * _DRIFT @ chances + _ANOTHER_TEMPO * _ELSEWHERE @ chances)
    return expected


def _moves() -> tuple[FloatVector, FloatVector]:
    """[to, from] the chances of the next call's tempi, where the tempo drifts and where it is another."""
    octaves = np.log2(BPMS[:, None] / BPMS[None, :])
    drift = np.exp(-0.5 * (octaves / _DRIFT_OCTAVES) ** 2)
    by_an_octave = np.exp(-0.5 * ((np.abs(octaves) - 1.0) / _OCTAVE_WIDTH) ** 2)
    elsewhere = 1.0 - (1.0 - _BY_AN_OCTAVE) * by_an_octave
    return drift / drift.sum(axis=0), elsewhere / elsewhere.sum(axis=0)


_DRIFT, _ELSEWHERE = _moves()
