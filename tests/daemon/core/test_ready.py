"""The reply that is kept ready: it answers at once, and is the same as one made in no hurry."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.fakes import FakeModel
from support.jam import SETTINGS, melody

from musedaemon.core.commands import Effect, HandedOver, Heard, PlannedNote, Play, Signalled
from musedaemon.core.conversation import LEAD_S
from musedaemon.core.engine import Engine, EngineSettings
from musedaemon.core.events import MidiEvent, NoteOff, NoteOn
from musedaemon.core.ready import READY_NOTES
from musedaemon.core.sampling import SamplingSettings
from musedaemon.core.signals import By, SignalSettings, Wish
from musedaemon.core.tempo import TempoTracker

BY_KEY = replace(SETTINGS, hand_over_s=0.0, signals=SignalSettings(key=21))
CALL = melody([60, 62, 64, 65, 67, 65, 64, 62])


def idle(engine: Engine, until: float) -> None:
    """Let it think whenever it wants to."""
    while (due := engine.next_deadline()) <= until:
        engine.advance(max(due, 0.0))


def hurried(engine: Engine, until: float) -> None:
    """A busy machine: no time to think before the hand-over."""


def answer(
    at: float,
    think: Callable[[Engine, float], None] = idle,
    settings: EngineSettings = BY_KEY,
    events: Sequence[MidiEvent] = CALL,
    model: FakeModel | None = None,
    wish: Wish = Wish.TURN,
) -> list[PlannedNote]:
    """What the engine plans when a signal comes."""
    engine = Engine(model or FakeModel(certain=False), TempoTracker(120.0), settings)
    for event in events:
        think(engine, event.at)
        engine.receive(Heard(event))
    think(engine, at)
    return until_settled(engine, engine.receive(Signalled(at, wish)), at)


def until_settled(engine: Engine, effects: list[Effect], at: float) -> list[PlannedNote]:
    """The notes that are planned, once there are any."""
    while not notes(effects):
        effects = engine.advance(max(at, engine.next_deadline()))
    return notes(effects)


def notes(effects: list[Effect]) -> list[PlannedNote]:
    return [effect.note for effect in effects if isinstance(effect, Play)]


def test_a_signal_is_answered_with_no_thinking() -> None:
    model = FakeModel()
    engine = Engine(model, TempoTracker(120.0), BY_KEY)
    for event in CALL:
        idle(engine, event.at)
        engine.receive(Heard(event))
    idle(engine, 4.2)
    steps = model.steps
    handed_over, *planned = engine.receive(Signalled(4.2, Wish.TURN))
    assert isinstance(handed_over, HandedOver)
    assert len(notes(planned)) == READY_NOTES - 1  # the last one sampled may still have to give way to the next
    assert model.steps == steps


def test_one_note_at_a_time_is_sampled_so_that_the_musicians_next_one_never_waits() -> None:
    model = FakeModel()
    engine = Engine(model, TempoTracker(120.0), BY_KEY)
    for event in CALL:
        while (due := engine.next_deadline()) <= event.at:
            before = model.steps
            engine.advance(due)
            assert model.steps <= before + 1
        engine.receive(Heard(event))


def test_an_idle_engine_that_waits_for_a_signal_sleeps_in_the_end() -> None:
    engine = Engine(FakeModel(certain=False), TempoTracker(120.0), BY_KEY)
    for event in CALL:
        engine.receive(Heard(event))
    idle(engine, 3600.0)
    assert engine.next_deadline() == float("inf")


@pytest.mark.parametrize("after", [-0.001, 0.0, 0.0001, 0.001, 0.003, 0.005, 0.0051, 0.02])
def test_long_after_the_last_draft_a_signal_about_a_beat_is_answered_on_it_or_the_next(after: float) -> None:
    beat_at = 20.0
    first = answer(beat_at - LEAD_S + after, model=FakeModel())[0]
    assert first.at == pytest.approx(beat_at if after < 0.0052 else beat_at + 0.5)


@settings(max_examples=60, deadline=None)
@given(
    st.floats(3.9, 40.0),
    st.integers(0, 100),
    st.sampled_from([Wish.TURN, Wish.HOLD, Wish.HAND_OVER]),
    st.sampled_from([By.PRESS, By.HOLD]),
)
def test_what_was_ready_is_what_would_have_been_made_at_the_hand_over(at: float, seed: int, wish: Wish, by: By) -> None:
    chosen = replace(BY_KEY, seed=seed, signals=SignalSettings(key=21, by=by))
    ready, made = answer(at, idle, chosen, wish=wish), answer(at, hurried, chosen, wish=wish)
    shared = min(len(ready), len(made))
    assert ready[:shared] == made[:shared]
    assert all(note.at >= at for note in ready)


def test_what_was_ready_is_as_fair_a_draw_as_one_made_at_the_hand_over() -> None:
    fair = replace(BY_KEY, sampling=SamplingSettings(top_p=1.0, temperature=3.0))
    call: list[MidiEvent] = [NoteOn(0.0, 0, 60, 80), NoteOff(0.25, 0, 60)]
    silence = replace(fair, hand_over_s=0.5, signals=SignalSettings())

    def beats(first: PlannedNote) -> int:
        return int((first.at - 0.75) * 2 * 2)

    def made_then(seed: int) -> int:
        engine = Engine(FakeModel(certain=False), TempoTracker(120.0), replace(silence, seed=seed))
        for event in call:
            engine.receive(Heard(event))
        return beats(until_settled(engine, engine.advance(0.75), 0.75)[0])

    def kept(seed: int) -> int:
        return beats(answer(0.75, idle, replace(fair, seed=seed), call)[0])

    counted = [Counter(drawn(seed) for seed in range(600)) for drawn in (made_then, kept)]
    assert set(counted[0]) == set(counted[1])
    assert all(abs(counted[0][place] - counted[1][place]) < 70 for place in counted[0])


@pytest.mark.parametrize("more", [NoteOn(3.95, 0, 72, 80), NoteOff(3.95, 0, 48)])
def test_what_is_ready_follows_the_musician(more: MidiEvent) -> None:
    held: list[MidiEvent] = [NoteOn(0.0, 0, 48, 80), *CALL]
    for seed in range(6):  # a note that ends is told only to the second note, and not every reply has one
        before, after = (answer(4.2, idle, replace(BY_KEY, seed=seed), events) for events in (held, [*held, more]))
        if before != after:
            return
    pytest.fail("nothing that was ready was made anew")
