from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.fakes import FakeModel
from support.jam import SETTINGS, jam, melody
from support.truth import assert_true, remembered

from musedaemon.core.accents import Strike
from musedaemon.core.events import MidiEvent, NoteOff, NoteOn
from musedaemon.core.memory import SessionMemory
from musedaemon.core.moment import Moment, opening
from musedaemon.core.phrase import KEPT_NOTES, REPLAYED_NOTES, Phrase
from musedaemon.core.signals import SignalSettings
from musedaemon.core.tempo import UNKNOWN_BPM, TempoTracker

KEY = 21
SETTINGS_BY_KEY = replace(SETTINGS, hand_over_s=0.0)
LONG = 3 * KEPT_NOTES


def heard(events: list[MidiEvent], bpm: float, phrase: Phrase | None = None) -> tuple[Phrase, Moment]:
    """A phrase that heard the events at a tempo, and the moment after it."""
    model = FakeModel()
    phrase = phrase or Phrase(model, SessionMemory(2))
    moment = opening(model, 0.0)
    for event in events:
        if isinstance(event, NoteOn):
            moment = phrase.note_on(moment, event, bpm)
        elif isinstance(event, NoteOff):
            moment = phrase.note_off(moment, event.at, event.channel, event.pitch, bpm)
    return phrase, moment


@st.composite
def playing(draw: st.DrawFn) -> list[MidiEvent]:
    """Keys that go down and up, also at once, again without an off, and not at all."""
    at, events, down = 0.0, list[MidiEvent](), set[int]()
    for _ in range(draw(st.integers(1, 40))):
        at += draw(st.sampled_from([0.0, 0.0, 0.1, 0.25, 0.4]))
        pitch = draw(st.integers(60, 63))
        if pitch in down and draw(st.booleans()):
            events.append(NoteOff(at, 0, pitch))
            down.remove(pitch)
        else:
            events.append(NoteOn(at, 0, pitch, 80))
            down.add(pitch)
    return events


@settings(deadline=None)
@given(playing())
def test_a_phrase_heard_again_at_a_tempo_is_as_if_heard_so_at_once(events: list[MidiEvent]) -> None:
    memory, truly = SessionMemory(2), SessionMemory(2)
    phrase, _ = heard(events, 120.0, Phrase(FakeModel(), memory))
    again = phrase.replay(150.0)
    _, truth = heard(events, 150.0, Phrase(FakeModel(), truly))
    assert list(again.state.c.flat) == list(truth.state.c.flat)
    assert (again.at, again.tick, again.trail, again.note) == (truth.at, truth.tick, truth.trail, truth.note)
    assert again.tracker.ends == truth.tracker.ends
    assert remembered(memory) == remembered(truly)


def test_a_note_of_no_length_does_not_sound_on_when_the_tempo_is_found() -> None:
    events = melody([60, 62, 64, 65, 67, 65, 64, 62], step=0.4, length=0.3)
    events[4:4] = [NoteOn(0.8, 0, 80, 80), NoteOff(0.8, 0, 80)]
    done = jam(events, SETTINGS_BY_KEY, bpm=None, signals=SignalSettings(key=KEY))
    assert abs(done.engine._ear.bpm / UNKNOWN_BPM - 1) > 0.02
    assert 80 not in done.engine.moment.tracker.ends
    assert_true(done, FakeModel(), done.engine._ear.bpm)


def test_a_key_held_since_the_phrase_before_comes_up_in_what_is_heard_again() -> None:
    first, moment = heard([NoteOn(0.0, 0, 48, 80)], 120.0)
    phrase = first.next()
    for event in melody([60, 62, 64, 65], start=1.0):
        if isinstance(event, NoteOn):
            moment = phrase.note_on(moment, event, 120.0)
        elif isinstance(event, NoteOff):
            moment = phrase.note_off(moment, event.at, 0, event.pitch, 120.0)
    phrase.note_off(moment, 3.0, 0, 48, 120.0)
    assert phrase.replay(150.0).tracker.ends.get(48, 0) is not None
    assert first.lasts(9.0) == 3.0


def test_it_is_no_shorter_than_nothing_where_its_bars_are_handed_over_before_its_first_note() -> None:
    phrase, _ = heard([NoteOn(2.0, 0, 60, 80)], 120.0)
    assert phrase.lasts(1.5) == 0.0
    assert phrase.lasts(2.5) == 0.5


def test_what_a_long_phrase_gives_out_is_bounded_and_its_length_exact() -> None:
    held = NoteOn(0.5, 0, 30, 80)
    events = [held, *melody([40 + index % 40 for index in range(LONG)], start=1.0, step=0.1, length=0.09)]
    phrase, _ = heard(events, 120.0)
    end = 1.0 + (LONG - 1) * 0.1 + 0.09
    for given_out in (phrase.onsets, phrase.spans(end), phrase.strikes, phrase.velocities):
        assert len(given_out) == KEPT_NOTES
    assert len(phrase) == LONG + 1
    assert phrase.first_onset == phrase.first_onset_from(0.0) == 0.5
    assert phrase.lasts(end + 1.0) == pytest.approx(end + 0.5)
    phrase.note_off(opening(FakeModel(), 0.0), 2.0 + end, 0, 30, 120.0)
    assert phrase.lasts(end + 9.0) == pytest.approx(end + 1.5)
    assert len(phrase._hands.moves) <= 2 * REPLAYED_NOTES + 1


def test_the_summary_of_a_long_call_is_exact() -> None:
    events = melody([40 + index % 40 for index in range(LONG)], step=0.1, length=0.09)
    done = jam(events)
    assert done.turns[0].call_notes == LONG
    assert done.turns[0].call_beats == pytest.approx(2.0 * ((LONG - 1) * 0.1 + 0.09))


def test_a_long_call_is_known_again_when_its_first_notes_are_no_longer_given() -> None:
    strikes = [Strike(0.5 * index, 0.5 * index + 0.4) for index in range(40)]
    whole, newest = TempoTracker(), TempoTracker()
    for count in range(20, 41):
        whole.follow(strikes[:count])
        newest.follow(strikes[count - 20 : count], began_at=0.0)
    assert list(newest._expected) == list(whole._expected)
