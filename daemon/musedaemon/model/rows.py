"""The rows of a model's tables by which it is told of a note (docs/model-format.md): one for each thing that is known.

Every table begins alike, so that a row is the same in all of them; those of a field end where it can know no more.
"""

from __future__ import annotations

from musedaemon.encoding import (
    BAR_CLASSES,
    PITCHES,
    TICKS_PER_BEAT,
    TIME_CLASSES,
    VELOCITY_CLASSES,
    Context,
)

ALWAYS = 0
"""Given with every note."""
NOTHING = 1
"""All zeros: fills up the rows of a note that has fewer than another of its batch."""
SHIFT = 2
REST = SHIFT + TIME_CLASSES
BEAT = REST + TIME_CLASSES
BAR = BEAT + TICKS_PER_BEAT + 1
SOUNDING = BAR + BAR_CLASSES + 1
PITCH = SOUNDING + PITCHES
VELOCITY = PITCH + PITCHES
END = VELOCITY + VELOCITY_CLASSES + 1


def known_rows(context: Context) -> list[int]:
    """The rows of what is known of a note before its pitch."""
    shift, rest, beat, bar, sounding = context
    return [ALWAYS, SHIFT + shift, REST + rest, BEAT + beat, BAR + bar, *[SOUNDING + pitch for pitch in sounding]]
