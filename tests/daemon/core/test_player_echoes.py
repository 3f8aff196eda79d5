"""What comes back to us in a loop of cables."""

from __future__ import annotations

from bisect import insort

import pytest
from support.fakes import NoEcho

from musedaemon.core.beat_source import FollowedClock, NoClock
from musedaemon.core.commands import Signalled
from musedaemon.core.events import MidiEvent, NoteOff, NoteOn, Other
from musedaemon.core.player import Player
from musedaemon.core.signals import SignalSettings, Wish
from musedaemon.core.thru import on_channel
from musedaemon.midi.loop_guard import MOST_A_SECOND, LoopGuard


class EverythingEchoes(NoEcho):
    def is_echo(self, event: MidiEvent, held: object) -> bool:
        return True


def test_our_own_echo_is_neither_heard_nor_passed_on() -> None:
    it = Player(EverythingEchoes())
    assert it.receive(NoteOn(0.0, 0, 60, 80)) == []
    assert it.take_reports() == []


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
