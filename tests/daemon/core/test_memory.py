from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from musedaemon.core.memory import DURATION_UNKNOWN, REACH, TUNED_DIAL, NoteClasses, SessionMemory
from musedaemon.core.recollection import Recollection, meant
from musedaemon.core.trail import NO_TRAIL, TRAIL_NOTES, Trail
from musedaemon.encoding import PITCHES, TIME_CLASSES, VELOCITY_CLASSES, VELOCITY_UNKNOWN
from musedaemon.model.keys import key_of
from musedaemon.model.protocol import FloatArray

KEY = 16
MOTIF = (60, 64, 62, 67, 65, 71, 69, 72)
EVEN_TIMES = np.zeros(TIME_CLASSES, dtype=np.float32)
EVEN_PITCHES = np.zeros(PITCHES, dtype=np.float32)
EVEN_VELOCITIES = np.zeros(VELOCITY_CLASSES, dtype=np.float32)

Floats = npt.NDArray[np.float64]


def key_after(pitch: int) -> FloatArray:
    """A key that depends on the last pitch alone."""
    return key_of(np.random.default_rng(pitch).normal(size=KEY).astype(np.float32))


def played(memory: SessionMemory, pitches: tuple[int, ...], trail: Trail = NO_TRAIL, note_ticks: int = 12) -> Trail:
    for pitch in pitches:
        note = NoteClasses(note_ticks, pitch, 20, note_ticks)
        memory.remember(key_after(trail.last[0] if trail.last else 0), trail, note)
        trail = trail.followed(pitch, 20)
    return trail


def recalled(memory: SessionMemory, trail: Trail) -> Recollection:
    return memory.recall(key_after(trail.last[0] if trail.last else 0), trail)


def probabilities(weights: Floats) -> Floats:
    shares: Floats = weights / weights.sum()
    return shares


def pitch_chances(memory: SessionMemory, trail: Trail) -> Floats:
    return probabilities(recalled(memory, trail).pitch(EVEN_PITCHES, 12))


def test_the_trail_holds_the_newest_pitches_first() -> None:
    trail = NO_TRAIL
    for pitch in range(50, 62):
        trail = trail.followed(pitch, VELOCITY_UNKNOWN)
    assert trail.last == (61, 60, 59, 58, 57, 56, 55, 54, 53)
    assert len(trail.last) == TRAIL_NOTES


def test_a_motif_that_begins_again_is_expected_to_go_on() -> None:
    memory = SessionMemory(KEY)
    trail = played(memory, MOTIF)
    trail = played(memory, MOTIF[:4], trail)
    chances = pitch_chances(memory, trail)
    assert chances.argmax() == MOTIF[4]
    assert chances[MOTIF[4]] > 0.5


def test_a_motif_that_begins_elsewhere_is_expected_transposed() -> None:
    memory = SessionMemory(KEY)
    trail = played(memory, MOTIF)
    trail = played(memory, tuple(pitch - 7 for pitch in MOTIF[:5]), trail)
    assert pitch_chances(memory, trail).argmax() == MOTIF[5] - 7


def test_nothing_kept_or_the_dial_at_zero_leaves_the_models_chances_as_they_are() -> None:
    off = SessionMemory(KEY, dial=0.0)
    trail = played(off, MOTIF)
    for memory in (SessionMemory(KEY), off):
        recollection = recalled(memory, trail)
        assert np.ptp(recollection.shift(EVEN_TIMES)) == 0.0
        assert np.ptp(recollection.pitch(EVEN_PITCHES, 1)) == 0.0
        assert np.ptp(recollection.velocity(EVEN_VELOCITIES, 1, 60)) == 0.0
        assert np.ptp(recollection.duration(EVEN_TIMES, 1, 60)) == 0.0
        uneven = np.log(np.arange(1, PITCHES + 1, dtype=np.float32))
        assert probabilities(recollection.pitch(uneven, 1)) == pytest.approx(np.exp(uneven) / np.exp(uneven).sum())


def test_the_dial_turns_from_the_model_to_the_phrase() -> None:
    memory = SessionMemory(KEY)
    trail = played(memory, MOTIF[:4], played(memory, MOTIF))
    against = EVEN_PITCHES.copy()
    against[30] = 6.0
    chances = []
    for dial in (0.0, 0.1, TUNED_DIAL, 0.8, 1.0):
        memory.dial = dial
        chances.append(probabilities(recalled(memory, trail).pitch(against, 12))[MOTIF[4]])
    assert chances == sorted(chances)
    assert chances[0] < 0.01
    assert chances[-1] > 0.9


def test_later_fields_go_with_those_already_chosen() -> None:
    memory = SessionMemory(KEY)
    trail = played(memory, (60, 62))
    key = key_after(62)
    memory.remember(key, trail, NoteClasses(12, 64, 10, 6))
    memory.remember(key, trail, NoteClasses(48, 67, 30, 24))
    recollection = memory.recall(key, trail)
    assert recollection.pitch(EVEN_PITCHES, 12).argmax() == 64
    assert recollection.pitch(EVEN_PITCHES, 48).argmax() == 67
    assert recollection.velocity(EVEN_VELOCITIES, 12, 64).argmax() == 10
    assert recollection.velocity(EVEN_VELOCITIES, 48, 67).argmax() == 30
    assert recollection.duration(EVEN_TIMES, 12, 64).argmax() == 6
    assert recollection.duration(EVEN_TIMES, 48, 67).argmax() == 24


