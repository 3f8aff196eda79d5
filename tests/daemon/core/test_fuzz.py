"""Event streams and commands nobody would think of, into player and engine: what always holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.fakes import FakeModel
from support.flood import left_on
from support.jam import SETTINGS, Jam, TapedPlayer, jam

from musedaemon.core.engine import Engine
from musedaemon.core.events import ControlChange, MidiEvent, NoteOff, NoteOn, Other
from musedaemon.core.modes import Mode
from musedaemon.core.outlet import Outgoing
from musedaemon.core.signals import By, SignalSettings
from musedaemon.core.tempo import TempoTracker
from musedaemon.core.thru import unchanged
from musedaemon.midi import wire
from musedaemon.midi.byte_stream import ByteStream
from musedaemon.midi.loop_guard import LoopGuard
from musedaemon.run.musician import PortMusician
from musedaemon.run.simulator import Simulator

SIGNALS = SignalSettings(
    controls=frozenset({80}), key=21, by=By.HOLD, transport=True, mode_control=81, panic_control=82, panic_key=22
)
CHANNELS, PITCHES = st.sampled_from((0, 1, 15)), st.sampled_from((21, 22, 60, 61, 64))
CONTROLS = st.sampled_from((1, 64, 66, 69, 80, 81, 82, 120, 121, 123, 127))
EVENTS = st.one_of(
    st.builds(NoteOn, st.just(0.0), CHANNELS, PITCHES, st.integers(1, 127)),
    st.builds(NoteOff, st.just(0.0), CHANNELS, PITCHES, st.just(64)),
    st.builds(ControlChange, st.just(0.0), CHANNELS, CONTROLS, st.sampled_from((0, 1, 63, 64, 100, 127))),
    st.sampled_from([Other(0.0, data) for data in (b"\xf8", b"\xfa", b"\xfb", b"\xfc", b"\xff", b"\xe0\x00\x40")]),
)
PAUSES = st.sampled_from((0.0, 0.0, 0.001, 0.05, 0.25, 0.7, 1.5))
STREAMS = st.lists(st.tuples(PAUSES, EVENTS), max_size=20)
LISTEN = ControlChange(0.0, 2, 81, 127)
"""Ends what would go on for ever, such as a solo."""


def timed(stream: Sequence[tuple[float, MidiEvent]]) -> list[MidiEvent]:
    at, events = 0.0, list[MidiEvent]()
    for pause, event in (*stream, (3.0, LISTEN)):
        at += pause
        events.append(event._replace(at=at))
    return events


class Unbound(PortMusician):
    """Plays what it is told, as it is: a musician's own hands lift no key twice."""

    def __init__(self, events: list[MidiEvent]) -> None:
        self._events = events

    def next_deadline(self) -> float:
        return self._events[0].at if self._events else float("inf")

    def advance(self, now: float) -> list[MidiEvent]:
        due = [event for event in self._events if event.at <= now]
        del self._events[: len(due)]
        return due


@dataclass
class Taped(Jam):
    """Keeps all that leaves, as bytes."""

    left: list[bytes] = field(default_factory=list)

    def sent(self, messages: Sequence[Outgoing]) -> None:
        super().sent(messages)
        self.left += [wire.encode(message.event) for message in messages]


def played(events: list[MidiEvent], mode: Mode) -> tuple[list[bytes], int]:
    """All that leaves in virtual time, and what of the player sounds in the end."""
    wanted = replace(SETTINGS, mode=mode, signals=SIGNALS, longest_beats=16.0, trade_bars=1)
    done = Taped(Engine(FakeModel(certain=False), TempoTracker(120.0), wanted))
    player = TapedPlayer(done.planned, SIGNALS, LoopGuard(), unchanged)
    Simulator(done.engine, player, Unbound(list(events)), done, done.turn_over).run()
    return done.left, player.sounding


@pytest.mark.parametrize("mode", list(Mode))
@given(stream=STREAMS)
@settings(max_examples=50)
def test_nothing_hangs_and_the_same_stream_gives_the_same_bytes(
    mode: Mode, stream: list[tuple[float, MidiEvent]]
) -> None:
    events = timed(stream)
    left, sounding = played(events, mode)
    assert sounding == 0
    assert left_on(left) == set()
    assert played(events, mode) == (left, 0)


@given(st.lists(st.tuples(PAUSES, st.binary(max_size=12)), max_size=30))
@settings(max_examples=100)
def test_whatever_bytes_come_in_nothing_hangs(packets: list[tuple[float, bytes]]) -> None:
    stream, at, events = ByteStream(), 0.0, list[MidiEvent]()
    for pause, data in packets:
        at += pause
        events += filter(None, (wire.decode(message, at) for message in stream.messages(data)))
    events.append(LISTEN._replace(at=at + 3.0))
    left, sounding = played(events, Mode.CALL_RESPONSE)
    assert sounding == 0
    assert left_on(left) == set()


@given(stream=STREAMS)
@settings(max_examples=50)
def test_a_file_of_anything_ends(stream: list[tuple[float, MidiEvent]]) -> None:
    done = jam(timed(stream), replace(SETTINGS, longest_beats=16.0), waits=True, signals=SIGNALS)
    balance = [wire.encode(event) for event in done.response]
    assert left_on(balance) == set()
