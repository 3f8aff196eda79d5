"""Our own clock in virtual time: every message it sends, to the millisecond."""

from __future__ import annotations

from itertools import pairwise

import pytest

from musedaemon.core.beat_grid import Meter
from musedaemon.core.events import ControlChange, MidiEvent, NoteOff, NoteOn, Other
from musedaemon.core.metronome import CLICK_S, Metronome
from musedaemon.core.midi_clock import ClockNews
from musedaemon.core.own_clock import OwnClock
from musedaemon.core.tap_tempo import TapSettings

BEAT_S = 0.5
PULSE_S = BEAT_S / 24


def own_clock(bpm: float = 120.0, count_in_bars: int = 0, meter: Meter | None = None, clicks: bool = False) -> OwnClock:
    meter = meter or Meter()
    tap = TapSettings(key=21, control=80)
    return OwnClock(bpm, meter, Metronome(meter) if clicks else None, count_in_bars, tap)


def sent(clock: OwnClock, until: float, start: float = 0.0) -> list[MidiEvent]:
    """Advance it whenever it wants to be."""
    events = clock.advance(start)
    while (deadline := clock.next_deadline()) <= until:
        assert deadline >= start
        events += clock.advance(deadline)
    return events


def messages(events: list[MidiEvent]) -> list[tuple[float, int]]:
    return [(round(event.at, 6), event.data[0]) for event in events if isinstance(event, Other)]


def test_it_starts_at_once_and_pulses_24_times_a_beat() -> None:
    events = messages(sent(own_clock(), 2.0))
    assert events[:3] == [(0.0, 0xFA), (0.0, 0xF8), (round(PULSE_S, 6), 0xF8)]
    pulses = [at for at, status in events if status == 0xF8]
    assert pulses == pytest.approx([index * PULSE_S for index in range(97)], abs=1e-6)


def test_a_count_in_pulses_for_its_bars_and_starts_before_the_first_of_the_song() -> None:
    events = messages(sent(own_clock(count_in_bars=2, meter=Meter(3, 4)), 4.0))
    start = 2 * 3 * BEAT_S
    assert [at for at, status in events if status == 0xFA] == pytest.approx([start - PULSE_S / 2], abs=1e-6)
    assert len([at for at, status in events if status == 0xF8 and at < start - 1e-6]) == 2 * 3 * 24


def test_it_clicks_through_the_count_in_and_each_click_ends() -> None:
    events = sent(own_clock(count_in_bars=1, clicks=True), 3.9)
    clicks = [(event.at, event.pitch) for event in events if isinstance(event, NoteOn)]
    assert [at for at, _ in clicks] == pytest.approx([index * BEAT_S for index in range(8)])
    assert [pitch for _, pitch in clicks] == [76, 77, 77, 77] * 2
    ends = [event.at for event in events if isinstance(event, NoteOff)]
    assert ends == pytest.approx([at + CLICK_S for at, _ in clicks], abs=1e-6)
    assert [event.at for event in events] == sorted(event.at for event in events)


def test_the_song_is_told_when_it_begins_and_not_before() -> None:
    clock = own_clock(count_in_bars=1)
    sent(clock, 1.9)
    assert clock.take_reports() == []
    sent(clock, 2.1, start=1.9)
    (report,) = clock.take_reports()
    assert report.news is ClockNews.STARTED
    assert report.beat.song_begins == 4.0
    assert report.beat.grid.time_of(4.0) == pytest.approx(2.0)


@pytest.mark.parametrize("with_key", [True, False])
def test_taps_turn_the_tempo_without_a_leap_of_the_beat(with_key: bool) -> None:
    clock = own_clock()
    sent(clock, 1.0)
    clock.take_reports()
    for at in (1.1, 1.7, 2.3):
        sent(clock, at, start=1.0)
        tap = NoteOn(at, 3, 21, 90) if with_key else ControlChange(at, 3, 80, 127)
        release = NoteOff(at + 0.1, 3, 21) if with_key else ControlChange(at + 0.1, 3, 80, 0)
        assert clock.receive(tap)
        assert clock.receive(release)
        assert not clock.passes(tap)
    (report,) = clock.take_reports()
    assert report.news is ClockNews.TAPPED
    assert report.beat.grid.bpm == pytest.approx(100.0)
    assert report.beat.grid.beat_at(2.3) == pytest.approx(2.3 / BEAT_S)
    pulses = [at for at, status in messages(sent(clock, 5.0, start=2.3)) if status == 0xF8 and at > 2.35]
    assert [after - before for before, after in pairwise(pulses)] == pytest.approx(
        [0.6 / 24] * (len(pulses) - 1), abs=2e-6
    )


def test_a_tempo_tapped_while_it_counts_in_is_told_when_the_song_begins() -> None:
    clock = own_clock(count_in_bars=1)
    for at in (0.1, 0.7, 1.3):
        sent(clock, at, start=0.0)
        clock.receive(NoteOn(at, 0, 21, 90))
    assert clock.take_reports() == []
    sent(clock, 4.0, start=1.3)
    assert [(report.news, round(report.beat.grid.bpm)) for report in clock.take_reports()] == [
        (ClockNews.STARTED, 100),
        (ClockNews.TAPPED, 100),
    ]


