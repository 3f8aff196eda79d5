from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.fakes import FakeModel
from support.jam import SETTINGS, Jam, jam, melody

from musedaemon.core.events import NoteOff, NoteOn
from musedaemon.core.key_finding import Span
from musedaemon.core.limits import KeyOfCall, Limiter, LimitSettings, Register
from musedaemon.core.manners import Lengths
from musedaemon.core.sampling import SamplingSettings
from musedaemon.core.scales import STEPS, Scale
from musedaemon.encoding import PITCHES

TICKS_A_SECOND = 48
"""At the 120 bpm of a jam."""
CALL = melody([60, 64, 67, 72, 71, 67, 65, 62])
PLAYABLE = SamplingSettings().playable()


def spans(*pitches: int) -> list[Span]:
    return [Span(pitch, 0.5) for pitch in pitches]


def allowed(settings: LimitSettings, *call: int, playable: range = range(PITCHES)) -> list[int]:
    """The pitches a reply to a call may use."""
    mask = np.isin(np.arange(PITCHES), playable)
    return np.flatnonzero(Limiter(settings, mask).limits_for(spans(*call)).pitches).tolist()


def test_without_settings_nothing_is_limited() -> None:
    limits = Limiter(LimitSettings(), PLAYABLE).limits_for(spans(60, 64))
    assert limits.pitches.tolist() == PLAYABLE.tolist()
    assert limits.velocity_classes().all()
    assert limits.spacing.strikes == 0
    assert limits.voices >= 10


@pytest.mark.parametrize(
    ("register", "bounds"),
    [(Register.AS_CALL, (60, 76)), (Register.ABOVE, (67, 127)), (Register.BELOW, (0, 67)), (Register.ANY, (0, 127))],
)
def test_the_register_goes_by_the_call(register: Register, bounds: tuple[int, int]) -> None:
    pitches = allowed(LimitSettings(register=register), 60, 64, 67, 76, 72)
    assert (pitches[0], pitches[-1]) == bounds


def test_as_high_as_a_narrow_call_is_still_an_octave() -> None:
    assert allowed(LimitSettings(register=Register.AS_CALL), 60, 62, 60) == list(range(55, 68))
    assert allowed(LimitSettings(register=Register.AS_CALL), 2) == list(range(9))


def test_what_leaves_nothing_to_play_is_passed_over() -> None:
    below = LimitSettings(register=Register.BELOW, scale=Scale(0, "pentatonic"))
    assert allowed(below, 40, 41, playable=range(60, 73)) == [60, 62, 64, 67, 69, 72]
    assert allowed(below, 40, 41, playable=range(65, 67)) == [65, 66]


def test_the_key_of_the_call_holds_until_another_is_found() -> None:
    limiter = Limiter(LimitSettings(scale=KeyOfCall.FOUND), PLAYABLE)
    assert limiter.limits_for(spans(60, 64)).pitches.sum() == PLAYABLE.sum()
    in_c = limiter.limits_for(spans(60, 62, 64, 65, 67, 69, 71, 72, 67, 64, 60)).pitches
    assert {int(pitch) % 12 for pitch in np.flatnonzero(in_c)} == {0, 2, 4, 5, 7, 9, 11}
    assert limiter.limits_for(spans(60, 64)).pitches.tolist() == in_c.tolist()


@pytest.mark.parametrize(("density", "strikes", "ticks"), [(1, 2, 48), (0.25, 1, 96), (1.5, 3, 48), (0.75, 2, 64)])
def test_density_is_counted_over_two_beats_or_a_little_more(density: float, strikes: int, ticks: int) -> None:
    assert Limiter(LimitSettings(density=density), PLAYABLE).limits_for([]).spacing == (strikes, ticks)


@pytest.mark.parametrize(("softest", "loudest"), [(1, 127), (64, 64), (1, 1), (127, 127), (30, 33)])
def test_some_velocity_is_always_allowed_and_in_the_bounds(softest: int, loudest: int) -> None:
    limits = Limiter(LimitSettings(softest=softest, loudest=loudest), PLAYABLE).limits_for([])
    played = {limits.velocity(int(index)) for index in np.flatnonzero(limits.velocity_classes())}
    assert played
    assert all(softest <= velocity <= loudest for velocity in played)


def played(done: Jam) -> list[tuple[int, int, int, int]]:
    """(onset, end, pitch, velocity) of each note of ours, times in ticks."""
    began: dict[int, NoteOn] = {}
    notes = []
    for event in done.response:
        if isinstance(event, NoteOn):
            began[event.pitch] = event
        elif isinstance(event, NoteOff):
            on = began.pop(event.pitch)
            notes.append((round(on.at * TICKS_A_SECOND), round(event.at * TICKS_A_SECOND), on.pitch, on.velocity))
    return sorted(notes)


def most_at_once(notes: list[tuple[int, int, int, int]]) -> int:
    moves = sorted([(on, 1) for on, *_ in notes] + [(end, -1) for _, end, *_ in notes])
    sounding = [0]
    for _, move in moves:
        sounding.append(sounding[-1] + move)
    return max(sounding)


