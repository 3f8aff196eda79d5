from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.fakes import FakeModel, NoEcho
from support.jam import SETTINGS, Jam, jam, melody
from support.scripts import Script, events_of, scripts

from musedaemon.core.commands import Heard, PlannedNote, Play, Played, TurnOver
from musedaemon.core.conversation import LEAD_S
from musedaemon.core.engine import Engine
from musedaemon.core.events import ControlChange, MidiEvent, NoteOff, NoteOn
from musedaemon.core.manners import Lengths
from musedaemon.core.modes import Mode
from musedaemon.core.player import Player, PlayerTiming
from musedaemon.core.sampling import SamplingSettings
from musedaemon.core.tempo import TempoFrom, TempoTracker
from musedaemon.core.thru import nothing
from musedaemon.core.turns import Turn
from musedaemon.encoding import ContextTracker, velocity_to_class

QUICK = replace(SETTINGS, hand_over_s=0.2)
CALL = melody([60, 62, 64, 65, 67, 65, 64, 62])


def test_a_call_is_answered_after_the_silence_and_the_reply_ends_by_itself() -> None:
    done = jam(CALL)
    assert [over.withdrawn for over in done.turns] == [False]
    assert done.notes()[0].at >= 3.9 + SETTINGS.hand_over_s + LEAD_S
    assert done.engine.turn is Turn.WAITING
    over = done.turns[0]
    assert over.call_notes == 8
    assert over.call_beats == pytest.approx(7.8)
    assert over.reply_notes == len(done.notes())
    assert 0.7 * 7.8 <= over.reply_beats <= 1.4 * 7.8


def test_the_reply_is_on_the_grid_of_the_call() -> None:
    beats = [(note.at - CALL[0].at) * 2 for note in jam(CALL).notes()]
    assert beats == pytest.approx([round(beat * 24) / 24 for beat in beats])
    # The fake model thinks in eighths, and the call ended on one.
    assert beats == pytest.approx([round(beat * 2) / 2 for beat in beats])


def test_every_note_on_of_the_reply_has_one_note_off_after_it() -> None:
    held: set[int] = set()
    for event in jam(CALL, model=FakeModel(certain=False)).response:
        if isinstance(event, NoteOn):
            assert event.pitch not in held
            held.add(event.pitch)
        elif isinstance(event, NoteOff):
            held.remove(event.pitch)
    assert not held


def test_the_pedal_holds_the_turn() -> None:
    pedal: list[MidiEvent] = [ControlChange(0.1, 0, 64, 127), *CALL[1:], ControlChange(7.0, 0, 64, 0)]
    done = jam([CALL[0], *pedal])
    assert done.notes()[0].at >= 7.0 + SETTINGS.hand_over_s


def test_a_held_key_holds_the_turn() -> None:
    done = jam([NoteOn(0.0, 0, 48, 80), *CALL, NoteOff(9.0, 0, 48)])
    assert done.notes()[0].at >= 9.0 + SETTINGS.hand_over_s


def test_all_notes_off_lets_the_keys_and_the_pedal_go() -> None:
    start: list[MidiEvent] = [NoteOn(0.0, 0, 48, 80), ControlChange(0.1, 0, 64, 127)]
    done = jam([*start, *CALL[2:], ControlChange(5.0, 0, 123, 0), NoteOff(60.0, 0, 48)])
    assert 5.0 + SETTINGS.hand_over_s <= done.notes()[0].at < 8.0


def test_an_interrupted_reply_is_withdrawn_at_once_and_forgotten() -> None:
    whole = jam(CALL).notes()
    cut_at = whole[2].at + 0.01
    done = jam([*CALL, NoteOn(cut_at, 0, 72, 90), NoteOff(cut_at + 0.3, 0, 72)])
    first = done.turns[0]
    assert first.withdrawn
    assert first.reply_notes == 3
    assert done.notes()[:3] == whole[:3]
    releases = [event for event in done.response if isinstance(event, NoteOff) and event.at <= cut_at]
    assert len(releases) == 3
    assert done.notes()[3].at > cut_at + 0.3 + SETTINGS.hand_over_s


