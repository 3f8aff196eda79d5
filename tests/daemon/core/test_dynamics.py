from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from support.fakes import FakeModel
from support.jam import SETTINGS, jam, melody

from musedaemon.core.dynamics import dynamics_of
from musedaemon.core.events import NoteOn
from musedaemon.core.memory import SessionMemory
from musedaemon.core.moment import opening
from musedaemon.core.phrase import Phrase
from musedaemon.core.sampling import SamplingSettings
from musedaemon.encoding import VELOCITY_CLASSES, class_to_velocity


def phrase(velocities: list[int], step: float = 0.5) -> Phrase:
    made = Phrase(FakeModel(), SessionMemory(size=2))
    moment = opening(FakeModel(), 0.0)
    for index, velocity in enumerate(velocities):
        moment = made.note_on(moment, NoteOn(index * step, 0, 60, velocity), 120.0)
    return made


def test_the_lean_is_strongest_where_the_musician_plays() -> None:
    for velocity in (20, 64, 110):
        lean = dynamics_of(phrase([velocity] * 8), 120.0).lean(24).curve
        assert abs(class_to_velocity(int(np.argmax(lean))) - velocity) <= 2


def test_accents_lie_where_the_musician_puts_them() -> None:
    accented = dynamics_of(phrase([100, 60] * 6), 120.0)  # quarters at 120: every other beat is strong
    strong, weak = accented.lean(24).curve, accented.lean(48).curve
    assert class_to_velocity(int(np.argmax(strong))) > class_to_velocity(int(np.argmax(weak))) + 20


def test_the_lean_keeps_to_what_may_be_played_and_is_as_wide_as_that_allows() -> None:
    moods = [60, 84, 62, 82, 88, 58, 86, 60] * 2
    lean = dynamics_of(phrase(moods, step=0.25), 120.0).within(56, 92).lean(12)
    inside = [class_to_velocity(index) for index in np.flatnonzero(lean.curve).tolist()]
    assert (min(inside), max(inside)) == (58, 94)  # the class of 92 is 92 to 95
    leaned = np.exp(lean.on(np.where(np.arange(VELOCITY_CLASSES) == 18, 40.0, 0.0).astype(np.float32)).astype(float))
    assert leaned / leaned.sum() == pytest.approx(lean.curve, abs=1e-6)


def test_one_loud_note_makes_no_accent() -> None:
    once = dynamics_of(phrase([60, 60, 60, 60, 60, 60, 60, 127]), 120.0)
    assert class_to_velocity(int(np.argmax(once.lean(0).curve))) < 90


@pytest.mark.parametrize("velocity", [24, 100])
def test_a_soft_call_gets_a_soft_reply_and_a_loud_one_a_loud_one(velocity: int) -> None:
    call = melody([60, 62, 64, 65, 67, 65, 64, 62], velocity=velocity)
    replies = jam(call, model=FakeModel(certain=False)).notes()
    assert np.mean([note.velocity for note in replies]) == pytest.approx(velocity, abs=8)


@pytest.mark.parametrize("certain", [True, False])
@pytest.mark.parametrize("spread", [0, 8, 16])
def test_a_reply_varies_as_much_as_the_call_however_sure_the_model_is_of_one_loudness(
    spread: int, certain: bool
) -> None:
    moods = np.random.default_rng(5).normal(80, spread, size=32)
    tune = melody([60 + index % 12 for index in range(32)])
    call = [
        event._replace(velocity=int(np.clip(moods[index // 2], 1, 127))) if isinstance(event, NoteOn) else event
        for index, event in enumerate(tune)
    ]
    given = np.std([event.velocity for event in call if isinstance(event, NoteOn)])
    replies = [jam(call, replace(SETTINGS, seed=seed), FakeModel(certain)).notes() for seed in range(3)]
    varied = np.mean([np.std([note.velocity for note in reply]) for reply in replies])
    assert 0.7 * given <= varied <= 1.3 * given + 4


def test_accents_that_follow_the_tune_and_not_the_beat_are_recalled() -> None:
    class EvenModel(FakeModel):
        def velocity_logits(self, *args: object) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
            return np.zeros(VELOCITY_CLASSES, dtype=np.float32)

    tune = melody([60, 64, 67] * 8)
    accented = [
        event._replace(velocity=110 if event.pitch == 60 else 60) if isinstance(event, NoteOn) else event
        for event in tune
    ]
    sampling = SamplingSettings(top_p=0.5)
    notes = jam(accented, settings=replace(SETTINGS, memory=1.0, sampling=sampling), model=EvenModel()).notes()
    stressed = [note.velocity for note in notes if note.pitch == 60]
    others = [note.velocity for note in notes if note.pitch in (64, 67)]
    assert stressed
    assert others
    assert np.mean(stressed) > np.mean(others) + 10
