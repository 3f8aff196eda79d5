"""A clock that has a port of its own, in virtual time: what counts of it, and that none of the keyboard's does."""

from __future__ import annotations

from dataclasses import replace

import pytest
from support.fakes import NoEcho
from support.jam import SETTINGS, Jam, jam, melody

from musedaemon.core.active_sensing import ACTIVE_SENSING, GONE_AFTER_S
from musedaemon.core.beat_source import FollowedClock, is_of_clock
from musedaemon.core.commands import ClockMoved, Signalled
from musedaemon.core.connected import ConnectedPlayer
from musedaemon.core.events import MidiEvent, NoteOff, NoteOn, Other
from musedaemon.core.feel import Feel, StartOn
from musedaemon.core.midi_clock import ClockNews
from musedaemon.core.outlet import Outgoing
from musedaemon.core.player import Player
from musedaemon.core.signals import NO_SIGNALS, SignalSettings, Wish
from musedaemon.core.thru import unchanged

BPM = 120.0
PULSE = 60.0 / BPM / 24
START, STOP = b"\xfa", b"\xfc"


class FromMaster(Other):
    """What the clock's own port sends, in a line of events that has all of them."""


class TwoPorts(Player):
    """A player to whom a line of events comes in at the port it belongs to."""

    def __init__(self, signals: SignalSettings = NO_SIGNALS) -> None:
        super().__init__(NoEcho(), unchanged, signals=signals, beats=FollowedClock(), ignored=is_of_clock)
        self.passed: list[MidiEvent] = []

    def receive(self, event: MidiEvent) -> list[Outgoing]:
        if isinstance(event, FromMaster):
            self.receive_clock(event)
            return []
        passed = super().receive(event)
        self.passed += [message.event for message in passed]
        return passed


def master(beats: int, start: float = 0.1) -> list[MidiEvent]:
    """Start, and the pulses of so many beats."""
    begun: list[MidiEvent] = [FromMaster(start - 0.05, START)]
    return begun + [FromMaster(start + index * PULSE, b"\xf8") for index in range(beats * 24)]


def keyboards_own(until: float, bpm: float = 87.0) -> list[MidiEvent]:
    """A keyboard whose own clock starts elsewhere, and is of another tempo."""
    pulse = 60.0 / bpm / 24
    begun: list[MidiEvent] = [Other(0.7, START), Other(0.71, b"\xf2\x05\x00")]
    return begun + [Other(0.02 + index * pulse, b"\xf8") for index in range(int(until / pulse))]


def along(events: list[MidiEvent], player: Player, signals: SignalSettings = NO_SIGNALS) -> Jam:
    settings = replace(SETTINGS, feel=Feel(StartOn.BAR))
    return jam(sorted(events, key=lambda event: event.at), settings, bpm=None, player=player, signals=signals)


CALL = melody([60, 62, 64, 65], start=0.3, step=0.25, length=0.2)


def test_a_reply_begins_on_the_masters_bar_whatever_clock_the_keyboard_sends() -> None:
    alone = along([*master(30), *CALL], TwoPorts())
    disturbed = along([*master(30), *CALL, *keyboards_own(15.0)], TwoPorts())
    bars = (disturbed.notes()[0].at - 0.1) * BPM / 60.0 / 4.0
    assert bars == pytest.approx(round(bars), abs=1e-6)
    assert disturbed.response == alone.response
    assert [over.bpm for over in disturbed.turns] == pytest.approx([BPM] * len(alone.turns))


def test_no_clock_is_passed_on_neither_the_masters_nor_the_keyboards() -> None:
    player = TwoPorts()
    bend = Other(0.4, b"\xe0\x00\x50")
    along([*master(10), *CALL, *keyboards_own(4.0), bend], player)
    assert player.passed == sorted([*CALL, bend], key=lambda event: event.at)


def test_where_the_master_is_unplugged_its_clock_is_lost_and_found_when_it_is_back() -> None:
    later = [event._replace(at=event.at + 6.0) for event in master(8)[1:]]
    done = along([*master(6), *later], TwoPorts())
    news = [report.news for report in done.story if isinstance(report, ClockMoved)]
    assert [one for one in news if one is not ClockNews.PULSE] == [
        ClockNews.STARTED,
        ClockNews.LOST,
        ClockNews.FOUND,
        ClockNews.LOST,
    ]


def test_the_masters_transport_hands_over_with_its_song_and_the_keyboards_does_not() -> None:
    signals = SignalSettings(transport=True)
    player = TwoPorts(signals)
    before = [FromMaster(0.5 + index * PULSE, b"\xf8") for index in range(22)]
    song = [*before, *master(3, start=1.0), FromMaster(2.0, STOP)]
    done = along([*song, *keyboards_own(0.9), Other(1.2, START)], player, signals)
    told = [(report.at, report.wish) for report in done.story if isinstance(report, Signalled) and report.wish]
    assert told == [(pytest.approx(1.0), Wish.HAND_OVER), (2.0, Wish.TAKE_BACK)]


def test_a_masters_pulses_do_not_stand_for_a_keyboard_that_fell_silent_and_the_keyboards_own_do() -> None:
    player = ConnectedPlayer(TwoPorts())
    player.receive(Other(0.0, ACTIVE_SENSING))
    player.receive(NoteOn(0.1, 0, 60, 80))
    player.receive(Other(0.2, b"\xf8"))
    player.receive_clock(Other(0.4, b"\xf8"))
    assert player.next_deadline() == pytest.approx(0.2 + GONE_AFTER_S)
    gone = player.next_deadline() + 0.001
    assert [message.event for message in player.heard_nothing(gone)] == [NoteOff(gone, 0, 60)]
