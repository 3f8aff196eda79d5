from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from support.jam import SETTINGS, Jam, jam, melody

from musedaemon.core.events import MidiEvent, NoteOff, NoteOn
from musedaemon.core.feel import AS_SAMPLED

RHYTHM = [0, 1, 1.5, 2, 3, 4, 5, 5.5, 6, 7]
"""In beats: quarters and eighths, the longer ones on the beat."""


def call(beat_s: float, start: float = 0.0, jitter_s: float = 0.0, rhythm: Sequence[float] = RHYTHM) -> list[MidiEvent]:
    late = np.random.default_rng(7).normal(0.0, jitter_s, len(rhythm)) if jitter_s else np.zeros(len(rhythm))
    events: list[MidiEvent] = []
    for index, (beat, following) in enumerate(zip(rhythm, [*rhythm[1:], 8], strict=True)):
        at = start + beat * beat_s + float(late[index])
        events += [NoteOn(at, 0, 60 + index, 80), NoteOff(at + 0.8 * (following - beat) * beat_s, 0, 60 + index)]
    return events


def beats_of(done: Jam, beat_s: float, start: float) -> list[float]:
    """The beats on which the notes of the reply lie, counted from the call's first."""
    return [(note.at - start) / beat_s for note in done.notes()]


@pytest.mark.parametrize("bpm", [84.0, 100.0, 126.0])
@pytest.mark.parametrize("start", [0.0, 0.37])
def test_a_reply_begins_on_the_beat_that_was_found(bpm: float, start: float) -> None:
    beat_s = 60.0 / bpm
    done = jam(call(beat_s, start), bpm=None)
    first = beats_of(done, beat_s, start)[0]
    assert first == pytest.approx(round(first), abs=0.06)
    # On the first one it can: the call is over after 7.8 beats, and the silence after it takes 0.6 s.
    assert first == pytest.approx(np.ceil(7.8 + (0.6 + 0.05) / beat_s), abs=0.06)


def test_jitter_does_not_carry_the_reply_away() -> None:
    done = jam(call(0.6, 0.2, jitter_s=0.012), bpm=None)
    beats = beats_of(done, 0.6, 0.2)
    assert beats[0] == pytest.approx(round(beats[0]), abs=0.1)


def test_the_tempo_never_jumps_within_a_reply() -> None:
    done = jam([*call(0.6), *call(0.5, start=20.0)], replace(SETTINGS, hand_over_s=0.6), bpm=None)
    assert [over.bpm for over in done.turns] == pytest.approx([100.0, 120.0], rel=0.02)
    for over in done.turns:
        began = over.at - (over.reply_beats + 0.01) * 60.0 / over.bpm
        onsets = [note.at for note in done.notes() if began <= note.at <= over.at]
        ticks = np.diff(onsets) * over.bpm * 24 / 60.0
        assert len(ticks) > 3
        assert ticks == pytest.approx(np.round(ticks), abs=1e-3)


@pytest.mark.parametrize("bpm", [None, 120.0])
@pytest.mark.parametrize("start", [0.0, 0.37])
def test_after_a_call_that_ends_off_the_beat_it_is_the_beat_all_the_same(bpm: float | None, start: float) -> None:
    """Also where the tempo is given: then the beats alone are found."""
    done = jam(call(0.5, start, rhythm=[*RHYTHM, 7.5]), bpm=bpm)
    assert beats_of(done, 0.5, start)[0] % 1 == pytest.approx(0.0, abs=0.05)


def test_a_reply_that_waits_for_nothing_enters_where_the_model_does() -> None:
    ends_off_the_beat = call(0.5, rhythm=[*RHYTHM, 7.5])
    done = jam(ends_off_the_beat, replace(SETTINGS, feel=AS_SAMPLED), bpm=None)
    assert beats_of(done, 0.5, 0.0)[0] % 1 == pytest.approx(0.5, abs=0.05)


def test_too_short_a_call_is_answered_where_the_model_enters() -> None:
    done = jam(melody([60, 62]), bpm=None)
    sampled = jam(melody([60, 62]), bpm=120.0)
    assert [note.at for note in done.notes()] == [note.at for note in sampled.notes()]
