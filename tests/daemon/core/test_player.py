from __future__ import annotations

from bisect import insort

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.fakes import NoEcho

from musedaemon.core.beat_source import FollowedClock, NoClock
from musedaemon.core.commands import Dropped, Heard, PlannedNote, Play, Played, Report, Signalled, Withdraw, Withdrawn
from musedaemon.core.events import ControlChange, MidiEvent, NoteOff, NoteOn, Other
from musedaemon.core.outlet import Outgoing
from musedaemon.core.player import Player, PlayerTiming
from musedaemon.core.signals import By, SignalSettings, Wish
from musedaemon.core.thru import Thru, nothing, on_channel, unchanged
from musedaemon.midi.loop_guard import MOST_A_SECOND, LoopGuard


def player(thru: Thru = unchanged, timing: PlayerTiming | None = None) -> Player:
    return Player(NoEcho(), thru, timing)


def play(serial: int, at: float, until: float, pitch: int = 60, channel: int = 0) -> Play:
    return Play(PlannedNote(serial, at, until, channel, pitch, 80))


def test_a_planned_note_leaves_in_time_and_is_reported() -> None:
    it = player()
    assert it.accept(play(7, 1.0, 2.0), 0.0) == []
    assert it.next_deadline() == 1.0
    assert it.advance(1.25) == [Outgoing(NoteOn(1.0, 0, 60, 80), 7)]
    assert it.take_reports() == [Played(7, 1.0, 1.25)]
    assert it.advance(2.0) == [Outgoing(NoteOff(2.0, 0, 60), 7)]
    assert it.take_reports() == []
    assert it.sounding == 0


def test_thru_passes_everything_unchanged() -> None:
    it = player()
    events: list[MidiEvent] = [
        NoteOn(0.0, 3, 60, 1),
        ControlChange(0.1, 3, 1, 77),
        Other(0.2, b"\xe3\x00\x40"),
        NoteOff(0.3, 3, 60, 12),
    ]
    assert [message for event in events for message in it.receive(event)] == [Outgoing(e, None) for e in events]
    assert it.take_reports() == [Heard(event) for event in events]


def test_without_thru_it_only_hears() -> None:
    it = player(thru=nothing)
    assert it.receive(NoteOn(0.0, 0, 60, 80)) == []
    assert it.take_reports() == [Heard(NoteOn(0.0, 0, 60, 80))]
    assert it.flush(1.0) == []


def test_an_orphan_note_off_is_dropped() -> None:
    assert player().receive(NoteOff(0.0, 0, 60)) == []


def test_withdraw_releases_ours_and_only_ours() -> None:
    it = player()
    it.receive(NoteOn(0.0, 0, 48, 80))
    it.accept(play(0, 0.0, 4.0, pitch=60), 0.0)
    it.accept(play(1, 1.0, 2.0, pitch=62), 0.0)
    it.advance(0.0)
    it.take_reports()
    assert it.accept(Withdraw(0.5), 0.5) == [Outgoing(NoteOff(0.5, 0, 60), 0)]
    assert it.take_reports() == [Withdrawn(0.5)]
    assert it.next_deadline() == float("inf")
    assert it.flush(1.0) == [Outgoing(NoteOff(1.0, 0, 48), None)]


def test_the_musician_striking_our_sounding_pitch_takes_it_over() -> None:
    it = player()
    it.accept(play(0, 0.0, 4.0), 0.0)
    it.advance(0.0)
    assert it.receive(NoteOn(1.0, 0, 60, 99)) == [
        Outgoing(NoteOff(1.0, 0, 60), 0),
        Outgoing(NoteOn(1.0, 0, 60, 99), None),
    ]
    assert it.advance(4.0) == []  # our own off comes too late and says nothing
    assert it.receive(NoteOff(5.0, 0, 60)) == [Outgoing(NoteOff(5.0, 0, 60), None)]


