"""Trading bars: each plays the same number of bars, strictly one after the other, counted from the tempo."""

from __future__ import annotations

from musedaemon.core.beat_grid import Place
from musedaemon.core.ear import Ear
from musedaemon.core.extent import Extent
from musedaemon.core.manners import Ending, Entry
from musedaemon.core.phrase import Phrase
from musedaemon.encoding import TICKS_PER_BEAT

_ENTRY_TICKS = TICKS_PER_BEAT
"""Our first note comes within the first beat of our bars."""
_TAIL_BEATS = 0.5
"""A phrase may end on the first beat of the other one's bars."""
_PICK_UP_BEATS = 1.0
"""And begin in their last beat."""


class Trade:
    """A `Manner`: the musician's bars begin where ours end. Where they play nothing in them, or before we have played
    any, bar 1 begins at their first note.
    """

    call_goes_on = False
    plays_unasked = False

    def __init__(self, ear: Ear, beats: float, lead_s: float, began_at: float) -> None:
        """`beats`: how many each plays, whole bars. `lead_s`: the turn passes so much before the bar line.

        What was played before `began_at` is in no bar.
        """
        self._ear = ear
        self._beats = beats
        self._lead_s = lead_s
        self._began_at = began_at
        self._ours: Place | None = None
        self._theirs: Place | None = None

    def hand_over_at(self, ear: Ear) -> float:
        """Just before the bar line after their bars, if they have played anything in them."""
        begin = self._bars_begin(ear)
        return float("inf") if begin is None else ear.after_beats(begin, self._beats) - self._lead_s

    def foreseen_at(self, ear: Ear) -> float:
        """It is known once there is a tempo."""
        return float("inf") if ear.tempo_unknown else self.hand_over_at(ear)

    def tempo_at(self, ear: Ear) -> float:
        """In mid-phrase: the bars are counted by it."""
        return ear.breath_at

    def extent(self, call: Phrase, at: float, bpm: float) -> Extent:
        """Our bars, and not a note beyond."""
        return self.bars

    @property
    def bars(self) -> Extent:
        """The same for every turn, also one that is held."""
        ticks = round(self._beats * TICKS_PER_BEAT)
        most = ticks + self._ear.timeline.bar_ticks // 2
        return Extent(ticks, most, by=ticks, entry=_ENTRY_TICKS, line_ticks=self._ear.timeline.bar_ticks)

    def entry(self, at: float) -> Entry:
        """A note in the midst of our bars takes the turn back; one at their beginning or end does not."""
        ours, after = self._ours, self._ear.time_after
        if ours and at < after(ours, _TAIL_BEATS):
            return Entry.END_OF_CALL
        return Entry.PICK_UP if ours and at >= after(ours, self._beats - _PICK_UP_BEATS) else Entry.INTERRUPTION

    def over_at(self, ends_at: float) -> float:
        """With our last bar line."""
        return max(ends_at, self._ear.time_after(self._ours, self._beats)) if self._ours else ends_at

    def turn_ours(self, at: float, counts_from: float) -> None:
        """Our bars begin at the next moment we may play; along a clock, at the bar line nearest to that."""
        self._ours = self._ear.place(counts_from if self._ear.timeline.runs else at + self._lead_s)

    def turn_theirs(self, ending: Ending) -> None:
        """Their bars begin at our last bar line, or with their next note."""
        ear, ours, whole = self._ear, self._ours, ending is Ending.PLAYED_OUT
        self._theirs = ear.place(ear.time_after(ours, self._beats)) if ours and whole else None

    def _bars_begin(self, ear: Ear) -> float | None:
        """Where their bar 1 is: on a line of the clock's, if one runs."""
        if self._theirs is None:
            first = ear.phrase.first_onset_from(self._began_at)
            return None if first is None else ear.bar_line(first, _PICK_UP_BEATS)
        line = ear.bar_line(ear.time_after(self._theirs, 0.0), _PICK_UP_BEATS)
        first = ear.phrase.first_onset_from(line - _PICK_UP_BEATS * ear.beat_s)
        if first is None:
            return None
        return line if first < ear.after_beats(line, self._beats) else ear.bar_line(first, _PICK_UP_BEATS)
