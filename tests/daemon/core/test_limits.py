from __future__ import annotations

from dataclasses import replace
from itertools import groupby, pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.fakes import FakeModel
from support.jam import SETTINGS, Jam, jam, melody

from musedaemon.core.events import NoteOff, NoteOn
from musedaemon.core.example import Example
from musedaemon.core.key_finding import Span
from musedaemon.core.limits import ANY_PACE, KeyOfCall, Limiter, Limits, LimitSettings, Register
from musedaemon.core.manners import Lengths
from musedaemon.core.sampling import SamplingSettings
from musedaemon.core.scales import STEPS, Scale
from musedaemon.encoding import PITCHES, TIME_CLASSES, Context
from musedaemon.model.protocol import State

BPM = 120.0
TICKS_A_SECOND = 48
"""At the 120 bpm of a jam."""
CALL = melody([60, 64, 67, 72, 71, 67, 65, 62])
PLAYABLE = SamplingSettings().playable()


SCALE_OF_C = (60, 62, 64, 65, 67, 69, 71, 72, 67, 64, 60)


def spans(*pitches: int) -> list[Span]:
    return [Span(pitch, 0.5) for pitch in pitches]


EVEN = Example(at_once=1, wait_s=0.5, rest_s=0.0, repeats=1)


def limits_for(settings: LimitSettings, *call: int, example: Example = EVEN) -> Limits:
    """The limits of the reply to a call."""
    return Limiter(settings, PLAYABLE).limits_for(spans(*call), example, BPM)


def allowed(settings: LimitSettings, *call: int, playable: range = range(PITCHES)) -> list[int]:
    """The pitches a reply to a call may use."""
    mask = np.isin(np.arange(PITCHES), playable)
    return np.flatnonzero(Limiter(settings, mask).limits_for(spans(*call), EVEN, BPM).pitches).tolist()


def test_without_settings_any_pitch_near_the_call_and_any_loudness_may_come_at_any_time() -> None:
    limits = limits_for(LimitSettings(), 60, 64)
    assert np.flatnonzero(limits.pitches).tolist() == list(range(48, 77))
    assert limits.velocity_classes().all()
    assert limits.spacing.strikes == 0


@pytest.mark.parametrize(
    ("call", "softest", "loudest", "bounds"),
    [
        ((56, 70, 93), 1, 127, (52, 97)),
        ((80, 80), 1, 127, (76, 84)),
        ((2, 125), 1, 127, (1, 127)),
        ((22, 34), 25, 127, (25, 41)),
        ((56, 93), 1, 60, (19, 60)),
        ((20, 30), 90, 120, (90, 104)),
        ((1, 127), 60, 62, (60, 62)),
    ],
)
def test_a_reply_is_hardly_softer_or_louder_than_its_call_ever_is_and_within_the_settings(
    call: tuple[int, ...], softest: int, loudest: int, bounds: tuple[int, int]
) -> None:
    limits = limits_for(LimitSettings(softest=softest, loudest=loudest), 60).as_loud_as(call)
    assert (limits.softest, limits.loudest) == bounds
    assert limits.velocity_classes().any()