def test_the_musicians_off_does_not_end_our_note() -> None:
    it = player()
    it.receive(NoteOn(0.0, 0, 60, 99))
    it.accept(play(0, 1.0, 4.0), 0.0)
    it.advance(1.0)
    assert it.receive(NoteOff(2.0, 0, 60)) == []
    assert it.advance(4.0) == [Outgoing(NoteOff(4.0, 0, 60), 0)]


@pytest.mark.parametrize("control", [120, 123, 124, 125, 126, 127])
def test_a_channel_silenced_from_outside_leaves_no_note_in_the_ledger(control: int) -> None:
    it = player()
    it.receive(NoteOn(0.0, 2, 60, 99))
    it.receive(NoteOn(0.0, 3, 60, 99))
    silence = ControlChange(1.0, 2, control, 0)
    assert it.receive(silence) == [Outgoing(NoteOff(1.0, 2, 60), None), Outgoing(silence, None)]
    assert it.sounding == 1


def test_on_the_way_out_pedals_come_up_and_every_note_ends() -> None:
    it = player()
    it.receive(ControlChange(0.0, 1, 64, 127))
    it.receive(NoteOn(0.0, 1, 50, 80))
    it.accept(play(0, 0.0, 9.0), 0.0)
    it.accept(play(1, 5.0, 9.0), 0.0)
    it.advance(0.0)
    assert it.flush(2.0) == [
        Outgoing(ControlChange(2.0, 1, 64, 0), None),
        Outgoing(NoteOff(2.0, 0, 60), 0),
        Outgoing(NoteOff(2.0, 1, 50), None),
    ]
    assert it.flush(3.0) == []
    assert it.advance(99.0) == []


def test_on_the_way_out_what_was_due_ends_at_its_own_time_and_nothing_starts() -> None:
    it = player()
    it.accept(play(0, 0.0, 1.0), 0.0)
    it.accept(play(1, 1.0, 2.0, pitch=62), 0.0)
    it.advance(0.0)
    assert it.flush(1.5) == [Outgoing(NoteOff(1.0, 0, 60), 0)]


class EverythingEchoes(NoEcho):
    def is_echo(self, event: MidiEvent, held: object) -> bool:
        return True


def test_our_own_echo_is_neither_heard_nor_passed_on() -> None:
    it = Player(EverythingEchoes())
    assert it.receive(NoteOn(0.0, 0, 60, 80)) == []
    assert it.take_reports() == []


def test_a_note_that_would_leave_too_late_is_left_out_with_its_off_and_reported() -> None:
    it = player(timing=PlayerTiming(max_lateness=0.05))
    it.accept(play(0, 1.0, 2.0), 0.0)
    it.accept(play(1, 1.04, 2.0, pitch=64), 0.0)
    assert it.advance(1.07) == [Outgoing(NoteOn(1.04, 0, 64, 80), 1)]
    assert it.take_reports() == [Dropped(0, 1.07), Played(1, 1.04, 1.07)]
    assert it.advance(9.0) == [Outgoing(NoteOff(2.0, 0, 64), 1)]
    assert (it.notes_played, it.notes_dropped) == (1, 1)
    assert list(it.lateness) == pytest.approx([0.03])


def test_a_note_off_is_never_too_late() -> None:
    it = player(timing=PlayerTiming(max_lateness=0.05))
    it.accept(play(0, 1.0, 2.0), 0.0)
    it.advance(1.0)
    assert it.advance(99.0) == [Outgoing(NoteOff(2.0, 0, 60), 0)]


def test_with_an_offset_our_notes_leave_earlier_and_keep_their_musical_times() -> None:
    it = player(timing=PlayerTiming(offset=0.25))
    it.accept(play(0, 1.0, 2.0), 0.0)
    assert it.next_deadline() == 0.75
    assert it.advance(0.75) == [Outgoing(NoteOn(1.0, 0, 60, 80), 0)]
    assert it.take_reports() == [Played(0, 1.0, 0.75)]
    assert it.next_deadline() == 1.75
    assert list(it.lateness) == [0.0]