def test_the_pulses_of_others_are_neither_heard_nor_passed_on_and_their_buttons_not_passed_on() -> None:
    clock = own_clock()
    sent(clock, 0.5)
    assert clock.receive(Other(0.6, b"\xf8"))
    assert messages(sent(clock, 0.7, start=0.6)) == messages(sent(clock_after(0.5), 0.7, start=0.6))
    assert clock.grid is not None
    assert clock.grid.bpm == 120.0
    assert not any(clock.passes(Other(0.6, data)) for data in (b"\xf8", b"\xfa", b"\xfc", b"\xfb", b"\xf2\x00\x00"))


def clock_after(until: float) -> OwnClock:
    clock = own_clock()
    sent(clock, until)
    return clock


def pressed(clock: OwnClock, at: float, data: bytes, until: float) -> list[MidiEvent]:
    """What leaves after a button at its time."""
    assert clock.receive(Other(at, data))
    return sent(clock, until, start=at)


def test_buttons_stop_it_and_let_it_go_on_where_it_was() -> None:
    clock = own_clock()
    sent(clock, 0.99)
    clock.take_reports()
    stopped = messages(pressed(clock, 0.995, b"\xfc", until=1.4))
    assert [status for _, status in stopped if status != 0xF8] == [0xFC]
    assert [(report.news, report.beat.song_begins) for report in clock.take_reports()] == [(ClockNews.STOPPED, None)]
    gone_on = messages(pressed(clock, 1.49, b"\xfb", until=2.0))
    assert [status for _, status in gone_on if status != 0xF8] == [0xFB]
    (report,) = clock.take_reports()
    assert report.news is ClockNews.STARTED
    assert report.beat.song_begins == pytest.approx(1.0)  # stopped a whole beat, between beats 1 and 2


def test_a_click_that_sounds_as_it_is_stopped_ends_in_time() -> None:
    clock = own_clock(clicks=True)
    sent(clock, 0.5)
    (end,) = [event for event in pressed(clock, 0.51, b"\xfc", until=1.0) if isinstance(event, NoteOff)]
    assert end.at == pytest.approx(0.5 + CLICK_S)
    assert clock.next_deadline() > 1.0


def test_start_begins_anew_with_the_count_in_and_its_clicks() -> None:
    clock = own_clock(count_in_bars=1, clicks=True)
    sent(clock, 3.05)
    pressed(clock, 3.06, b"\xfc", until=3.1)
    events = pressed(clock, 3.11, b"\xfa", until=7.0)
    assert [status for _, status in messages(events) if status != 0xF8] == [0xFA]
    clicks = [event for event in events if isinstance(event, NoteOn)]
    first = 150 * PULSE_S
    assert [event.at for event in clicks] == pytest.approx([first + index * BEAT_S for index in range(8)], abs=1e-6)
    assert [event.pitch for event in clicks] == [76, 77, 77, 77] * 2
    assert [report.news for report in clock.take_reports()][1:] == [ClockNews.STOPPED, ClockNews.STARTED]


def test_who_follows_may_tell_it_to_start_too_and_it_runs_on() -> None:
    clock = clock_after(0.5)
    clock.take_reports()
    events = [*pressed(clock, 0.52, b"\xfa", until=0.6), *pressed(clock, 0.61, b"\xfb", until=0.7)]
    assert {status for _, status in messages(events)} == {0xF8}
    assert clock.take_reports() == []


def test_a_song_position_counts_while_it_is_stopped() -> None:
    clock = clock_after(0.5)
    assert messages(pressed(clock, 0.51, b"\xf2\x10\x00", until=0.525)) == [(round(25 * PULSE_S, 6), 0xF8)]
    pressed(clock, 0.53, b"\xfc", until=0.6)
    assert (0.61, 0xF2) in messages(pressed(clock, 0.61, b"\xf2\x10\x00", until=0.62))
    clock.take_reports()
    pressed(clock, 0.63, b"\xfb", until=0.7)
    (report,) = clock.take_reports()
    assert report.beat.song_begins is not None
    assert report.beat.grid.beat_at(31 * PULSE_S) - report.beat.song_begins == pytest.approx(4.0)


def test_a_button_does_not_reach_back_before_what_has_left() -> None:
    """Over JACK pulses leave ahead of their time."""
    clock = clock_after(0.5)
    sent(clock, 0.54, start=0.53)
    clock.take_reports()
    pressed(clock, 0.51, b"\xfc", until=0.51)
    sent(clock, 0.6, start=0.55)
    pressed(clock, 0.61, b"\xfb", until=0.7)
    begins = clock.take_reports()[-1].beat.song_begins
    assert begins == pytest.approx((30 - 26) / 24)  # the next pulse of the song is the 26th, after 0 to 25 have left


def test_music_is_not_the_clocks() -> None:
    clock = own_clock()
    sent(clock, 0.5)
    assert not clock.receive(NoteOn(0.6, 0, 60, 80))
    assert not clock.receive(ControlChange(0.6, 0, 64, 127))
    assert not clock.receive(Other(0.6, b"\xfe"))


def test_at_the_end_those_who_follow_are_stopped() -> None:
    clock = own_clock()
    sent(clock, 1.0)
    assert [data.data for data in clock.end(1.01) if isinstance(data, Other)][-1] == b"\xfc"
    assert own_clock().end(0.0) == []


def test_a_minute_that_was_slept_through_loses_no_pulse_and_clicks_no_old_clicks() -> None:
    clock = own_clock(clicks=True)
    sent(clock, 1.0)
    events = clock.advance(61.0)
    assert len([event for event in events if isinstance(event, Other)]) == 60 * 48
    assert len([event for event in events if isinstance(event, NoteOn)]) <= 1