def test_a_note_votes_for_its_duration_once_it_has_ended() -> None:
    memory = SessionMemory(KEY)
    handle = memory.remember(key_after(0), NO_TRAIL, NoteClasses(12, 60, VELOCITY_UNKNOWN, DURATION_UNKNOWN))
    recollection = memory.recall(key_after(0), NO_TRAIL)
    assert np.ptp(recollection.duration(EVEN_TIMES, 12, 60)) == pytest.approx(0.0)
    assert np.ptp(recollection.velocity(EVEN_VELOCITIES, 12, 60)) == pytest.approx(0.0)
    memory.finish(handle, 30)
    assert memory.recall(key_after(0), NO_TRAIL).duration(EVEN_TIMES, 12, 60).argmax() == 30


def test_a_sloppy_time_is_recalled_as_the_clean_one_the_model_finds_likely() -> None:
    votes, model = np.zeros(TIME_CLASSES), np.full(TIME_CLASSES, 1e-4)
    votes[11] = 3.0
    model[12] = model[24] = 0.4
    shares = meant(votes, model)
    assert shares.sum() == pytest.approx(3.0)
    assert shares[12] > 2.9


def test_only_the_last_notes_are_kept() -> None:
    memory = SessionMemory(KEY)
    first = memory.remember(key_after(0), NO_TRAIL, NoteClasses(12, 100, 20, 12))
    played(memory, (60,) * (REACH - 1))
    assert len(memory) == REACH
    kept = memory.recall(key_after(0), NO_TRAIL).pitch(EVEN_PITCHES, 12)
    assert kept[100] > kept[101]
    played(memory, (60,))
    assert len(memory) == REACH
    kept = memory.recall(key_after(0), NO_TRAIL).pitch(EVEN_PITCHES, 12)
    assert kept[100] == kept[101]
    memory.finish(first, 40)
    assert memory.recall(key_after(0), NO_TRAIL).duration(EVEN_TIMES, 12, 60).argmax() == 12


@settings(deadline=None)
@given(st.lists(st.integers(40, 80), max_size=20), st.lists(st.integers(40, 80), min_size=1, max_size=20))
def test_what_is_taken_back_leaves_no_trace(before: list[int], taken_back: list[int]) -> None:
    memory, untouched = SessionMemory(KEY), SessionMemory(KEY)
    trail = played(memory, tuple(before))
    played(untouched, tuple(before))
    played(memory, tuple(taken_back), trail, note_ticks=24)
    memory.forget_from(len(before))
    assert len(memory) == len(untouched) == len(before)
    for now in (trail, trail.followed(taken_back[0], VELOCITY_UNKNOWN)):
        mixed, wanted = recalled(memory, now), recalled(untouched, now)
        np.testing.assert_allclose(
            probabilities(mixed.shift(EVEN_TIMES)), probabilities(wanted.shift(EVEN_TIMES)), rtol=1e-4
        )
        np.testing.assert_allclose(
            probabilities(mixed.pitch(EVEN_PITCHES, 12)), probabilities(wanted.pitch(EVEN_PITCHES, 12)), rtol=1e-4
        )


def test_handles_are_given_again_after_a_note_was_taken_back() -> None:
    memory = SessionMemory(KEY)
    played(memory, MOTIF)
    memory.forget_from(5)
    assert memory.remember(key_after(1), NO_TRAIL, NoteClasses(1, 60, 20, DURATION_UNKNOWN)) == 5


@settings(deadline=None)
@given(st.lists(st.integers(0, 127), max_size=40), st.integers(0, 2**32 - 1), st.floats(0.0, 1.0))
def test_the_mixture_is_a_distribution_but_for_a_factor(pitches: list[int], seed: int, dial: float) -> None:
    rng = np.random.default_rng(seed)
    memory = SessionMemory(KEY, dial)
    trail = NO_TRAIL
    for pitch in pitches:
        key = key_of(rng.normal(size=KEY).astype(np.float32))
        note = NoteClasses(int(rng.integers(113)), pitch, int(rng.integers(33)), int(rng.integers(1, 114)))
        memory.remember(key, trail, note)
        trail = trail.followed(pitch, note.velocity)
    recollection = memory.recall(np.zeros(KEY, dtype=np.float32), trail)

    def drawn(classes: int) -> FloatArray:
        return np.log(rng.dirichlet(np.ones(classes))).astype(np.float32)

    for mixed in (
        recollection.shift(drawn(TIME_CLASSES)),
        recollection.pitch(drawn(PITCHES), 12),
        recollection.velocity(drawn(VELOCITY_CLASSES), 12, 60),
        recollection.duration(drawn(TIME_CLASSES), 12, 60),
    ):
        assert np.isfinite(mixed).all()
        assert (mixed >= 0.0).all()
        assert mixed.sum() > 0.0


def test_velocities_are_recalled_as_rise_and_fall() -> None:
    memory = SessionMemory(KEY)
    soft = NO_TRAIL.followed(60, 8)
    memory.remember(key_after(60), soft, NoteClasses(12, 62, 13, 12))
    loud = NO_TRAIL.followed(60, 20)
    assert memory.recall(key_after(60), loud).velocity(EVEN_VELOCITIES, 12, 62).argmax() == 25
    unknown = memory.recall(key_after(60), NO_TRAIL.followed(60, VELOCITY_UNKNOWN)).velocity(EVEN_VELOCITIES, 12, 62)
    assert np.ptp(unknown) == pytest.approx(0.0)