@pytest.mark.parametrize(("softest", "loudest"), [(22, 34), (56, 93), (80, 80), (116, 127)])
@pytest.mark.parametrize("memory", [0.0, 0.5])
def test_no_note_of_a_reply_is_beyond_the_loudness_of_its_call_and_they_differ(
    softest: int, loudest: int, memory: float
) -> None:
    """Whatever the model likes: the fake one gives every class a chance."""
    call = [
        event._replace(velocity=(softest, loudest)[index // 2 % 2]) if isinstance(event, NoteOn) else event
        for index, event in enumerate(CALL)
    ]
    played_at = {
        note.velocity
        for seed in range(8)
        for note in jam(call, replace(SETTINGS, seed=seed, memory=memory), FakeModel(certain=False)).notes()
    }
    assert softest - 4 <= min(played_at)
    assert max(played_at) <= loudest + 4
    assert len(played_at) > 1


def test_what_answers_nothing_has_ten_fingers_and_the_keyboard_at_any_pace() -> None:
    limits = Limiter(LimitSettings(), PLAYABLE).limits_beside([])
    assert limits.pitches.tolist() == PLAYABLE.tolist()
    assert limits.voices == 10
    assert limits.leaning.tolist() == [1.0] * PITCHES
    assert (limits.pace, limits.repeats) == (ANY_PACE, 4)


@pytest.mark.parametrize(
    ("register", "bounds"),
    [
        (Register.AS_CALL, (60, 76)),
        (Register.ABOVE, (67, 88)),
        (Register.BELOW, (48, 67)),
        (Register.NEAR, (48, 88)),
        (Register.ANY, (0, 127)),
    ],
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
    limiter = Limiter(LimitSettings(scale=KeyOfCall.FOUND, register=Register.ANY), PLAYABLE)
    assert limiter.limits_for(spans(60, 64), EVEN, BPM).pitches.sum() == PLAYABLE.sum()
    in_c = limiter.limits_for(spans(*SCALE_OF_C), EVEN, BPM).pitches
    assert {int(pitch) % 12 for pitch in np.flatnonzero(in_c)} == {0, 2, 4, 5, 7, 9, 11}
    assert limiter.limits_for(spans(60, 64), EVEN, BPM).pitches.tolist() == in_c.tolist()


@pytest.mark.parametrize("scale", KeyOfCall)
def test_a_short_call_with_a_note_that_its_key_lacks_is_in_no_key(scale: KeyOfCall) -> None:
    limiter = Limiter(LimitSettings(scale=scale, register=Register.ANY), PLAYABLE)
    free = limiter.limits_for(spans(64, 68, 71), EVEN, BPM)
    in_c = limiter.limits_for(spans(*SCALE_OF_C), EVEN, BPM)
    elsewhere = limiter.limits_for(spans(64, 68, 71), EVEN, BPM)
    assert (elsewhere.pitches.tolist(), elsewhere.leaning.tolist()) == (free.pitches.tolist(), free.leaning.tolist())
    again = limiter.limits_for(spans(60, 64), EVEN, BPM)
    assert (again.pitches.tolist(), again.leaning.tolist()) == (in_c.pitches.tolist(), in_c.leaning.tolist())


@pytest.mark.parametrize(
    ("scale", "lessened"), [(KeyOfCall.LEANED_TO, {1, 3, 6, 8, 10}), (KeyOfCall.FOUND, set()), (None, set())]
)
def test_by_default_foreign_notes_are_only_less_likely(scale: KeyOfCall | None, lessened: set[int]) -> None:
    limits = limits_for(LimitSettings(scale=scale, register=Register.ANY), *SCALE_OF_C)
    assert {int(pitch) % 12 for pitch in np.flatnonzero(limits.leaning < 1.0)} == lessened
    assert (limits.leaning > 0.0).all()
    assert LimitSettings().scale is KeyOfCall.LEANED_TO


@pytest.mark.parametrize(("voices", "most"), [(1, 1), (2, 2), (4, 4), (12, 10)])
def test_a_line_is_answered_by_a_line_and_chords_by_as_many_notes_at_most(voices: int, most: int) -> None:
    example = EVEN._replace(at_once=voices)
    assert limits_for(LimitSettings(), 60, 64, 67, example=example).voices == most
    assert limits_for(LimitSettings(polyphony=2), 60, 64, 67, example=example).voices == 2


def test_a_reply_waits_rests_and_repeats_little_more_than_its_call() -> None:
    example = Example(at_once=1, wait_s=1.0, rest_s=0.25, repeats=5)
    limits = limits_for(LimitSettings(), 60, 64, example=example)
    assert limits.pace == (48 + 12, 12 + 12)
    assert limits.repeats == 7
    assert limits_for(LimitSettings(), 60, 64).repeats == 4


def test_what_sounds_beside_the_call_is_not_bound_to_its_register_and_its_voices() -> None:
    line = spans(*SCALE_OF_C)
    beside = Limiter(LimitSettings(), PLAYABLE).limits_beside(line)
    assert beside.pitches.tolist() == PLAYABLE.tolist()
    assert beside.voices == 10
    anywhere = limits_for(LimitSettings(register=Register.ANY), *SCALE_OF_C)
    assert beside.leaning.tolist() == anywhere.leaning.tolist()
    above = Limiter(LimitSettings(register=Register.ABOVE, polyphony=1), PLAYABLE).limits_beside(line)
    assert (above.voices, int(np.flatnonzero(above.pitches)[0])) == (1, 65)


@pytest.mark.parametrize(("density", "strikes", "ticks"), [(1, 2, 48), (0.25, 1, 96), (1.5, 3, 48), (0.75, 2, 64)])
def test_density_is_counted_over_two_beats_or_a_little_more(density: float, strikes: int, ticks: int) -> None:
    assert Limiter(LimitSettings(density=density), PLAYABLE).limits_beside([]).spacing == (strikes, ticks)


@pytest.mark.parametrize(("softest", "loudest"), [(1, 127), (64, 64), (1, 1), (127, 127), (30, 33)])
def test_some_velocity_is_always_allowed_and_in_the_bounds(softest: int, loudest: int) -> None:
    limits = Limiter(LimitSettings(softest=softest, loudest=loudest), PLAYABLE).limits_beside([])
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
    wanted = Limiter(limits, sampling.playable()).limits_for(call, EVEN, BPM)
    assert notes
    assert all(wanted.pitches[pitch] for _, _, pitch, _ in notes)
    assert all(limits.softest <= velocity <= limits.loudest for *_, velocity in notes)
    assert most_at_once(notes) <= wanted.voices
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
        settings = replace(SETTINGS, lengths=Lengths(most_beats=beats), limits=LimitSettings(polyphony=10))
        notes = played(jam(CALL, settings=settings, model=HoldsOn()))
        assert min(end - onset for onset, end, *_ in notes) >= min(24, beats * 24 / 4)


class Dwelling(FakeModel):
    """Stays on one pitch, and after three notes wants to rest for four beats. None of its notes is longer than two: one
    that reached the place where a reply may end would let it wait.
    """

    def pitch_logits(self, *args: object) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
        return self._peak(PITCHES, 64, 1.0)

    def duration_logits(self, *args: object) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
        logits = self._peak(TIME_CLASSES, 10, 1.0)
        logits[2 * 24 + 1 :] = -40.0
        return logits

    def step(self, state: State, context: Context, pitch: int, velocity: int) -> State:
        after = super().step(state, context, pitch, velocity)
        resting = self.steps > len(CALL) // 2 + 3
        return after._replace(shift_logits=self._peak(TIME_CLASSES, 96, 0.0)) if resting else after


def test_no_pitch_is_repeated_on_and_on_and_no_rest_is_longer_than_the_call_has_it() -> None:
    notes = played(jam(CALL, settings=replace(SETTINGS, lengths=Lengths(calls=3.0)), model=Dwelling(certain=False)))
    pitches = [pitch for _, _, pitch, _ in notes]
    assert len(pitches) > 8
    assert max(len(list(run)) for _, run in groupby(pitches)) == 4
    onsets = [onset for onset, *_ in notes]
    # The call is in quarters; a rest that comes late enough would be the end.
    early = [onset for onset in onsets if onset - onsets[0] < 400]
    assert len(early) > 8
    assert max(later - earlier for earlier, later in pairwise(early)) <= 24 + 12
