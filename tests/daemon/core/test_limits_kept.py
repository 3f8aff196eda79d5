"""Replies keep to their limits, note by note: jams in virtual time."""

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
from musedaemon.core.limits import KeyOfCall, Limiter, LimitSettings, Register
from musedaemon.core.manners import Lengths
from musedaemon.core.sampling import SamplingSettings
from musedaemon.core.scales import STEPS, Scale
from musedaemon.encoding import PITCHES, TIME_CLASSES, Context
from musedaemon.model.protocol import State

BPM = 120.0
TICKS_A_SECOND = 48
"""At the 120 bpm of a jam."""
CALL = melody([60, 64, 67, 72, 71, 67, 65, 62])
EVEN = Example(at_once=1, wait_s=0.5, rest_s=0.0, repeats=1)


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
