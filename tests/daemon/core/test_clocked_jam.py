"""A jam along a MIDI clock, in virtual time: player, engine and clock together."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from support.clocked import CALL, LONG_CALL, ON_BAR, after_line, along, beats_of, clock
from support.fakes import FakeModel
from support.jam import SETTINGS, jam, melody

from musedaemon.core.beat_grid import Beat, BeatGrid, Meter
from musedaemon.core.commands import ClockMoved
from musedaemon.core.ear import Ear
from musedaemon.core.events import MidiEvent, NoteOff, NoteOn, Other
from musedaemon.core.feel import Feel, StartOn
from musedaemon.core.limits import LimitSettings, Register
from musedaemon.core.midi_clock import ClockNews
from musedaemon.core.modes import Mode
from musedaemon.core.tempo import TempoTracker
from musedaemon.core.timeline import Timeline
from musedaemon.encoding import BEAT_UNKNOWN, Context
from musedaemon.model.protocol import State


@pytest.mark.parametrize("bpm", [60.0, 123.0, 200.0])
def test_a_reply_begins_on_the_bar_and_lies_on_the_grid(bpm: float) -> None:
    beats = beats_of(along(clock([bpm] * 40), CALL), bpm)
    assert after_line(beats[0]) < 2e-6
    assert [beat * 2 for beat in beats] == pytest.approx([round(beat * 2) for beat in beats], abs=1e-5)


def test_a_reply_may_begin_on_any_beat() -> None:
    on_beat = beats_of(along(clock([120.0] * 30), CALL, replace(SETTINGS, feel=Feel(StartOn.BEAT))), 120.0)
    assert on_beat[0] == pytest.approx(4.0)
    later = melody([60, 62, 64, 65, 67], start=0.3, step=0.25, length=0.2)
    assert beats_of(along(clock([120.0] * 30), later, replace(SETTINGS, feel=Feel(StartOn.BEAT))), 120.0)[
        0
    ] == pytest.approx(5.0)


def test_bars_are_those_of_the_meter_and_the_song_position() -> None:
    pulses = clock([120.0] * 30)
    waltz = beats_of(along(pulses, CALL, replace(ON_BAR, meter=Meter(3, 4))), 120.0)
    assert waltz[0] == pytest.approx(6.0)
    of_seven = beats_of(along(pulses, CALL, replace(ON_BAR, meter=Meter(7, 8))), 120.0)
    assert of_seven[0] == pytest.approx(7.0)
    placed: list[MidiEvent] = [Other(0.01, b"\xf2\x04\x00"), Other(0.02, b"\xfb"), *pulses[1:]]
    assert beats_of(along(placed, CALL), 120.0)[0] == pytest.approx(7.0)  # the song is a beat ahead


@pytest.mark.parametrize("share", [0.1, 0.2])
def test_jitter_of_the_clock_is_not_heard_in_the_reply(share: float) -> None:
    call = melody([60, 62, 64, 65], start=8.3, step=0.25, length=0.2)
    beats = beats_of(along(clock([120.0] * 60, jitter=share), call), 120.0)
    off_ms = [abs(beat - round(beat * 2) / 2) * 500 for beat in beats]
    assert np.percentile(off_ms, 95) < 3.0


def wandering(beats: int, share: float, seed: int) -> list[MidiEvent]:
    """A clock each of whose steps is up to this share off, and all pulses after it with it."""
    steps = 60.0 / 120 / 24 * (1.0 + np.random.default_rng(seed).uniform(-share, share, beats * 24))
    events: list[MidiEvent] = [Other(0.05, b"\xfa")]
    return events + [Other(float(at), b"\xf8") for at in 0.1 + steps.cumsum()]


@pytest.mark.parametrize("seed", range(4))
def test_a_note_waits_for_its_pulse_where_the_clock_wanders(seed: int) -> None:
    call = melody([60, 62, 64, 65], start=8.3, step=0.25, length=0.2)
    pulses = wandering(60, 0.2, seed)
    times = np.array([event.at for event in pulses[1:]])
    off_ms = [1000 * float(np.abs(times - note.at).min()) for note in along(pulses, call).notes()]
    assert len(off_ms) > 3
    assert max(off_ms) < 1.5  # where a pulse is up to 4 ms early or late


def test_a_note_waits_no_longer_than_half_a_pulse_for_one_that_is_lost() -> None:
    pulses = wandering(60, 0.2, seed=1)
    whole = along(pulses, melody([60, 62, 64, 65], start=8.3, step=0.25, length=0.2))
    first = whole.notes()[0]
    lost = [event for event in pulses if abs(event.at - first.at) > 0.003]
    assert len(lost) == len(pulses) - 1
    late = along(lost, melody([60, 62, 64, 65], start=8.3, step=0.25, length=0.2)).notes()[0].at - first.at
    assert abs(late) < 0.016


def test_notes_and_their_ends_follow_a_change_of_tempo() -> None:
    """The tempo falls from 120 to 60 in the midst of the reply, after most of it was planned."""
    done = along(clock([120.0] * 14 + [60.0] * 30), LONG_CALL)
    change = 0.1 + 14 * 0.5
    late = [event for event in done.response if event.at > change + 0.6]
    assert len(late) > 4
    for event in late:
        beat = 14 + (event.at - change)
        place = beat * 24 if isinstance(event, NoteOff) else beat * 2
        assert place == pytest.approx(round(place), abs=1e-3)
    assert len(done.notes()) * 2 == len(done.response)


def test_stop_releases_our_notes_and_what_was_heard_stays() -> None:
    pulses = clock([120.0] * 15)
    done = along([*pulses, Other(pulses[-1].at + 0.01, b"\xfc")], LONG_CALL)
    stop = pulses[-1].at + 0.01
    assert done.response
    assert max(event.at for event in done.response) <= stop + 0.05
    assert len(done.notes()) * 2 == len(done.response)
    assert [over.withdrawn for over in done.turns] == [True]
    assert done.engine.moment.trail.last[0] == done.notes()[-1].pitch


def test_without_a_running_clock_replies_come_as_ever() -> None:
    with_clock = along([Other(0.0, b"\xf8")], CALL)
    without = jam(CALL, ON_BAR, bpm=None)
    assert [note.pitch for note in with_clock.notes()] == [note.pitch for note in without.notes()]


def test_a_lost_clock_is_told_once_and_the_beats_go_on() -> None:
    done = along(clock([120.0] * 3), CALL)
    beats = beats_of(done, 120.0)
    assert after_line(beats[0]) < 2e-6
    news = [report.news for report in done.story if isinstance(report, ClockMoved)]
    assert [one for one in news if one is not ClockNews.PULSE] == [ClockNews.STARTED, ClockNews.LOST]


def test_pulses_do_not_flood_the_engine() -> None:
    done = along(clock([120.0] * 100), CALL)
    assert sum(isinstance(report, ClockMoved) for report in done.story) < 10
    assert not any(isinstance(event, Other) for event in done.heard)


class Places(FakeModel):
    """Keeps the places it was told."""

    def __init__(self) -> None:
        super().__init__()
        self.places: list[tuple[int, int]] = []
        """Of the low notes, which are the musician's."""

    def step(self, state: State, context: Context, pitch: int, velocity: int) -> State:
        if pitch < 48:
            self.places.append((context.beat, context.bar))
        return super().step(state, context, pitch, velocity)


