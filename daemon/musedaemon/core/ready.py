"""The ready reply: its first notes, sampled while the musician still plays and renewed with each note of theirs.

A hand-over can come at any time, and the reply must not begin before it. So the first onset is drawn given that nothing
sounds before the earliest moment a hand-over may come; when the time for that has passed, it is drawn again given that
nothing has sounded until then. The first one drawn that a hand-over can still use is a fair draw given that nothing
sounded before the hand-over: the same that would be drawn then, had there been time to.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from musedaemon.core.commands import PlannedNote
from musedaemon.core.ear import Ear
from musedaemon.core.extent import Extent
from musedaemon.core.moment import Moment, ticks_per_second
from musedaemon.core.reply import Reply
from musedaemon.core.voice import Voice
from musedaemon.encoding import MAX_TICKS

READY_NOTES = 3
"""As many notes are sampled ahead of a hand-over."""
SOON_S = 1.0
"""A hand-over that is known to come is not prepared earlier than this."""
MOST_DRAFTS = 16
"""As many drafts are made of one reply; if the musician takes longer, it is made when they hand over."""
_EXACT_S = 1e-6

ExtentAt = Callable[[float], Extent]
"""How long a reply is to be whose call is handed over then (seconds)."""


class Draft(NamedTuple):
    """A reply begun at `moment`, the `number`th since the hand-over was foreseen `at`; the one before would have begun
    at `passed` (seconds). `notes` are those settled so far, of `sampled`.
    """

    moment: Moment
    bpm: float
    foreseen_at: float
    number: int
    passed: float
    reply: Reply
    notes: list[PlannedNote]
    sampled: int

    @property
    def begins_at(self) -> float:
        """When its first note starts (seconds)."""
        return self.reply.began_at


class Ready:
    """Owned by the conversation. Every time is a hand-over's, `lead_s` before the first note it allows."""

    def __init__(self, ear: Ear, voice: Voice, lead_s: float) -> None:
        self._ear = ear
        self._voice = voice
        self._lead_s = lead_s
        self._draft: Draft | None = None

    def due_at(self, foreseen_at: float) -> float:
        """When `advance` has something to do (seconds), infinity when never.

        `foreseen_at` is the earliest hand-over: one that is to come, or at any time since the last note.
        """
        if foreseen_at == float("inf"):
            return float("inf")
        draft = self._current(foreseen_at)
        if draft is None or (draft.sampled < READY_NOTES and not draft.reply.complete):
            return max(self._ear.heard_at, foreseen_at - SOON_S)
        return draft.begins_at - self._lead_s + _EXACT_S if draft.number + 1 < MOST_DRAFTS else float("inf")

    def advance(self, now: float, foreseen_at: float, extent: ExtentAt) -> None:
        """Sample one note."""
        draft = self._current(foreseen_at)
        if draft is None:
            self._draft = self._first(foreseen_at, extent)
        elif now + self._lead_s > draft.begins_at and draft.number + 1 < MOST_DRAFTS:
            self._draft = self._next(draft, extent)
        else:
            self._draft = self._sampled(draft)

    def take(self, at: float, foreseen_at: float, extent: ExtentAt) -> tuple[Reply, list[PlannedNote]]:
        """The reply to a hand-over (seconds), and those of its notes that are settled."""
        draft = self._current(foreseen_at)
        earliest = at + self._lead_s - _EXACT_S
        if draft is None or draft.passed >= earliest:
            draft = self._first(foreseen_at, extent)
        while draft.begins_at < earliest and draft.number < MOST_DRAFTS:  # the last may be on a beat just missed
            draft = self._next(draft, extent) if draft.number + 1 < MOST_DRAFTS else self._last(at, extent)
        if draft.begins_at > earliest + (extent(at).entry + 1) / ticks_per_second(draft.bpm):
            draft = self._last(at, extent)
        self._draft = None
        self._voice.speak(draft.reply)
        return draft.reply, draft.notes

    def forget(self) -> None:
        """What is ready would not do any more."""
        self._draft = None

    def _current(self, foreseen_at: float) -> Draft | None:
        draft, ear = self._draft, self._ear
        if draft and draft.moment is ear.moment and draft.bpm == ear.bpm and draft.foreseen_at == foreseen_at:
            return draft
        return None

    def _first(self, foreseen_at: float, extent: ExtentAt) -> Draft:
        how_long = extent(foreseen_at)
        if foreseen_at <= self._ear.heard_at:
            how_long = how_long._replace(entry=MAX_TICKS)
        return self._begun(foreseen_at, foreseen_at, 0, float("-inf"), how_long)

    def _next(self, draft: Draft, extent: ExtentAt) -> Draft:
        """The hand-over did not come in time for this one."""
        at = draft.begins_at + 1.0 / ticks_per_second(draft.bpm) - self._lead_s
        how_long = extent(at)._replace(entry=MAX_TICKS)
        return self._begun(draft.foreseen_at, at, draft.number + 1, draft.begins_at, how_long)

    def _last(self, at: float, extent: ExtentAt) -> Draft:
        """Made when the hand-over has come."""
        return self._begun(at, at, MOST_DRAFTS, float("-inf"), extent(at))

    def _begun(self, foreseen_at: float, at: float, number: int, passed: float, extent: Extent) -> Draft:
        ear = self._ear
        reply = self._voice.begin(ear.call, at + self._lead_s, extent, number)
        return self._sampled(Draft(ear.moment, ear.bpm, foreseen_at, number, passed, reply, [], 0))

    def _sampled(self, draft: Draft) -> Draft:
        notes = [*draft.notes, *draft.reply.next_notes()]
        return draft._replace(notes=notes, sampled=draft.sampled + 1)
