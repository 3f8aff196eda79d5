"""Manners: when a turn passes by itself, and how long a reply is to be, in each of the modes that take turns."""

from __future__ import annotations

from enum import Enum, auto
from typing import NamedTuple, Protocol

from musedaemon.core.ear import Ear
from musedaemon.core.extent import ENDLESS, Extent
from musedaemon.core.moment import ticks_per_second
from musedaemon.core.phrase import Phrase
from musedaemon.encoding import TICKS_PER_BEAT


class CallEnds(Enum):
    """By what the musician's turn can end."""

    IN_SILENCE = auto()
    """By nothing else: it is known when."""
    AT_ANY_TIME = auto()
    """By a signal as well."""


class Entry(Enum):
    """What a note means that the musician plays during our turn."""

    END_OF_CALL = auto()
    """The phrase that we answer ends with it."""
    INTERRUPTION = auto()
    """It takes the turn back."""
    PICK_UP = auto()
    """Their next phrase begins with it; we play on to our end."""


class Ending(Enum):
    """How our turn ended."""

    PLAYED_OUT = auto()
    TAKEN_BACK = auto()


class Manner(Protocol):
    """Asked by the conversation, on the engine's thread. All times are seconds."""

    @property
    def call_goes_on(self) -> bool:
        """Whether the call is not over after all where its reply is taken back before a note of it left."""

    @property
    def plays_unasked(self) -> bool:
        """Whether a reply that was paused goes on by itself."""

    def hand_over_at(self, ear: Ear) -> float:
        """When the musician's turn is over by itself, infinity for never."""

    def foreseen_at(self, ear: Ear) -> float:
        """The earliest moment at which the turn may pass, as things are; infinity while none can be told."""

    def tempo_at(self, ear: Ear) -> float:
        """When there is time to find the tempo, infinity while there is none."""

    def extent(self, call: Phrase, at: float, bpm: float) -> Extent:
        """How long the reply to a call is to be that is handed over `at`."""

    def entry(self, at: float) -> Entry:
        """What a note of the musician's means that comes in our turn."""

    def over_at(self, ends_at: float) -> float:
        """When our turn is over, whose last note ends then."""

    def turn_ours(self, at: float, counts_from: float) -> None:
        """The turn has passed to us; from when our reply counts how long it may be."""

    def turn_theirs(self, ending: Ending) -> None:
        """The turn has passed back."""


class Lengths(NamedTuple):
    """How long a reply is: so many `calls`, or `beats` where these are not 0, and never more than `most_beats`."""

    calls: float = 1.0
    beats: float = 0.0
    most_beats: float = 64.0

    def extent(self, call_ticks: float) -> Extent:
        """Near the length that is wanted and at least a beat; beats that are given are not passed."""
        most = round((self.beats or self.most_beats) * TICKS_PER_BEAT)
        target = most if self.beats else call_ticks * self.calls
        return Extent(round(min(max(target, TICKS_PER_BEAT), most)), most)


class CallResponse:
    """A silence ends the call; the reply is as long as the call, or another length. Any note takes the turn back."""

    call_goes_on = True
    plays_unasked = False

    def __init__(self, hand_over_s: float, ends: CallEnds, lengths: Lengths) -> None:
        """`hand_over_s`: the silence; 0 leaves the hand-over to signals."""
        self._hand_over_s = hand_over_s or float("inf")
        self._ends = ends
        self._lengths = lengths

    def hand_over_at(self, ear: Ear) -> float:
        """When the silence has lasted long enough."""
        return ear.quiet_since + self._hand_over_s

    def foreseen_at(self, ear: Ear) -> float:
        """At any time where there are signals; else at the end of the silence, once the tempo is known."""
        if self._ends is CallEnds.AT_ANY_TIME:
            return ear.heard_at
        return float("inf") if ear.tempo_unknown else self.hand_over_at(ear)

    def tempo_at(self, ear: Ear) -> float:
        """Half-way through the silence, so that hearing the call again delays no reply; or at the first breath."""
        return ear.breath_at if self._ends is CallEnds.AT_ANY_TIME else ear.quiet_since + self._hand_over_s / 2

    def extent(self, call: Phrase, at: float, bpm: float) -> Extent:
        """In proportion to the call, or as given."""
        return self._lengths.extent(call.lasts(at) * ticks_per_second(bpm))

    def entry(self, at: float) -> Entry:
        """Any takes the turn back."""
        return Entry.INTERRUPTION

    def over_at(self, ends_at: float) -> float:
        """With the last note."""
        return ends_at

    def turn_ours(self, at: float, counts_from: float) -> None:
        """Nothing is counted."""

    def turn_theirs(self, ending: Ending) -> None:
        """Nothing is counted."""


def going_on(beats: float) -> Extent:
    """The extent of what goes on until it is stopped; at the latest after so many `beats`, where there are so few."""
    return ENDLESS if beats == float("inf") else Lengths(beats=beats, most_beats=beats).extent(0.0)


class Solo(CallResponse):
    """As call and response, but the reply goes on until the musician comes in or takes the turn back."""

    plays_unasked = True

    def __init__(self, hand_over_s: float, ends: CallEnds, extent: Extent) -> None:
        """`extent`: how long it goes on."""
        super().__init__(hand_over_s, ends, Lengths())
        self._goes_on = extent

    def extent(self, call: Phrase, at: float, bpm: float) -> Extent:
        """Without end, or as given."""
        return self._goes_on