@pytest.mark.parametrize("mode", [Mode.CALL_RESPONSE, Mode.DUET])
def test_a_session_that_ends_in_mid_reply_tells_of_it(mode: Mode) -> None:
    engine = Engine(FakeModel(), TempoTracker(120.0), replace(SETTINGS, mode=mode))
    chord = [60, 64, 67, 72]  # a duet does not begin on less
    events: list[MidiEvent] = [NoteOn(0.0, 0, pitch, 80) for pitch in chord]
    events += [NoteOff(0.4, 0, pitch) for pitch in chord]
    for event in events:
        engine.receive(Heard(event))
    assert engine.break_off(0.45) == []
    notes: list[PlannedNote] = []
    while not notes:
        at = engine.next_deadline()
        notes = [effect.note for effect in engine.advance(at) if isinstance(effect, Play)]
    engine.receive(Played(notes[0].serial, notes[0].at, notes[0].at))
    (over,) = engine.break_off(notes[0].at + 0.1)
    assert isinstance(over, TurnOver)
    assert over.number == 1
    assert over.reply_notes == 1


def test_after_a_withdrawal_the_state_is_that_of_what_was_really_heard() -> None:
    model = FakeModel()
    whole = jam(CALL, model=model).notes()
    cut_at = whole[1].at + 0.05
    # The third reply note was sampled but never left.
    done = jam([*CALL, NoteOn(cut_at, 0, 72, 90), NoteOff(cut_at + 0.2, 0, 72)], model=model)
    assert done.turns[0].reply_notes == 2
    assert done.turns[1].reply_notes > 0
    assert_the_state_is_what_was_heard(done, model)


def assert_the_state_is_what_was_heard(done: Jam, model: FakeModel) -> None:
    """The fake state is a fingerprint of all that was fed to it; 120 bpm."""
    heard = [event for event in [*done.heard, *done.response] if isinstance(event, NoteOn | NoteOff)]
    state, tracker = model.initial_state(), ContextTracker()
    for event in sorted(heard, key=lambda event: (event.at, isinstance(event, NoteOn))):
        tick = round(event.at * 48)
        if isinstance(event, NoteOn):
            velocity_class = int(velocity_to_class(event.velocity))
            state = model.step(state, tracker.context(tick), event.pitch, velocity_class)
            tracker.note_on(tick, event.pitch)
        else:
            tracker.note_off(tick, event.pitch)
    assert list(done.engine.moment.state.c.flat) == list(state.c.flat)


def test_a_longer_lead_leaves_time_for_notes_that_leave_earlier_than_they_sound() -> None:
    player = Player(NoEcho(), nothing, PlayerTiming(offset=0.4))
    done = jam(CALL, settings=replace(SETTINGS, lead_s=LEAD_S + 0.4), player=player)
    assert done.notes()[0].at >= 3.9 + SETTINGS.hand_over_s + LEAD_S + 0.4
    assert player.notes_played == len(done.notes()) > 0
    assert max(player.lateness) == 0.0
    assert done.engine.turn is Turn.WAITING


class Sleeps(Player):
    """A player on a machine that does nothing from one second to another."""

    def __init__(self, asleep: float, awake: float) -> None:
        super().__init__(NoEcho(), nothing, PlayerTiming(max_lateness=0.06))
        self._asleep, self._awake = asleep, awake

    def next_deadline(self, ahead: float = 0.0) -> float:
        due = super().next_deadline(ahead)
        return max(due, self._awake) if due >= self._asleep else due


@pytest.mark.parametrize("slept", [0.2, 0.6, 20.0])
def test_notes_left_out_as_too_late_are_not_in_the_state(slept: float) -> None:
    model = FakeModel()
    whole = jam(CALL, model=model).notes()
    asleep = whole[2].at - 0.01
    player = Sleeps(asleep, asleep + slept)
    done = jam(CALL, model=model, player=player)
    missed = [note for note in whole if asleep < note.at < asleep + slept - 0.06]
    assert missed
    assert done.notes() == [note for note in whole if note not in missed]
    assert player.notes_dropped == len(missed)
    assert [over.reply_notes for over in done.turns] == [len(whole) - len(missed)]
    assert_the_state_is_what_was_heard(done, model)


def test_a_reply_withdrawn_before_its_first_note_never_happened() -> None:
    at = 3.9 + SETTINGS.hand_over_s + LEAD_S / 2
    done = jam([*CALL, *melody([67, 65, 64], start=at)])
    assert [over.number for over in done.turns] == [1]
    assert done.turns[0].call_notes == 11


def test_the_same_seed_gives_the_same_notes_and_another_seed_others() -> None:
    uncertain = FakeModel(certain=False)
    first = jam(CALL, model=uncertain).response
    assert first == jam(CALL, model=uncertain).response
    assert first != jam(CALL, model=uncertain, settings=replace(SETTINGS, seed=2)).response


def test_no_note_leaves_the_range_or_repeats_a_sounding_pitch() -> None:
    sampling = SamplingSettings(lowest_pitch=60, highest_pitch=66, top_p=1.0, temperature=2.0)
    done = jam(CALL, model=FakeModel(certain=False), settings=replace(SETTINGS, sampling=sampling))
    assert done.notes()
    assert {note.pitch for note in done.notes()} <= set(range(60, 67))


