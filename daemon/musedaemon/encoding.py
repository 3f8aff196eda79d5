"""The note encoding: the one contract between training, export and the daemon.

Time is counted in ticks, 24 to a beat (a quarter note). The model is told of a note what is known the moment its key
goes down: its `Context` (how long since the last onset, how long the silence before it, where in the beat and the bar,
which pitches still sound), its pitch and its velocity. Its duration is only ever predicted. Anything that changes the
meaning of a class or of a field changes `ENCODING_VERSION`, and models of another version are refused.

Everything here is pure: no thread, clock or port. Arrays are numpy, one entry a note, in playing order.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

ENCODING_VERSION = 1
TICKS_PER_BEAT = 24
PITCHES = 128

MAX_TICKS = 16 * TICKS_PER_BEAT
_EXACT_TICKS = 4 * TICKS_PER_BEAT
# Beyond four beats eight classes an octave: every half beat up to eight beats, every beat up to sixteen.
_LONG_TICKS = (
    *range(_EXACT_TICKS + 12, 2 * _EXACT_TICKS + 1, 12),
    *range(2 * _EXACT_TICKS + 24, MAX_TICKS + 1, 24),
)

IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

TICKS_OF_CLASS: IntArray = np.array((*range(_EXACT_TICKS + 1), *_LONG_TICKS), dtype=np.int64)
"""[TIME_CLASSES] the ticks each class of `shift`, `rest` and `duration` stands for, rising from 0."""

TIME_CLASSES = len(TICKS_OF_CLASS)
VELOCITY_STEP = 4
VELOCITY_CLASSES = 128 // VELOCITY_STEP
VELOCITY_UNKNOWN = VELOCITY_CLASSES
"""Input only: the velocity says nothing (a score without dynamics)."""
BEAT_UNKNOWN = TICKS_PER_BEAT
"""Input only: there is no beat to place the note in."""
BAR_CLASSES = 12
BAR_UNKNOWN = BAR_CLASSES
"""Input only: there is no bar to place the note in."""

_CLASS_OF_TICKS: IntArray = np.abs(TICKS_OF_CLASS[None, :] - np.arange(MAX_TICKS + 1)[:, None]).argmin(axis=1)


def ticks_to_class(ticks: npt.ArrayLike) -> IntArray:
    """The class nearest to each number of ticks (>= 0); beyond 16 beats, the last."""
    return _CLASS_OF_TICKS[np.clip(np.asarray(ticks, dtype=np.int64), 0, MAX_TICKS)]


def time_class(ticks: int) -> int:
    """`ticks_to_class` of one number."""
    return _TIME_CLASSES[min(max(ticks, 0), MAX_TICKS)]


def velocity_to_class(velocity: npt.ArrayLike) -> IntArray:
    """The class of each MIDI velocity, 1 to 127; 0 stands for unknown."""
    values = np.asarray(velocity, dtype=np.int64)
    return np.where(values == 0, VELOCITY_UNKNOWN, values // VELOCITY_STEP)


def class_to_velocity(velocity_class: int) -> int:
    """The MIDI velocity in the middle of a class, 2 to 126."""
    return velocity_class * VELOCITY_STEP + VELOCITY_STEP // 2


def bar_place(bar_tick: npt.ArrayLike) -> IntArray:
    """The quarter of the bar each place lies in, from ticks since the bar line; -1 stands for unknown."""
    ticks = np.asarray(bar_tick, dtype=np.int64)
    return np.where(ticks < 0, BAR_UNKNOWN, np.minimum(ticks // TICKS_PER_BEAT, BAR_CLASSES - 1))


def beat_place(beat_tick: npt.ArrayLike) -> IntArray:
    """The tick of the beat each place lies on; -1 stands for unknown."""
    ticks = np.asarray(beat_tick, dtype=np.int64)
    return np.where(ticks < 0, BEAT_UNKNOWN, ticks % TICKS_PER_BEAT)


# The same as lists: one number costs numpy twenty times what it costs Python, and a note asks for four.
_TIME_CLASSES: list[int] = _CLASS_OF_TICKS.tolist()
_BEAT_PLACES: list[int] = beat_place(np.arange(TICKS_PER_BEAT)).tolist()
_BAR_PLACES: list[int] = bar_place(np.arange(BAR_CLASSES * TICKS_PER_BEAT)).tolist()


class Note(NamedTuple):
    """A note of a score. `onset` and `duration` in ticks; `velocity` 1 to 127, or 0 for unknown.

    `bar_tick` is the onset's place in ticks since the bar line, -1 where no bar is known.
    """

    onset: int
    pitch: int
    velocity: int
    duration: int
    bar_tick: int = -1


class Context(NamedTuple):
    """What is known of a note before its pitch: classes, and the pitches that sound as it starts, rising."""

    shift: int
    rest: int
    beat: int
    bar: int
    sounding: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Encoded:
    """A piece as classes, one entry a note ([N] int64 each). `shift` and `rest` of the first note are the longest.

    `sounding(i)` gives the flags of one note, `end_ticks` and `onset_ticks` are what it is made from.
    """

    shift: IntArray
    rest: IntArray
    beat: IntArray
    bar: IntArray
    pitch: IntArray
    velocity: IntArray
    duration: IntArray
    onset_ticks: IntArray
    end_ticks: IntArray

    def __len__(self) -> int:
        return len(self.pitch)

    def sounding(self, index: int) -> BoolArray:
        """[128] the pitches that earlier notes still hold when note `index` starts."""
        flags = np.zeros(PITCHES, dtype=np.bool_)
        earlier = slice(0, index)
        flags[self.pitch[earlier][self.end_ticks[earlier] > self.onset_ticks[index]]] = True
        return flags

    def context(self, index: int) -> Context:
        """The `Context` of note `index`."""
        return Context(
            int(self.shift[index]),
            int(self.rest[index]),
            int(self.beat[index]),
            int(self.bar[index]),
            tuple(np.flatnonzero(self.sounding(index)).tolist()),
        )


def in_playing_order(notes: Iterable[Note]) -> list[Note]:
    """Notes by onset, then pitch: one for each onset and pitch (the longest), each over when its pitch is struck again.

    Notes without length get one tick.
    """
    longest: dict[tuple[int, int], Note] = {}
    for note in notes:
        known = longest.get((note.onset, note.pitch))
        if known is None or note.duration > known.duration:
            longest[note.onset, note.pitch] = note
    ordered = [longest[key] for key in sorted(longest)]
    next_onset: dict[int, int] = {}
    for index in range(len(ordered) - 1, -1, -1):
        note = ordered[index]
        room = next_onset.get(note.pitch, note.onset + max(note.duration, 1)) - note.onset
        ordered[index] = note._replace(duration=min(max(note.duration, 1), room))
        next_onset[note.pitch] = note.onset
    return ordered


def time_fields(onset: IntArray, end: IntArray) -> tuple[IntArray, IntArray]:
    """(shift, rest) classes [N] of notes in playing order, from their onsets and ends in ticks ([N] each).

    `rest` is the silence between the last end so far and the onset. Before the first note both are the longest.
    """
    if len(onset) == 0:
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
    silent_since = np.maximum.accumulate(end)[:-1]
    shift = np.concatenate(([MAX_TICKS], onset[1:] - onset[:-1]))
    rest = np.concatenate(([MAX_TICKS], np.maximum(onset[1:] - silent_since, 0)))
    return ticks_to_class(shift), ticks_to_class(rest)


def encode(notes: Sequence[Note]) -> Encoded:
    """Encode a piece; the notes are put `in_playing_order` first. An empty piece gives empty arrays."""
    ordered = in_playing_order(notes)
    columns = np.array(ordered, dtype=np.int64).reshape(len(ordered), len(Note._fields)).T
    onset, pitch, velocity, duration, bar_tick = columns
    end = onset + duration
    shift, rest = time_fields(onset, end)
    return Encoded(
        shift=shift,
        rest=rest,
        beat=beat_place(bar_tick),
        bar=bar_place(bar_tick),
        pitch=pitch,
        velocity=velocity_to_class(velocity),
        duration=ticks_to_class(duration),
        onset_ticks=onset,
        end_ticks=end,
    )


def decode(encoded: Encoded, first_onset: int = 0) -> list[Note]:
    """Notes with the ticks and velocities of their classes; the first starts at `first_onset`.

    Onsets are exact where no shift exceeds four beats; bars are not restored (they are places, not notes).
    """
    shifts = TICKS_OF_CLASS[encoded.shift]
    onsets = first_onset + np.cumsum(shifts) - (shifts[0] if len(shifts) else 0)
    durations = TICKS_OF_CLASS[encoded.duration]
    return [
        Note(
            int(onsets[i]),
            int(encoded.pitch[i]),
            0 if encoded.velocity[i] == VELOCITY_UNKNOWN else class_to_velocity(int(encoded.velocity[i])),
            int(durations[i]),
        )
        for i in range(len(encoded))
    ]


@dataclass(slots=True)
class ContextTracker:
    """The same fields as a piece unfolds: the ends of held keys are not known yet, those of planned notes are.

    Owned by one thread. Ticks count from 0 and onsets never go back. `copy` makes it a value.
    """

    last_onset: int | None = None
    silent_since: int = 0
    ends: dict[int, int | None] = field(default_factory=dict)
    """Sounding pitch -> its end in ticks, None while its key is held."""

    def sounding_at(self, onset: int) -> list[int]:
        """The pitches that still sound at `onset` (ticks)."""
        return [pitch for pitch, end in self.ends.items() if end is None or end > onset]

    def context(self, onset: int, beat_tick: int = -1, bar_tick: int = -1) -> Context:
        """The context of a note that starts at `onset` (ticks). Changes nothing.

        `beat_tick` and `bar_tick` place the onset since a beat and since the bar line, -1 where there is none.
        """
        shift = MAX_TICKS if self.last_onset is None else onset - self.last_onset
        return Context(
            time_class(shift),
            time_class(self._rest(onset)),
            _BEAT_PLACES[beat_tick % TICKS_PER_BEAT] if beat_tick >= 0 else BEAT_UNKNOWN,
            _BAR_PLACES[min(bar_tick, len(_BAR_PLACES) - 1)] if bar_tick >= 0 else BAR_UNKNOWN,
            tuple(sorted(self.sounding_at(onset))),
        )

    def note_on(self, onset: int, pitch: int, duration: int | None = None) -> None:
        """A note starts at `onset` and lasts `duration` ticks, or until `note_off` where that is not known yet."""
        self._forget_ended(onset)
        self.last_onset = onset
        self.ends[pitch] = None if duration is None else onset + duration

    def note_off(self, end: int, pitch: int) -> None:
        """A note ends at `end` (ticks), whatever was planned for it."""
        if pitch in self.ends:
            del self.ends[pitch]
            self.silent_since = max(self.silent_since, end)

    def copy(self) -> ContextTracker:
        """An independent copy."""
        return ContextTracker(self.last_onset, self.silent_since, dict(self.ends))

    def _rest(self, onset: int) -> int:
        if self.last_onset is None:
            return MAX_TICKS
        ends = self.ends.values()
        if None in ends:
            return 0
        known = [end for end in ends if end is not None]
        return max(onset - max([self.silent_since, *known]), 0)

    def _forget_ended(self, onset: int) -> None:
        for pitch, end in list(self.ends.items()):
            if end is not None and end <= onset:
                self.note_off(end, pitch)
