"""At the end of the dial a reply plays the call back."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from support.fakes import FakeModel
from support.jam import SETTINGS, Jam, jam, melody

from musedaemon.core.memory import REACH, NoteClasses, SessionMemory
from musedaemon.core.retelling import Retelling
from musedaemon.core.trail import NO_TRAIL
from musedaemon.encoding import PITCHES

TUNE = [67, 64, 67, 69, 67, 65, 64, 62, 64, 60]
HIDDEN = 4
EVEN = np.zeros(PITCHES, dtype=np.float32)


def answer(memory: float, seed: int) -> list[int]:
    done: Jam = jam(melody(TUNE), replace(SETTINGS, memory=memory, seed=seed), FakeModel(certain=False))
    return [note.pitch for note in done.notes()]


def test_at_the_end_of_the_dial_every_phrase_comes_back_in_order() -> None:
    """Now and then a retelling goes its own way, at one note in a hundred: so one in eight may."""
    whole = [answer(1.0, seed) == TUNE for seed in range(8)]
    assert sum(whole) >= 7


def test_up_to_the_tuned_place_no_reply_begins_the_phrase_anew_but_by_chance() -> None:
    assert not any(answer(0.5, seed)[:3] == TUNE[:3] for seed in range(8))


def test_in_between_some_replies_do() -> None:
    retold = [answer(0.75, seed)[:3] == TUNE[:3] for seed in range(16)]
    assert 3 <= sum(retold) <= 13


def kept(memory: SessionMemory, pitches: list[int]) -> list[int]:
    trail, handles = NO_TRAIL, []
    for pitch in pitches:
        key = np.full(HIDDEN, pitch, dtype=np.float32)
        handles.append(memory.remember(key, trail, NoteClasses(12, pitch, 20, 12)))
        trail = trail.followed(pitch, 20)
    return handles


def likeliest(retelling: Retelling) -> int | None:
    recalled = retelling.recall()
    return None if recalled is None else int(np.argmax(recalled.pitch(EVEN, 30)))


def test_it_goes_on_as_long_as_the_reply_keeps_to_it_and_to_the_last_note() -> None:
    memory = SessionMemory(HIDDEN, 1.0)
    retelling = Retelling(memory, kept(memory, [60, 64, 60, 67]))
    told = []
    for pitch in (60, 64, 60, 67):
        told.append(likeliest(retelling))
        retelling.go_on(pitch)
    assert told == [60, 64, 60, 67]
    assert retelling.recall() is None


def test_a_reply_that_strays_goes_its_own_way() -> None:
    memory = SessionMemory(HIDDEN, 1.0)
    retelling = Retelling(memory, kept(memory, [60, 64, 60, 67]))
    retelling.go_on(60)
    retelling.go_on(65)
    assert retelling.recall() is None


def test_notes_that_are_kept_no_longer_are_not_retold() -> None:
    memory = SessionMemory(HIDDEN, 1.0)
    handles = kept(memory, [60, 64])
    kept(memory, [50] * (REACH - 1))
    assert memory.kept(handles[0]) is None
    assert Retelling(memory, handles).recall() is None
