"""What a process that owns a port tells the daemon, besides messages: words, the first of which says what it is."""

from __future__ import annotations

from collections.abc import Sequence

from musedaemon.midi.frame_clock import FrameReading

SERVING = "serving"
"""All is open."""
REFUSED = "refused"
"""With a sentence: why nothing is open, or no longer."""
LISTENED = "listened"
"""With 1 once somebody listens to the port, with 0 before; told by those that can tell."""
LOST = "lost"
"""With how many bytes the message had that there is no room for."""
MISSED = "missed"
"""With how many messages were lost on their way in, and how many milliseconds of JACK's passed unheard."""
PERIOD = "period"
"""With a sound server's rate, and how many frames its period has."""
READING = "reading"
"""With a reading of a sound server's frames by `time.perf_counter`: second, frame, frames a second, and its rate."""


def words_of_reading(reading: FrameReading, rate: int) -> tuple[object, ...]:
    """`READING` and what follows it."""
    return (READING, *map(repr, reading), rate)


def reading_of(words: Sequence[str]) -> tuple[FrameReading, float]:
    """The reading and the rate of what follows `READING`."""
    at, frame, pace, rate = map(float, words)
    return FrameReading(at, frame, pace), rate