any_limits = st.builds(
    LimitSettings,
    scale=st.none() | st.just(KeyOfCall.FOUND) | st.builds(Scale, st.integers(0, 11), st.sampled_from(sorted(STEPS))),
    register=st.sampled_from(Register),
    polyphony=st.integers(0, 4),
    density=st.just(0.0) | st.floats(0.25, 16),
    softest=st.integers(1, 60),
    loudest=st.integers(60, 127),
)


@settings(max_examples=80, deadline=None)
@given(any_limits, st.integers(0, 99), st.sampled_from([0.0, 0.5, 1.0]), st.sampled_from([1.0, 6.0, 64.0]))
def test_whatever_the_limits_and_the_memory_every_note_keeps_to_them(
    limits: LimitSettings, seed: int, memory: float, most_beats: float
) -> None:
    sampling = SamplingSettings(temperature=2.0, top_p=1.0, lowest_pitch=40, highest_pitch=90)
    jam_settings = replace(
        SETTINGS, limits=limits, memory=memory, seed=seed, sampling=sampling, lengths=Lengths(most_beats=most_beats)
    )
    done = jam(CALL, settings=jam_settings, model=FakeModel(certain=False))
    notes = played(done)
    call = [Span(event.pitch, 0.4) for event in CALL if isinstance(event, NoteOn)]
    wanted = Limiter(limits, sampling.playable()).limits_for(call)
    assert notes
    assert all(wanted.pitches[pitch] for _, _, pitch, _ in notes)
    assert all(limits.softest <= velocity <= limits.loudest for *_, velocity in notes)
    assert most_at_once(notes) <= (limits.polyphony or PITCHES)
    assert max(end for _, end, *_ in notes) - notes[0][0] <= most_beats * 24
    if limits.density:
        onsets = sorted({onset for onset, *_ in notes})
        assert all(
            later - earlier >= wanted.spacing.ticks
            for earlier, later in zip(onsets, onsets[wanted.spacing.strikes :], strict=False)
        )


def test_a_single_line_is_legato_where_the_model_would_hold_on() -> None:
    class HoldsOn(FakeModel):
        def duration_logits(self, *args: object) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
            return self._peak(len(super().initial_state().shift_logits), 96, 0.0)

    one = replace(SETTINGS, limits=LimitSettings(polyphony=1))
    notes = played(jam(CALL, settings=one, model=HoldsOn()))
    assert len(notes) > 6
    assert all(end == onset for (_, end, *_), (onset, *_) in pairwise(notes))
    # Nothing comes after the last one, so it gives way to nothing.
    assert notes[-1][1] - notes[-1][0] > 24


def test_a_sparse_reply_makes_no_chords_of_the_notes_it_leaves_out() -> None:
    sparse = jam(CALL, settings=replace(SETTINGS, limits=LimitSettings(density=0.5)), model=FakeModel())
    onsets = [onset for onset, *_ in played(sparse)]
    assert len(onsets) >= 3
    assert all(later - earlier >= 48 for earlier, later in pairwise(onsets))


def test_a_quiet_reply_keeps_the_accents_of_the_call() -> None:
    even = melody([60, 62, 64, 65, 67, 65, 64, 62], velocity=80)
    accented = [e._replace(velocity=120) if isinstance(e, NoteOn) and e.at % 1 == 0 else e for e in even]
    quiet = replace(SETTINGS, limits=LimitSettings(loudest=50), sampling=SamplingSettings(top_p=0.05))

    class EvenModel(FakeModel):
        def velocity_logits(self, *args: object) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
            return np.zeros(32, dtype=np.float32)

    notes = played(jam(accented, settings=quiet, model=EvenModel()))
    on_the_beat = [velocity for onset, _, _, velocity in notes if onset % 48 == 0]
    between = [velocity for onset, _, _, velocity in notes if onset % 48 == 24]
    assert max(on_the_beat + between) <= 50
    assert np.mean(on_the_beat) > np.mean(between) + 5


@pytest.mark.parametrize("beats", [1.0, 4.0, 8.0])
def test_a_fixed_length_is_never_passed_and_nearly_filled(beats: float) -> None:
    fixed = replace(SETTINGS, lengths=Lengths(beats=beats))
    for seed in range(5):
        over = jam(CALL, settings=replace(fixed, seed=seed), model=FakeModel(certain=False)).turns[0]
        assert 0.6 * beats <= over.reply_beats <= beats + 1e-9


def test_where_a_reply_has_to_end_its_last_note_is_no_stump() -> None:
    class HoldsOn(FakeModel):
        def duration_logits(self, *args: object) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
            return self._peak(len(super().initial_state().shift_logits), 48, 0.0)

    for beats in (1.0, 2.5, 4.0):
        notes = played(jam(CALL, settings=replace(SETTINGS, lengths=Lengths(most_beats=beats)), model=HoldsOn()))
        assert min(end - onset for onset, end, *_ in notes) >= min(24, beats * 24 / 4)
