"""A jam along a MIDI clock, in virtual time: player, engine and clock together."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from support.fakes import FakeModel, NoEcho
from support.jam import SETTINGS, Jam, jam, melody

from musedaemon.core.beat_grid import Beat, BeatGrid, Meter
from musedaemon.core.beat_source import FollowedClock
from musedaemon.core.commands import ClockMoved
from musedaemon.core.ear import Ear
from musedaemon.core.engine import EngineSettings
from musedaemon.core.events import ControlChange, MidiEvent, NoteOff, NoteOn, Other
from musedaemon.core.feel import Feel, StartOn
from musedaemon.core.limits import LimitSettings, Register
from musedaemon.core.midi_clock import ClockNews
from musedaemon.core.modes import Mode
from musedaemon.core.outlet import Outgoing
from musedaemon.core.player import Player
from musedaemon.core.signals import SignalSettings
from musedaemon.core.tempo import TempoTracker
from musedaemon.core.thru import nothing, unchanged
from musedaemon.core.timeline import Timeline
from musedaemon.encoding import BEAT_UNKNOWN, Context
from musedaemon.model.protocol import State

ON_BAR = replace(SETTINGS, feel=Feel(StartOn.BAR))
CALL = melody([60, 62, 64, 65], start=0.3, step=0.25, length=0.2)
LONG_CALL = melody([60, 62, 64, 65] * 4, start=0.3, step=0.25, length=0.2)
"""At 120 beats a minute its reply begins on beat 12 and lasts some eight beats."""


def clock(bpms: list[float], start: float = 0.1, jitter: float = 0.0) -> list[MidiEvent]:
    """Start, and a beat of pulses for each tempo."""
    periods = np.repeat(60.0 / np.array(bpms) / 24, 24)
    times = start + np.concatenate(([0.0], periods.cumsum()[:-1]))
    off = np.random.default_rng(5).uniform(-jitter, jitter, len(times)) * periods
    events: list[MidiEvent] = [Other(start - 0.05, b"\xfa")]
    return events + [Other(float(at), b"\xf8") for at in np.maximum.accumulate(times + off)]


def along(
    pulses: list[MidiEvent], call: list[MidiEvent], settings: EngineSettings = ON_BAR, model: FakeModel | None = None
) -> Jam:
    events = sorted([*pulses, *call], key=lambda event: event.at)
    return jam(events, settings, model=model, bpm=None, player=Player(NoEcho(), nothing, beats=FollowedClock()))


def after_line(beat: float, beats: float = 4.0) -> float:
    """How far after a bar line (or beat) it lies; a millionth early counts as on it."""
    return max((beat + 1e-6) % beats - 1e-6, 0.0)


def beats_of(done: Jam, bpm: float, start: float = 0.1) -> list[float]:
    return [(note.at - start) * bpm / 60 for note in done.notes()]


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
    assert max(event.at for event in done.response) <= stop
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


def sent_by(player: Player, events: list[MidiEvent]) -> list[bytes]:
    sent: list[Outgoing] = []
    for event in events:
        sent += player.receive(event)
    return [one.event.data for one in sent if isinstance(one.event, Other)]


def test_the_clock_is_passed_thru_also_where_start_is_a_signal() -> None:
    events: list[MidiEvent] = [Other(0.0, b"\xfa"), Other(0.1, b"\xf8"), Other(0.2, b"\xfc")]
    signals = SignalSettings(transport=True)
    player = Player(NoEcho(), unchanged, signals=signals, beats=FollowedClock())
    assert sent_by(player, events) == [b"\xfa", b"\xf8", b"\xfc"]


def test_a_new_song_takes_the_reply_back() -> None:
    pulses = clock([120.0] * 15)
    done = along([*pulses, *clock([120.0] * 20, start=pulses[-1].at + 0.06)], LONG_CALL)
    assert [over.withdrawn for over in done.turns] == [True]
    assert max(event.at for event in done.response) <= pulses[-1].at + 0.07


LEAPS: dict[str, list[MidiEvent]] = {
    "stopped and continued": [Other(6.3, b"\xfc"), Other(8.3, b"\xfb")],
    "started again": [Other(6.3, b"\xfa")],
    "put elsewhere": [Other(6.3, b"\xf2\x00\x00")],
}


@pytest.mark.parametrize("ahead", [0.003, 0.1])
@pytest.mark.parametrize(("start_on", "first"), [(StartOn.BEAT, 1.0), (StartOn.BAR, 4.0)])
def test_a_turn_that_start_hands_over_lies_on_the_beats_of_its_song(
    ahead: float, start_on: StartOn, first: float
) -> None:
    signals = SignalSettings(transport=True)
    settings = replace(SETTINGS, feel=Feel(start_on), signals=signals, hand_over_s=0.0)
    song: list[MidiEvent] = [Other(6.0 - ahead, b"\xfa"), *clock([120.0] * 20, start=6.0)[1:]]
    events = sorted([*clock([120.0] * 8), Other(4.11, b"\xfc"), *song, *LONG_CALL[:8]], key=lambda event: event.at)
    player = Player(NoEcho(), nothing, signals=signals, beats=FollowedClock())
    beats = beats_of(jam(events, settings, bpm=None, player=player, signals=signals), 120.0, start=6.0)
    assert beats[:3] == pytest.approx([first, first + 0.5, first + 1.0])


@pytest.mark.parametrize("leap", LEAPS.values(), ids=LEAPS)
def test_a_duet_and_a_solo_go_on_with_the_next_song(leap: list[MidiEvent]) -> None:
    pulses, again = [*clock([120.0] * 30), *leap], melody([67, 65, 64, 62] * 3, start=10.0, step=0.25, length=0.2)
    stops_at, goes_on_at = leap[0].at, leap[-1].at
    duet = along(pulses, [*LONG_CALL, *again], replace(SETTINGS, mode=Mode.DUET))
    assert any(note.at > 10.0 for note in duet.notes())
    solo = along(pulses, LONG_CALL, replace(SETTINGS, mode=Mode.SOLO, longest_beats=40.0))
    assert any(note.at < stops_at for note in solo.notes())
    assert not any(stops_at < note.at < goes_on_at for note in [*duet.notes(), *solo.notes()])
    assert any(note.at < goes_on_at + 1.0 for note in solo.notes() if note.at > goes_on_at)


def test_a_reply_or_what_was_taken_back_before_does_not_go_on_with_the_next_song() -> None:
    pulses = [*clock([120.0] * 30), *LEAPS["stopped and continued"]]
    assert not any(note.at > 6.3 for note in along(pulses, LONG_CALL, SETTINGS).notes())
    take_back: list[MidiEvent] = [NoteOn(6.0, 0, 21, 80), NoteOff(6.1, 0, 21)]
    settings = replace(SETTINGS, mode=Mode.SOLO, longest_beats=40.0, signals=SignalSettings(key=21))
    events = sorted([*pulses, *LONG_CALL, *take_back], key=lambda event: event.at)
    player = Player(NoEcho(), nothing, signals=settings.signals, beats=FollowedClock())
    solo = jam(events, settings, bpm=None, player=player, signals=settings.signals)
    assert solo.notes()
    assert not any(note.at > 6.0 for note in solo.notes())


def test_a_duet_is_silent_while_the_song_is_stopped_and_so_is_what_it_becomes() -> None:
    settings = replace(SETTINGS, mode=Mode.DUET, signals=SignalSettings(mode_control=80))
    stopped = [*clock([120.0] * 30), Other(4.3, b"\xfc")]
    switch: list[MidiEvent] = [ControlChange(7.6, 0, 80, 127)]
    playing = melody([67, 65, 64, 62] * 3, start=5.0, step=0.25, length=0.2)
    events = sorted([*stopped, *LONG_CALL[:24], *playing, *switch], key=lambda event: event.at)
    player = Player(NoEcho(), nothing, signals=settings.signals, beats=FollowedClock())
    done = jam(events, settings, bpm=None, player=player, signals=settings.signals)
    assert done.notes()
    assert not any(note.at > 4.3 for note in done.notes())


def test_who_comes_in_with_the_song_takes_the_solo_back() -> None:
    pulses = [*clock([120.0] * 30), *LEAPS["stopped and continued"]]
    entry = melody([72], start=8.35, length=4.0)
    solo = along(pulses, [*LONG_CALL, *entry], replace(SETTINGS, mode=Mode.SOLO, longest_beats=40.0))
    assert not any(8.35 < note.at < 12.35 for note in solo.notes())


@pytest.mark.parametrize("bpms", [[120.0] * 12 + [80.0] * 40, [120.0] * 12 + [180.0] * 40])
def test_traded_bars_end_with_the_clocks_bars_though_the_tempo_changes_in_them(bpms: list[float]) -> None:
    trade = replace(SETTINGS, mode=Mode.TRADE, trade_bars=2)
    done = along(clock(bpms), melody([60, 62, 64, 65, 67, 65, 64, 62], start=0.1), trade)
    # Theirs are the beats 0 to 8, ours 8 to 16: the tempo changes on beat 12.
    ends = 0.1 + 12 * 0.5 + 4 * 60.0 / bpms[-1]
    assert [over.at for over in done.turns] == pytest.approx([ends], abs=1e-3)
    assert max(event.at for event in done.response) <= ends + 1e-3


@pytest.mark.parametrize(
    ("start_on", "handed_over", "begins", "ends"),
    [
        (StartOn.BEAT, 4.54, 5.0, 12.0),
        (StartOn.BEAT, 6.54, 7.0, 16.0),
        (StartOn.BAR, 4.54, 8.0, 16.0),
        (StartOn.NOW, 4.54, 4.5, 12.0),
    ],
)
def test_bars_that_a_signal_begins_end_on_a_bar_line(
    start_on: StartOn, handed_over: float, begins: float, ends: float
) -> None:
    signals = SignalSettings(key=21)
    settings = replace(SETTINGS, mode=Mode.TRADE, trade_bars=2, feel=Feel(start_on), signals=signals)
    at = 0.1 + handed_over / 2
    key: list[MidiEvent] = [NoteOn(at, 0, 21, 80), NoteOff(at + 0.05, 0, 21)]
    call, again = melody([60, 62, 64, 65], start=0.1), melody([67, 69], start=0.1 + ends / 2)
    events = sorted([*clock([120.0] * 40), *call, *key, *again], key=lambda event: event.at)
    player = Player(NoEcho(), nothing, signals=signals, beats=FollowedClock())
    done = jam(events, settings, bpm=None, player=player, signals=signals)
    beats = beats_of(done, 120.0)
    assert begins <= beats[0] + 1e-6 < begins + 1.0
    assert [(over.at - 0.1) * 2 for over in done.turns] == pytest.approx([ends, ends + 16.0])
    assert min(beat for beat in beats if beat > ends) == pytest.approx(ends + 8.0)


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
