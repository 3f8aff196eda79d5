"""Write call.mid: four phrases of a small tune of our own, played as a hand plays them.

    python examples/make_call.py [OUT.mid]

The tune is written out below as a score; the timing, touch and pedalling of a player are added from a fixed seed,
so that the file is the same each time.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from mido import Message, MetaMessage, MidiFile, MidiTrack, bpm2tempo

BPM = 96
TICKS_PER_BEAT = 480
SEED = 1896
SUSTAIN = 64

TIMING_TICKS = 14  # how far a note strays from the beat: 18 ms at 96 beats a minute
TOUCH = 7  # how far a velocity strays
RIGHT_VELOCITY, LEFT_VELOCITY = 78, 58
_STEPS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}


class Phrase(NamedTuple):
    """A phrase as a score: `NAME/BEATS` words in order, `+` joins a chord; `pedal` lists the beats it is changed at."""

    start: int  # in beats
    right: str
    left: str
    pedal: tuple[float, ...] = ()
    pedal_end: float = 0.0


# D minor, a statement: i - VI - VII - i, and home again.
# D minor, a question: it climbs to the high D and stops on the dominant.
# F major, a song over broken chords, with the pedal.
# D minor, the statement once more, and a proper close.
PHRASES = (
    Phrase(
        0,
        right="D5/1 E5/.5 F5/.5 A5/1 G5/.5 F5/.5  E5/1.5 C5/.5 D5/2",
        left="D3+A3/2 Bb2+F3/2  C3+G3/2 D3+A3/2",
    ),
    Phrase(
        16,
        right="F5/.5 A5/.5 D6/1 C6/.5 Bb5/.5 A5/1  G5/.5 A5/.5 Bb5/.5 G5/.5 E5/2",
        left="D3+A3/2 F3+C4/2  G2+D3+Bb3/2 A2+E3+C#4/2",
    ),
    Phrase(
        32,
        right="C5/2 A5/1.5 G5/.5  F5/3 E5/.5 F5/.5  D5/1 F5/1 Bb5/1 A5/1  G5/1.5 E5/.5 F5/2",
        left="F2/.5 C3/.5 A3/.5 C4/.5 F3/.5 C4/.5 A3/.5 C4/.5  D3/.5 A3/.5 D4/.5 A3/.5 F3/.5 A3/.5 D4/.5 A3/.5"
        "  Bb2/.5 F3/.5 Bb3/.5 D4/.5 F3/.5 D4/.5 Bb3/.5 F3/.5  C3/.5 G3/.5 Bb3/.5 E4/.5 F2+C3+A3/2",
        pedal=(0, 4, 8, 12, 14),
        pedal_end=16,
    ),
    Phrase(
        60,
        right="D5/1 E5/.5 F5/.5 A5/1 G5/.5 F5/.5  Bb4/.5 D5/.5 G5/.5 F5/.5 E5/1 C#5/1  D5/3",
        left="D3+A3/2 Bb2+F3/2  G2+D3/2 A2+G3/2  D2+A2+F3/3",
    ),
)


class Played(NamedTuple):
    """A message at a tick; sorting puts note-offs before note-ons of the same tick."""

    tick: int
    rank: int
    message: Message


def pitch_of(name: str) -> int:
    """The MIDI number of a note's name: C4 is 60, Bb and C# as written."""
    sharps = name.count("#") - name.count("b")
    return 12 * (int(name[-1]) + 1) + _STEPS[name[0]] + sharps


def written(line: str) -> Iterator[tuple[float, float, list[int]]]:
    """(beat, beats, pitches) of each word of a line."""
    beat = 0.0
    for word in line.split():
        names, beats = word.split("/")
        yield beat, float(beats), [pitch_of(name) for name in names.split("+")]
        beat += float(beats)


def play(phrase: Phrase, rng: random.Random) -> Iterator[Played]:
    """A phrase with a player's timing and touch: it swells to the middle, and leans on the bar lines."""
    length = max(beat + beats for beat, beats, _ in written(phrase.right))
    for line, velocity in ((phrase.right, RIGHT_VELOCITY), (phrase.left, LEFT_VELOCITY)):
        for beat, beats, pitches in written(line):
            swell = 10 * (1 - abs(2 * beat / length - 1)) + (5 if beat % 4 == 0 else 0)
            for pitch in pitches:
                touch = round(velocity + swell + TOUCH * stray(rng))
                on = max(0, ticks(phrase.start + beat) + round(TIMING_TICKS * stray(rng)))
                off = ticks(phrase.start + beat + beats) - 30 + round(TIMING_TICKS * stray(rng))
                yield Played(on, 2, Message("note_on", note=pitch, velocity=touch))
                yield Played(off, 0, Message("note_off", note=pitch, velocity=64))
    yield from pedalling(phrase)


def pedalling(phrase: Phrase) -> Iterator[Played]:
    """The pedal goes down just after each harmony is struck and up as the next one comes."""
    for beat, until in zip(phrase.pedal, (*phrase.pedal[1:], phrase.pedal_end), strict=False):
        down, up = ticks(phrase.start + beat) + 60, ticks(phrase.start + until)
        yield Played(down, 1, Message("control_change", control=SUSTAIN, value=127))
        yield Played(up, 1, Message("control_change", control=SUSTAIN, value=0))


def ticks(beats: float) -> int:
    """Beats as ticks of the file."""
    return round(beats * TICKS_PER_BEAT)


def stray(rng: random.Random) -> float:
    """-1 to 1, mostly near 0. Made of `random()`, the one method whose results Python promises to keep."""
    return rng.random() + rng.random() - 1


def call() -> MidiFile:
    """The whole call, one track, tempo and metre first."""
    rng = random.Random(SEED)
    played = sorted((event for phrase in PHRASES for event in play(phrase, rng)), key=lambda event: event[:2])
    track = MidiTrack()
    track.append(MetaMessage("track_name", name="call"))
    track.append(MetaMessage("set_tempo", tempo=bpm2tempo(BPM)))
    track.append(MetaMessage("time_signature", numerator=4, denominator=4))
    now = 0
    for event in played:
        track.append(event.message.copy(time=event.tick - now))
        now = event.tick
    track.append(MetaMessage("end_of_track"))
    file = MidiFile(type=0, ticks_per_beat=TICKS_PER_BEAT)
    file.tracks.append(track)
    return file


if __name__ == "__main__":
    out = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).with_name("call.mid")
    call().save(out)
    print(f"{out} written")
