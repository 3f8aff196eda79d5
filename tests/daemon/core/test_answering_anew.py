"""A riff that comes again is answered anew: the session memory holds ours only while we play it."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from support.fakes import FakeModel
from support.jam import SETTINGS, Jam, jam, melody

from musedaemon.core.ear import Ear
from musedaemon.core.events import MidiEvent, NoteOff, NoteOn
from musedaemon.core.memory import REACH
from musedaemon.core.modes import Mode
from musedaemon.core.tempo import TempoTracker
from musedaemon.model.onnx_model import OnnxModel, load_default

RIFF = (60, 63, 65, 66, 65, 63, 60, 58, 60, 60)
BPM = 120.0
PAUSE_S = 4.0


@pytest.fixture(scope="module")
def model() -> OnnxModel:
    return load_default()


def four_times(seed: int) -> list[MidiEvent]:
    """The riff by a hand that is never quite on time."""
    rng = np.random.default_rng(seed)
    events: list[MidiEvent] = []
    for time in range(4):
        start = time * (len(RIFF) * 0.25 + PAUSE_S)
        for index, pitch in enumerate(RIFF):
            at = start + index * 0.25 + float(rng.uniform(0.0, 0.02))
            events += [NoteOn(at, 0, pitch, 80 + int(rng.integers(-5, 6))), NoteOff(at + 0.2, 0, pitch)]
    return events


def answers(done: Jam) -> list[set[tuple[int, int]]]:
    """Of each turn the pitches and when they come after its first (sixteenths of a beat)."""
    notes, found = iter(done.notes()), []
    for over in done.turns:
        turn = [next(notes) for _ in range(over.reply_notes)]
        found.append({(round((note.at - turn[0].at) * 32), note.pitch) for note in turn})
    return found


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_riff_that_comes_again_is_answered_anew(model: OnnxModel, seed: int) -> None:
    settings = replace(SETTINGS, memory=0.5, seed=seed)
    replies = answers(jam(four_times(seed), settings=settings, model=model, bpm=None, waits=True))
    assert len(replies) == 4
    for before, after in pairwise(replies):
        assert len(after & before) < 0.5 * len(after)


def an_ear() -> Ear:
    ear = Ear(FakeModel(), TempoTracker(BPM), 0.5)
    for event in melody([60, 62, 64, 65]):
        ear.hear(event)
    return ear


def play_own(ear: Ear, count: int, start: float = 4.0) -> None:
    for index in range(count):
        before = ear.moment
        after = before.heard(FakeModel(), start + index * 0.25, 70 + index % 12, 20, BPM, 6)
        ear.hear_own(before, after, None)


def test_what_we_play_is_remembered_until_it_is_over_and_heard_for_good() -> None:
    ear = an_ear()
    play_own(ear, 6)
    assert len(ear.memory) == 10
    moment = ear.moment
    ear.forget_own()
    assert len(ear.memory) == 4
    assert ear.moment is moment
    assert moment.trail.last[0] == 75


def test_what_we_play_takes_no_room_from_what_comes_after_it() -> None:
    ear = an_ear()
    for turn in range(REACH):
        play_own(ear, 6, start=4.0 + 4.0 * turn)
        ear.forget_own()
    assert len(ear.memory) == 4


def test_the_first_notes_of_a_phrase_that_comes_before_our_end_stay() -> None:
    ear = an_ear()
    ear.turn_page()
    play_own(ear, 2)
    ear.hear(NoteOn(4.6, 0, 62, 80))
    play_own(ear, 2, start=4.8)
    ear.hear(NoteOff(5.35, 0, 62))
    ear.forget_own()
    assert len(ear.memory) == 5
    (handle,) = ear.phrase.handles
    kept = ear.memory.kept(handle)
    assert kept is not None
    assert (kept.pitch, kept.duration) == (62, 36)


def test_a_solo_longer_than_the_memory_leaves_it_ready_for_what_comes() -> None:
    ear = an_ear()
    ear.turn_page()
    play_own(ear, REACH + 50)
    assert len(ear.memory) == REACH
    ear.forget_own()
    assert len(ear.memory) == 0
    for event in melody([60, 62, 64], start=600.0):
        ear.hear(event)
    assert len(ear.memory) == 3
    assert [ear.memory.kept(handle) is not None for handle in ear.phrase.handles] == [True] * 3


@pytest.mark.parametrize("mode", [Mode.CALL_RESPONSE, Mode.DUET, Mode.SOLO, Mode.TRADE])
def test_in_every_mode_only_the_musicians_notes_are_kept_of_what_is_over(mode: Mode) -> None:
    call = melody([60, 62, 64, 65, 67, 65, 64, 62])
    over = [*call, *melody([72, 71, 69], start=7.0)]
    done = jam(over, settings=replace(SETTINGS, memory=0.5, mode=mode, longest_beats=8.0), model=FakeModel())
    assert done.notes()
    assert len(done.engine.memory) == 11