def test_with_an_offset_thru_leaves_at_once_and_a_withdrawn_note_ends_after_it_began() -> None:
    it = player(timing=PlayerTiming(offset=0.25))
    it.accept(play(0, 1.0, 2.0), 0.0)
    it.advance(0.75)
    assert it.receive(NoteOn(0.8, 0, 48, 80)) == [Outgoing(NoteOn(0.8, 0, 48, 80), None)]
    assert it.accept(Withdraw(0.8), 0.8) == [Outgoing(NoteOff(1.05, 0, 60), 0)]


def test_a_port_that_times_its_messages_gets_them_ahead() -> None:
    it = player()
    it.accept(play(0, 1.0, 1.01), 0.0)
    assert it.next_deadline(ahead=0.125) == 0.875
    assert it.advance(0.875, ahead=0.125) == [Outgoing(NoteOn(1.0, 0, 60, 80), 0, not_before=1.0)]
    assert it.take_reports() == [Played(0, 1.0, 1.0)]
    assert it.advance(0.9, ahead=0.125) == [Outgoing(NoteOff(1.01, 0, 60), 0, not_before=1.01)]


def test_what_a_timing_port_has_already_is_never_overtaken_on_its_own_pitch() -> None:
    it = player()
    it.accept(play(0, 1.0, 2.0), 0.0)
    it.advance(0.9, ahead=0.125)
    assert it.receive(NoteOn(0.95, 0, 60, 99)) == [
        Outgoing(NoteOff(1.0, 0, 60), 0, not_before=1.0),
        Outgoing(NoteOn(0.95, 0, 60, 99), None, not_before=1.0),
    ]
    assert it.receive(NoteOn(0.95, 0, 61, 99)) == [Outgoing(NoteOn(0.95, 0, 61, 99), None)]
    assert it.flush(0.96)[0].not_before == 1.0


def test_a_withdrawal_ends_what_a_timing_port_has_already_as_it_begins() -> None:
    it = player()
    it.accept(play(0, 1.0, 2.0), 0.0)
    it.advance(0.9, ahead=0.125)
    assert it.accept(Withdraw(0.95), 0.95) == [Outgoing(NoteOff(1.0, 0, 60), 0, not_before=1.0)]


def test_thru_can_move_everything_to_one_channel() -> None:
    it = player(on_channel(4))
    events: list[MidiEvent] = [
        NoteOn(0.0, 0, 60, 80),
        ControlChange(0.1, 0, 1, 7),
        Other(0.2, b"\xe0\x00\x40"),
        Other(0.3, b"\xf8"),
    ]
    assert [message.event for event in events for message in it.receive(event)] == [
        NoteOn(0.0, 4, 60, 80),
        ControlChange(0.1, 4, 1, 7),
        Other(0.2, b"\xe4\x00\x40"),
        Other(0.3, b"\xf8"),
    ]
    assert it.take_reports() == [Heard(event) for event in events]
    assert it.receive(NoteOff(0.4, 0, 60, 9)) == [Outgoing(NoteOff(0.4, 4, 60, 9), None)]


def test_of_two_keys_moved_to_one_pitch_the_last_struck_holds_it() -> None:
    it = player(on_channel(4))
    it.receive(NoteOn(0.0, 0, 60, 80))
    it.receive(NoteOn(0.1, 1, 60, 90))
    assert it.receive(NoteOff(0.2, 0, 60)) == []
    assert it.receive(NoteOff(0.3, 1, 60)) == [Outgoing(NoteOff(0.3, 4, 60), None)]


def test_a_pedal_that_was_moved_comes_up_where_it_went() -> None:
    it = player(on_channel(4))
    it.receive(ControlChange(0.0, 0, 64, 127))
    assert it.flush(1.0) == [Outgoing(ControlChange(1.0, 4, 64, 0), None)]


