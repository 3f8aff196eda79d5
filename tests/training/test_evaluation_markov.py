from __future__ import annotations

import numpy as np
import pytest

from musedaemon.encoding import TICKS_OF_CLASS
from musedaemon_evaluation.markov import MarkovModel
from musedaemon_training.notes import Notes, from_columns


def line(pitches: list[int], gap: int = 12, last_gap: int = 12, velocity: int = 0) -> Notes:
    onsets = [i * gap for i in range(len(pitches) - 1)]
    onsets.append(onsets[-1] + last_gap)
    return from_columns(
        onset=onsets,
        duration=[gap] * len(pitches),
        pitch=pitches,
        velocity=[velocity] * len(pitches),
        bar_tick=[-1] * len(pitches),
    )


TUNE = [60, 62, 64, 65, 67, 64, 60, 67, 72, 71, 69, 67] * 4


def test_a_learned_tune_is_cheap_in_any_key() -> None:
    model = MarkovModel.train([line(TUNE)])
    own, moved, strange = model.bits([line(TUNE), line([pitch + 5 for pitch in TUNE]), line(TUNE[::-1])])
    assert own.shape == (4, len(TUNE) - 1)
    assert own[1].mean() < 1.0
    np.testing.assert_allclose(moved, own)
    assert strange[1].mean() > own[1].mean() + 1.0


def test_the_chances_of_all_that_may_come_add_up_to_one() -> None:
    model = MarkovModel.train([line(TUNE), line(TUNE, gap=24), line(TUNE[:9], last_gap=48)])
    endings = [line(TUNE[:10], last_gap=int(ticks)) for ticks in TICKS_OF_CLASS]
    shifts = [2.0 ** -bits[0, -1] for bits in model.bits(endings)]
    assert sum(shifts) == pytest.approx(1.0)
    melodies = [line([*TUNE[:10], pitch]) for pitch in range(128)]
    pitches = [2.0 ** -bits[1, -1] for bits in model.bits(melodies)]
    assert sum(pitches) == pytest.approx(1.0)


def test_a_longer_context_decides_where_a_shorter_one_cannot() -> None:
    model = MarkovModel.train([line([60, 62, 60, 64, 60, 62, 60, 64] * 8)])
    bits = model.bits([line([60, 62, 60, 64, 60, 62, 60, 64])])[0]
    assert bits[1, 3:].max() < 0.5


def test_velocity_is_judged_only_where_there_are_dynamics() -> None:
    loud, plain = line(TUNE, velocity=80), line(TUNE)
    with_dynamics, without = MarkovModel.train([loud, plain]).bits([loud, plain])
    assert not np.isnan(with_dynamics).any()
    assert np.isnan(without[2]).all()
    assert not np.isnan(without[[0, 1, 3]]).any()
