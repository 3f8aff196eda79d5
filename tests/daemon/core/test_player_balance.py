"""Whatever happens: every note-on that leaves has exactly one note-off."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from support.plain_player import play, player

from musedaemon.core.commands import Dropped, Played, Report, Withdraw
from musedaemon.core.events import ControlChange, NoteOff, NoteOn
from musedaemon.core.outlet import Outgoing
from musedaemon.core.player import PlayerTiming
from musedaemon.core.thru import Thru, nothing, on_channel, unchanged

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