def test_on_the_way_out_every_pedal_that_holds_notes_comes_up() -> None:
    it = player()
    for control in (1, 64, 66, 67, 69):
        it.receive(ControlChange(0.0, 3, control, 127))
    it.receive(ControlChange(0.5, 3, 64, 63))
    it.receive(ControlChange(0.5, 2, 66, 64))
    ups = [ControlChange(1.0, 2, 66, 0), ControlChange(1.0, 3, 66, 0), ControlChange(1.0, 3, 69, 0)]
    assert it.flush(1.0) == [Outgoing(up, None) for up in ups]
    assert it.flush(2.0) == []


def test_a_silenced_channel_ends_the_keys_that_were_moved_away_from_it() -> None:
    it = player(on_channel(4))
    it.receive(NoteOn(0.0, 0, 60, 80))
    silence = ControlChange(1.0, 0, 123, 0)
    assert it.receive(silence) == [Outgoing(NoteOff(1.0, 4, 60), None), Outgoing(silence._replace(channel=4), None)]


@pytest.mark.parametrize("latency", [0.003, 0.06])
def test_the_loop_guard_knows_what_thru_has_moved(latency: float) -> None:
    it = Player(LoopGuard(), on_channel(4))
    for step in range(8):
        on = NoteOn(step / 2, 0, 60 + step % 2, 80)
        off = NoteOff(on.at + 0.25, 0, on.pitch)
        for event in (on, off):
            [passed] = it.receive(event)
            assert it.receive(passed.event._replace(at=event.at + latency)) == []
    assert it.notes_heard == 8


steps = st.lists(
    st.one_of(
        st.tuples(st.just("on"), st.integers(0, 1), st.integers(60, 63)),
        st.tuples(st.just("off"), st.integers(0, 1), st.integers(60, 63)),
        st.tuples(st.just("play"), st.integers(0, 1), st.integers(60, 63)),
        st.tuples(st.just("withdraw"), st.just(0), st.just(0)),
        st.tuples(st.just("silence"), st.integers(0, 1), st.just(123)),
        st.tuples(st.just("wait"), st.integers(1, 9), st.just(0)),
        st.tuples(st.just("sleep"), st.integers(1, 9), st.just(0)),
    ),
    max_size=60,
)


timings = st.builds(PlayerTiming, st.sampled_from([0.0, 0.3]), st.sampled_from([0.2, float("inf")]))


@given(steps, timings, st.sampled_from([0.0, 0.6]), st.sampled_from([unchanged, nothing, on_channel(1)]))
def test_whatever_happens_every_note_on_has_exactly_one_note_off(
    script: list[tuple[str, int, int]], timing: PlayerTiming, ahead: float, thru: Thru
) -> None:
    it = player(thru, timing)
    now = 0.0
    sent: list[tuple[float, int, Outgoing]] = []
    reports: list[Report] = []
    planned = set()

    def leave(messages: list[Outgoing]) -> None:
        sent.extend([(max(now, message.not_before), len(sent) + n, message) for n, message in enumerate(messages)])
        reports.extend(it.take_reports())

    for serial, (what, a, b) in enumerate(script):
        if what == "on":
            leave(it.receive(NoteOn(now, a, b, 80)))
        elif what == "off":
            leave(it.receive(NoteOff(now, a, b)))
        elif what == "play":
            planned.add(serial)
            leave(it.accept(play(serial, now + b % 3, now + b % 3 + 1 + b % 4, pitch=b, channel=a), now))
        elif what == "withdraw":
            leave(it.accept(Withdraw(now), now))
        elif what == "silence":
            leave(it.receive(ControlChange(now, a, b, 0)))
        else:
            now += a / 4
        if what != "sleep":
            leave(it.advance(now, ahead))
    leave(it.flush(now))
    assert_balanced([message for _, _, message in sorted(sent, key=lambda one: one[:2])])
    played = [report.serial for report in reports if isinstance(report, Played)]
    dropped = [report.serial for report in reports if isinstance(report, Dropped)]
    assert [m.serial for _, _, m in sent if isinstance(m.event, NoteOn) and m.serial is not None] == played
    assert len(played) == len(set(played)) == it.notes_played
    assert len(dropped) == len(set(dropped)) == it.notes_dropped
    assert set(played) | set(dropped) <= planned
    assert not set(played) & set(dropped)
    assert max(it.lateness, default=0.0) <= timing.max_lateness


