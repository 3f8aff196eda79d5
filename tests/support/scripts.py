"""Random playing for property tests: words with a channel, a pitch and the seconds since the word before."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import strategies as st
from support.modes import mode_change

from musedaemon.core.events import ALL_NOTES_OFF, SUSTAIN, ControlChange, MidiEvent, NoteOff, NoteOn, Other
from musedaemon.core.modes import Mode

Script = list[tuple[str, int, int, float]]

SIGNAL_KEY = 21
TRANSPORT = {"start": b"\xfa", "continue": b"\xfb", "stop": b"\xfc"}
_LOWEST = 58


def scripts(*words: str) -> st.SearchStrategy[Script]:
    """Up to forty of these words; one that is named twice comes twice as often."""
    pitches = st.integers(_LOWEST, _LOWEST + len(Mode) - 1)
    word = st.tuples(st.sampled_from(words), st.integers(0, 1), pitches, st.floats(0, 1.5, allow_nan=False))
    return st.lists(word, max_size=40)


def events_of(script: Script) -> list[MidiEvent]:
    """What such a musician sends."""
    at, events = 0.0, []
    for word, channel, pitch, gap in script:
        at += gap
        events.append(_event(word, at, channel, pitch))
    return events


def let_go(events: Sequence[MidiEvent], after_s: float) -> list[MidiEvent]:
    """The signal's key comes up at last: what is held at the end would play for ever."""
    at = (events[-1].at if events else 0.0) + after_s
    return [NoteOff(at, channel, SIGNAL_KEY) for channel in (0, 1)]


def _event(word: str, at: float, channel: int, pitch: int) -> MidiEvent:
    match word:
        case "on":
            return NoteOn(at, channel, pitch, 80)
        case "off":
            return NoteOff(at, channel, pitch)
        case "pedal":
            return ControlChange(at, channel, SUSTAIN, 127 if pitch % 2 else 0)
        case "key down":
            return NoteOn(at, channel, SIGNAL_KEY, 80)
        case "key up":
            return NoteOff(at, channel, SIGNAL_KEY)
        case "start" | "stop":
            return Other(at, TRANSPORT[word])
        case "mode":
            return mode_change(at, list(Mode)[pitch - _LOWEST])
    return ControlChange(at, channel, ALL_NOTES_OFF, 0)
