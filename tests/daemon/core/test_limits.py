from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from support.fakes import FakeModel
from support.jam import SETTINGS, jam, melody

from musedaemon.core.events import NoteOn
from musedaemon.core.example import Example
from musedaemon.core.key_finding import Span
from musedaemon.core.limits import ANY_PACE, KeyOfCall, Limiter, Limits, LimitSettings, Register
from musedaemon.core.sampling import SamplingSettings
from musedaemon.core.scales import Scale
from musedaemon.encoding import PITCHES

BPM = 120.0
CALL = melody([60, 64, 67, 72, 71, 67, 65, 62])
PLAYABLE = SamplingSettings().playable()
SCALE_OF_C = (60, 62, 64, 65, 67, 69, 71, 72, 67, 64, 60)
EVEN = Example(at_once=1, wait_s=0.5, rest_s=0.0, repeats=1)


def spans(*pitches: int) -> list[Span]:
    return [Span(pitch, 0.5) for pitch in pitches]


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