def test_the_model_is_told_the_places_in_beat_and_bar() -> None:
    model = Places()
    call = melody([40, 41, 42, 43], start=0.1 + 2.0, step=0.75, length=0.2)
    anywhere = LimitSettings(register=Register.ANY)
    along(clock([120.0] * 30), call, replace(ON_BAR, limits=anywhere), model=model)
    assert model.places == [(0, 0), (12, 1), (0, 3), (12, 0)]
    without = Places()
    jam(call, model=without)
    assert without.places[0][0] == BEAT_UNKNOWN


def test_eighths_swing_and_triplets_do_not() -> None:
    swinging = replace(ON_BAR, feel=Feel(StartOn.BAR, swing=2 / 3))
    beats = beats_of(along(clock([120.0] * 40), CALL, swinging), 120.0)
    assert {round(after_line(beat, 1.0), 3) for beat in beats} == {0.0, 0.667}


def test_a_human_hand_strays_from_the_grid_and_never_far() -> None:
    human = replace(ON_BAR, feel=Feel(StartOn.BAR, humanize_s=0.01))
    straight, strayed = along(clock([120.0] * 40), CALL).notes(), along(clock([120.0] * 40), CALL, human).notes()
    off = [after.at - before.at for before, after in zip(straight, strayed, strict=True)]
    assert max(map(abs, off)) <= 0.02 + 1e-9
    assert len({round(one, 6) for one in off}) > 3
    again = along(clock([120.0] * 40), CALL, human).notes()
    assert again == strayed


def test_a_duet_takes_its_tempo_from_the_clock() -> None:
    beats = beats_of(along(clock([120.0] * 20), LONG_CALL, replace(SETTINGS, mode=Mode.DUET)), 120.0)
    assert beats[0] < 4.0
    assert len(beats) > 8


def test_a_note_of_ours_that_is_heard_anew_lies_on_its_beat_though_the_tempo_has_changed() -> None:
    ear = Ear(FakeModel(), TempoTracker(), 0.0, Timeline())
    ear.follow_clock(Beat(0.0, BeatGrid(0.0, 0.0, 120.0), 0.0))
    sampled_at = ear.moment
    ours = sampled_at.heard(FakeModel(), 1.0, 60, 18, 120.0, duration=12)
    ear.hear(NoteOn(0.2, 0, 50, 80))
    ear.follow_clock(Beat(0.5, BeatGrid(0.5, 1.0, 60.0), 0.0))
    ear.hear_own(sampled_at, ours, 2.0)
    assert (ear.moment.tick, ear.moment.at) == (48, 1.5)
