"""A reply comes back to how often, how fully and where its call strikes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.fakes import FakeModel
from support.jam import SETTINGS, Jam, jam, melody

from musedaemon.core.events import MidiEvent, NoteOn
from musedaemon.core.limits import LimitSettings
from musedaemon.core.liveliness import Liveliness, SoFar
from musedaemon.core.sampling import SamplingSettings
from musedaemon.encoding import PITCHES, TICKS_OF_CLASS, TIME_CLASSES, Context, ticks_to_class
from musedaemon.model.protocol import FloatArray, State

EIGHTHS = Liveliness(gap=12.0, fullness=2.0, middle=60.5)
WANDERING = replace(SETTINGS, sampling=SamplingSettings(temperature=2.0, top_p=1.0))
SHORT, LONG = int(ticks_to_class(6)), int(ticks_to_class(48))


class NoOpinion(FakeModel):
    """Every shift is as likely."""

    def step(self, state: State, context: Context, pitch: int, velocity: int) -> State:
        return super().step(state, context, pitch, velocity)._replace(shift_logits=np.zeros(TIME_CLASSES, np.float32))


class LikesHigh(FakeModel):
    """It has lost the left hand: a low pitch is one in five."""

    def pitch_logits(self, state: State, context: Context) -> FloatArray:
        return np.where(np.arange(PITCHES) < 60, -1.4, 0.0).astype(np.float32)


def so_far(wanted: Liveliness | None, *notes: tuple[int, int]) -> SoFar:
    """After notes (onset, pitch)."""
    played = SoFar(wanted)
    for note in notes:
        played.strike(*note)
    return played


def test_what_has_no_example_or_has_not_begun_is_as_likely_as_the_model_has_it() -> None:
    for played in (so_far(None, (0, 60), (6, 62)), so_far(EIGHTHS)):
        assert played.shifts().tolist() == [1.0] * len(TICKS_OF_CLASS)
        assert played.pitches().tolist() == [1.0] * 128


def test_a_reply_that_is_like_its_call_is_left_alone() -> None:
    like = so_far(EIGHTHS, (0, 48), (0, 72), (12, 52), (12, 71))
    assert like.shifts() == pytest.approx(np.ones(len(TICKS_OF_CLASS)))
    assert like.pitches() == pytest.approx(np.ones(128))


def test_after_few_strikes_soon_is_likelier_after_many_later_is() -> None:
    sparse, dense = (so_far(EIGHTHS, *((gap * i, 60) for i in range(4))).shifts() for gap in (36, 4))
    assert sparse[SHORT] > 1.0 > sparse[LONG]
    assert dense[SHORT] < 1.0 < dense[LONG]


def test_after_single_notes_another_one_together_is_likelier_after_chords_it_is_not() -> None:
    bare = so_far(EIGHTHS, (0, 60), (12, 62), (24, 64)).shifts()[0]
    full = so_far(EIGHTHS, *((12 * i, pitch) for i in range(3) for pitch in (48, 60, 64, 67))).shifts()[0]
    assert bare > 1.0 > full


def test_a_hand_that_was_silent_is_likelier_to_play() -> None:
    only_high = so_far(EIGHTHS, (0, 72), (12, 74), (24, 76)).pitches()
    assert set(only_high[:61]) == {only_high[0]}
    assert set(only_high[61:]) == {only_high[61]}
    assert only_high[60] > 1.0 > only_high[61]
    line = EIGHTHS._replace(middle=None)
    assert set(so_far(line, (0, 72), (12, 74)).pitches()) == {1.0}


@given(
    st.floats(1.0, 400.0),
    st.floats(1.0, 10.0),
    st.lists(st.tuples(st.integers(0, 200), st.integers(0, 127)), max_size=60),
)
def test_nothing_is_ruled_out(gap: float, fullness: float, moves: list[tuple[int, int]]) -> None:
    onsets = np.cumsum([shift for shift, _ in moves]).tolist()
    played = so_far(Liveliness(gap, fullness, 60.0), *zip(onsets, [pitch for _, pitch in moves], strict=True))
    for factors in (played.shifts(), played.pitches()):
        assert np.isfinite(factors).all()
        assert (factors > 0.0).all()


def strikes_a_second(done: Jam) -> float:
    struck = sorted({round(note.at, 2) for note in done.notes()})
    return (len(struck) - 1) / (struck[-1] - struck[0])


def test_a_lively_call_is_answered_lively_and_a_sparse_one_sparsely() -> None:
    """Whatever the model thinks: this one has no opinion."""
    lively = melody([60, 62, 64, 65, 67, 65, 64, 62] * 4, step=0.125, length=0.1)
    sparse = melody([60, 62, 64, 65, 64], step=1.0, length=0.9)
    often, seldom = (
        [strikes_a_second(jam(call, settings=replace(WANDERING, seed=seed), model=NoOpinion())) for seed in range(8)]
        for call in (lively, sparse)
    )
    # Left alone it strikes 4.4 and 3.6 times a second.
    assert np.mean(often) > 4.7
    assert np.mean(seldom) < 3.2


def test_less_dense_than_is_allowed_is_not_aimed_at() -> None:
    lively = melody([60, 62, 64, 65, 67, 65, 64, 62] * 4, step=0.125, length=0.1)
    limited = replace(WANDERING, limits=LimitSettings(density=1.0))
    assert strikes_a_second(jam(lively, settings=limited, model=NoOpinion())) <= 2.5


def test_both_hands_are_answered_by_both() -> None:
    left = [36, 43, 40, 43] * 4
    right = [72, 74, 76, 77, 79, 77, 76, 74] * 2
    call: list[MidiEvent] = [*melody(left, step=0.25, length=0.2), *melody(right, step=0.25, length=0.2)]
    call.sort(key=lambda event: (event.at, isinstance(event, NoteOn)))
    for seed in range(5):
        done = jam(call, settings=replace(WANDERING, seed=seed), model=LikesHigh())
        pitches = [note.pitch for note in done.notes()]
        assert sum(pitch < 60 for pitch in pitches) > len(pitches) / 4