@pytest.mark.parametrize(("length", "beats"), [(0.5, 4), (1.0, 8), (2.0, 16)])
def test_the_length_of_a_reply_is_a_multiple_of_the_call(length: float, beats: float) -> None:
    over = jam(CALL, settings=replace(SETTINGS, lengths=Lengths(length))).turns[0]
    assert 0.7 * beats <= over.reply_beats <= 1.4 * beats + 1


@pytest.mark.parametrize("most", [1.0, 4.0])
def test_no_reply_is_longer_than_the_most(most: float) -> None:
    short = replace(SETTINGS, lengths=Lengths(most_beats=most))
    over = jam(CALL, model=FakeModel(certain=False), settings=short).turns[0]
    assert 0 < over.reply_beats <= most + 1e-9


def test_the_tempo_is_found_before_the_hand_over() -> None:
    done = jam(melody([60, 62, 64, 65, 67, 65, 64, 62, 60], step=0.625), bpm=None, settings=QUICK)
    assert done.turns[0].bpm == pytest.approx(96, rel=0.02)
    assert done.notes()[0].at < 5.4 + QUICK.hand_over_s + LEAD_S + (2 + 1 / 24) * 0.625


def test_a_waiting_musician_goes_on_a_whole_number_of_beats_later() -> None:
    second = melody([72, 71, 69, 67], start=8.0)
    done = jam([*CALL, *second], waits=True)
    assert [over.withdrawn for over in done.turns] == [False, False]
    onsets = [event.at for event in done.heard if isinstance(event, NoteOn)]
    delay_beats = (onsets[8] - 8.0) * 2
    assert delay_beats > 0
    assert delay_beats == pytest.approx(round(delay_beats))
    assert onsets[8] > done.turns[0].at


def test_a_found_tempo_makes_the_engine_hear_the_call_again() -> None:
    model = FakeModel()
    done = jam(melody([60, 62, 64, 65, 67, 65, 64, 62, 60], step=0.625), model=model, bpm=None)
    assert done.turns[0].bpm == pytest.approx(96, rel=0.02)
    assert done.turns[0].tempo_from is TempoFrom.FOUND
    assert model.steps >= 2 * 9


def test_with_the_memory_at_full_the_phrase_is_played_back() -> None:
    call = melody([60, 64, 67, 72, 71, 67, 65, 62, 60, 64, 67, 72, 71, 67, 65, 62])
    steps = {(64 - 60, 67 - 64), (67 - 64, 72 - 67), (72 - 67, 71 - 72), (71 - 72, 67 - 71), (67 - 71, 65 - 67)}

    def motifs(memory: float) -> int:
        pitches = [note.pitch for note in jam(call, settings=replace(SETTINGS, memory=memory)).notes()]
        return sum((b - a, c - b) in steps for a, b, c in zip(pitches, pitches[1:], pitches[2:], strict=False))

    assert motifs(0.0) == 0  # the fake model knows nothing but its scale
    assert motifs(1.0) > 4


def test_a_false_start_leaves_no_trace_in_the_memory() -> None:
    whole = jam(CALL).notes()
    again = melody([67, 65, 64, 62, 60, 62, 64, 65], start=whole[0].at + 0.2)
    remembered = replace(SETTINGS, memory=0.5)
    with_false_start = jam([*CALL, *again], settings=remembered)
    assert with_false_start.turns[0].withdrawn
    assert with_false_start.turns[0].reply_notes == 1
    assert len(with_false_start.engine.memory) == 16


def test_silence_and_nothing_but_pedals_start_no_turn() -> None:
    assert jam([]).turns == []
    assert jam([ControlChange(0.0, 0, 64, 127), ControlChange(1.0, 0, 64, 0)]).turns == []


@settings(max_examples=60, deadline=None)
@given(scripts("on", "off", "pedal", "all off"), st.booleans())
def test_whatever_is_played_every_turn_ends_and_no_note_hangs(script: Script, waits: bool) -> None:
    events = events_of(script)
    done = jam(events, model=FakeModel(certain=False), waits=waits)
    assert done.engine.turn is Turn.WAITING
    ons = sum(isinstance(event, NoteOn) for event in done.response)
    offs = sum(isinstance(event, NoteOff) for event in done.response)
    assert ons == offs == sum(over.reply_notes for over in done.turns)
    numbers = [over.number for over in done.turns]
    assert numbers == list(range(1, len(numbers) + 1))