def assert_balanced(messages: list[Outgoing]) -> None:
    """Note-ons and note-offs alternate on every channel and pitch, ours end no sooner than they begin, and all ends."""
    sounding: dict[tuple[int, int], tuple[int | None, float]] = {}
    for message in messages:
        match message.event:
            case NoteOn(at, channel, pitch, _):
                assert (channel, pitch) not in sounding
                sounding[channel, pitch] = message.serial, at
            case NoteOff(at, channel, pitch, _):
                serial, began = sounding.pop((channel, pitch))
                assert serial == message.serial
                assert serial is None or at >= began
    assert not sounding


def test_a_signal_is_told_and_not_passed_and_the_transport_is_both() -> None:
    it = Player(NoEcho(), unchanged, signals=SignalSettings(controls=frozenset({64}), key=21, transport=True))
    start = Other(0.4, b"\xfa")
    events: list[MidiEvent] = [ControlChange(0.1, 0, 64, 127), NoteOn(0.2, 0, 21, 80), NoteOff(0.3, 0, 21), start]
    assert [message for event in events for message in it.receive(event)] == [Outgoing(start, None)]
    assert it.take_reports() == [
        Signalled(0.1, Wish.TURN),
        Signalled(0.2, Wish.TURN),
        Signalled(0.3, None),
        Signalled(0.4, Wish.HAND_OVER),
    ]
    assert it.notes_heard == 0
    assert it.flush(1.0) == []


def test_a_silence_takes_back_what_a_held_key_handed_over_and_is_heard_and_passed_on() -> None:
    it = Player(NoEcho(), unchanged, signals=SignalSettings(key=21, by=By.HOLD))
    it.receive(NoteOn(0.0, 0, 21, 80))
    silence = ControlChange(1.0, 0, 123, 0)
    assert it.receive(silence) == [Outgoing(silence, None)]
    assert it.take_reports() == [Signalled(0.0, Wish.HOLD), Signalled(1.0, Wish.TAKE_BACK), Heard(silence)]


def _circulate(it: Player, events: list[Other], latency: float, until: float) -> int:
    """How many messages come in until then (seconds), where all that leaves comes in again."""
    queue = sorted(events, key=lambda event: event.at)
    count = 0
    while queue and queue[0].at < until:
        event = queue.pop(0)
        count += 1
        for message in it.receive(event):
            assert isinstance(message.event, Other)
            insort(queue, message.event._replace(at=event.at + latency), key=lambda other: other.at)
    return count


@pytest.mark.parametrize("latency", [0.0001, 0.005, 0.09])
@pytest.mark.parametrize("beats", [NoClock, FollowedClock])
def test_no_system_message_goes_round_for_ever_in_a_loop_of_cables(
    latency: float, beats: type[NoClock | FollowedClock]
) -> None:
    it = Player(LoopGuard(), signals=SignalSettings(transport=True), beats=beats())
    pulses = [Other(step / 48, b"\xf8") for step in range(240)]
    rare = [b"\xf2\x00\x01", b"\xfa", b"\xfc", b"\xfb", b"\xff", b"\xf3\x05", b"\xf6", b"\xfe"]
    once = [Other(1.0 + step / 4, data) for step, data in enumerate(rare)]
    expected = len(pulses) + 2 * len(once) - 1
    assert _circulate(it, pulses + once, latency, 9.0) <= expected + MOST_A_SECOND
    signalled = [report.wish for report in it.take_reports() if isinstance(report, Signalled)]
    assert signalled.count(Wish.HAND_OVER) == 2
